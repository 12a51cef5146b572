/* Errors: the text, the cut, what stands before and behind. */
#include "unit/test.h"

#include "core/base.h"

#include <errno.h>
#include <string.h>

static void sets_code_and_text(void **state)
{
    struct err err = {0};

    (void)state;
    assert_int_equal(err_set(&err, ERR_BUSY, "full at %d", 3), ERR_BUSY);
    assert_int_equal(err.code, ERR_BUSY);
    assert_string_equal(err.message, "full at 3");
    assert_int_equal(err_set(NULL, ERR_IO, "unseen"), ERR_IO);
    assert_int_equal(err_errno(NULL, ERR_IO, ENOENT, "unseen"), ERR_IO);
    assert_int_equal(err_prefix(NULL, ERR_IO, "unseen"), ERR_IO);
}

static void names_errno_and_prefixes(void **state)
{
    struct err err = {0};

    (void)state;
    assert_int_equal(err_errno(&err, ERR_NOT_FOUND, ENOENT, "cannot open '%s'", "f"),
                     ERR_NOT_FOUND);
    assert_string_equal(err.message, "cannot open 'f': No such file or directory");
    assert_int_equal(err_prefix(&err, ERR_IO, "step %d", 2), ERR_IO);
    assert_int_equal(err.code, ERR_IO);
    assert_string_equal(err.message, "step 2: cannot open 'f': No such file or directory");
}

static void long_texts_are_cut(void **state)
{
    struct err err = {0};
    char text[2000];

    (void)state;
    (void)memset(text, 'm', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(err_set(&err, ERR_INVALID, "%s", text), ERR_INVALID);
    assert_int_equal(strlen(err.message), ERR_MESSAGE_BYTES - 1);
    assert_int_equal(err_prefix(&err, ERR_INVALID, "head"), ERR_INVALID);
    assert_int_equal(strlen(err.message), ERR_MESSAGE_BYTES - 1);
    assert_int_equal(strncmp(err.message, "head: mmm", 9), 0);
    assert_int_equal(err_errno(&err, ERR_INVALID, EIO, "%s", text), ERR_INVALID);
    assert_int_equal(strlen(err.message), ERR_MESSAGE_BYTES - 1);
}

static enum code fails_in_between(int *reached)
{
    *reached = 1;
    TRY(OK);
    *reached = 2;
    TRY(ERR_LIMIT);
    *reached = 3;
    return OK;
}

static void try_returns_the_first_failure(void **state)
{
    int reached = 0;

    (void)state;
    assert_int_equal(fails_in_between(&reached), ERR_LIMIT);
    assert_int_equal(reached, 2);
}

static void every_code_has_its_own_name(void **state)
{
    (void)state;
    assert_string_equal(code_name(OK), "ok");
    for (int a = OK; a <= ERR_INTERNAL; a++) {
        assert_string_not_equal(code_name((enum code)a), "unknown");
        for (int b = OK; b < a; b++)
            assert_string_not_equal(code_name((enum code)a), code_name((enum code)b));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_code_and_text),
        cmocka_unit_test(names_errno_and_prefixes),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(try_returns_the_first_failure),
        cmocka_unit_test(every_code_has_its_own_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
