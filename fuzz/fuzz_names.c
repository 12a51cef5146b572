/* Every automaton of names.c and the check of values over the same bytes. */
#include "core/mem.h"
#include "schema/names.h"
#include "schema/record.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The grammar of a Fractional value allows nothing that strtod reads differently. */
static void fractional_agrees(struct str text)
{
    char *copy = mem_new_array(text.len + 1, 1);
    char *end;

    for (size_t i = 0; i < text.len; i++)
        copy[i] = text.ptr[i];
    double value = strtod(copy, &end);
    bool is_whole = text.len > 0 && end == copy + text.len;
    if (value_check(FEATURE_FRACTIONAL, text, NULL) == OK)
        assert(is_whole && isfinite(value));
    mem_free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct group_reference reference;
    char *bytes = mem_new_array(size + (size == 0), 1);
    struct str text = {bytes, size};

    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)data[i];
    bool is_name = name_is_valid(text);
    assert(!is_name || (size >= 1 && size <= 64));
    if (group_reference_parse(text, 150, &reference, NULL) == OK) {
        assert(name_is_valid(reference.name));
        assert(is_name == str_is_absent(reference.account));
    } else {
        assert(!is_name);
    }
    (void)name_is_reserved(text);
    (void)arn_is_role(text);
    (void)uri_is_store(text);
    (void)key_is_kms(text);
    assert(!parameter_text_is_valid(text) || tag_text_is_valid(text, 1, 255));
    assert(!tag_text_is_valid(text, 0, 256) || str_is_utf8(text));
    assert(text_shown(text).len <= size);
    (void)value_check(FEATURE_INTEGRAL, text, NULL);
    fractional_agrees(text);
    mem_free(bytes);
    return 0;
}
