/* The real table: what each function promises, on the file system of the temporary folder. */
#include "unit/test.h"

#include "core/mem.h"
#include "os/os.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/asof-test-linux-XXXXXX";
static const struct os *os;
static struct arena arena;
static struct err err;

static const char *path(const char *name)
{
    return arena_format(&arena, "%s/%s", folder, name).ptr;
}

static struct os_file *open_file(const char *name, unsigned flags)
{
    struct os_file *file = NULL;

    if (os->open(os->context, path(name), flags, &file, &err) != OK)
        fail_msg("%s", err.message);
    return file;
}

static void put(struct os_file *file, const char *text, uint64_t offset)
{
    assert_int_equal(os->write(os->context, file, text, strlen(text), offset, &err), OK);
}

static void clocks_go_forward(void **state)
{
    int64_t first = os->monotonic_us(os->context);
    int64_t wall = os->now_us(os->context);

    (void)state;
    assert_true(os->monotonic_us(os->context) >= first);
    assert_true(wall > INT64_C(1577836800000000)); /* 2020 */
}

static void random_bytes_differ(void **state)
{
    unsigned char a[4096] = {0};
    unsigned char b[4096] = {0};

    (void)state;
    assert_int_equal(os->random(os->context, a, sizeof(a), &err), OK);
    assert_int_equal(os->random(os->context, b, sizeof(b), &err), OK);
    assert_memory_not_equal(a, b, sizeof(a));
    assert_int_equal(os->random(os->context, b, 0, &err), OK);
}

static void opening(void **state)
{
    struct os_file *file = NULL;
    struct stat status;

    (void)state;
    assert_int_equal(os->open(os->context, path("none"), OS_READ, &file, &err), ERR_NOT_FOUND);
    assert_null(file);
    assert_true(str_contains(str_from(err.message), STR("none': No such file")));
    file = open_file("made", OS_WRITE | OS_CREATE);
    os->close(os->context, file);
    assert_int_equal(stat(path("made"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(
        os->open(os->context, path("made"), OS_WRITE | OS_CREATE | OS_EXCLUSIVE, &file, &err),
        ERR_EXISTS);
    assert_int_equal(os->open(os->context, folder, OS_WRITE, &file, &err), ERR_IO);
    os->close(os->context, NULL);
}

static void reads_and_writes_at_places(void **state)
{
    struct os_file *file = open_file("rw", OS_READ | OS_WRITE | OS_CREATE);
    struct os_stat status;
    char got[16] = {0};

    (void)state;
    put(file, "hello world", 0);
    put(file, "W", 6);
    put(file, "!", 20);
    assert_int_equal(os->read(os->context, file, got, 11, 0, &err), OK);
    assert_string_equal(got, "hello World");
    assert_int_equal(os->stat(os->context, path("rw"), &status, &err), OK);
    assert_int_equal(status.bytes, 21);
    assert_false(status.is_dir);
    assert_int_equal(os->read(os->context, file, got, 5, 18, &err), ERR_IO);
    assert_true(str_starts(str_from(err.message), STR("short read: the file ends at 21")));
    assert_int_equal(os->read(os->context, file, got, 0, 100, &err), OK);
    assert_int_equal(os->truncate(os->context, file, 5, &err), OK);
    assert_int_equal(os->stat(os->context, path("rw"), &status, &err), OK);
    assert_int_equal(status.bytes, 5);
    assert_int_equal(os->sync(os->context, file, &err), OK);
    os->close(os->context, file);
    file = open_file("rw", OS_READ);
    assert_int_equal(os->write(os->context, file, "x", 1, 0, &err), ERR_IO);
    os->close(os->context, file);
    file = open_file("rw", OS_WRITE | OS_TRUNCATE);
    os->close(os->context, file);
    assert_int_equal(os->stat(os->context, path("rw"), &status, &err), OK);
    assert_int_equal(status.bytes, 0);
}

static void direct_where_the_file_system_has_it(void **state)
{
    struct os_file *file =
        open_file("direct", OS_READ | OS_WRITE | OS_CREATE | OS_EXCLUSIVE | OS_DIRECT | OS_DURABLE);
    char *block = mem_new_aligned(4096, 8192);
    char *back = mem_new_aligned(4096, 8192);

    (void)state;
    (void)memset(block, 'b', 8192);
    assert_int_equal(os->write(os->context, file, block, 8192, 4096, &err), OK);
    assert_int_equal(os->read(os->context, file, back, 8192, 4096, &err), OK);
    assert_memory_equal(block, back, 8192);
    assert_int_equal(os->read(os->context, file, back, 8192, 8192, &err), ERR_IO);
    if (os->is_direct(os->context, file))
        assert_int_equal(os->preallocate(os->context, file, 5000, &err), ERR_INVALID);
    os->close(os->context, file);
    file = open_file("direct", OS_READ);
    assert_false(os->is_direct(os->context, file));
    os->close(os->context, file);
    /* A device that knows no O_DIRECT: the file opens all the same. */
    assert_int_equal(os->open(os->context, "/dev/null", OS_WRITE | OS_DIRECT, &file, &err), OK);
    os->close(os->context, file);
    mem_free(block);
    mem_free(back);
}

/* All blocks are really there, and writing over them moves neither size nor blocks. */
static void preallocation_writes_zeros(void **state)
{
    enum { BYTES = (1 << 20) + 8192 };
    struct os_file *file = open_file("segment", OS_READ | OS_WRITE | OS_CREATE);
    char *content = mem_new_array(BYTES, 1);
    struct stat before;
    struct stat after;

    (void)state;
    put(file, "old bytes", 4000);
    assert_int_equal(os->preallocate(os->context, file, BYTES, &err), OK);
    assert_int_equal(os->read(os->context, file, content, BYTES, 0, &err), OK);
    for (size_t i = 0; i < BYTES; i++)
        assert_int_equal(content[i], 0);
    assert_int_equal(stat(path("segment"), &before), 0);
    assert_int_equal(before.st_size, BYTES);
    assert_true(before.st_blocks * 512 >= BYTES);
    put(file, "new bytes", 1 << 20);
    assert_int_equal(os->sync(os->context, file, &err), OK);
    assert_int_equal(stat(path("segment"), &after), 0);
    assert_true(after.st_size == before.st_size && after.st_blocks == before.st_blocks);
    os->close(os->context, file);
    mem_free(content);
}

static void a_full_device_is_told(void **state)
{
    struct os_file *file;

    (void)state;
    if (os->open(os->context, "/dev/full", OS_WRITE, &file, NULL) != OK)
        skip();
    assert_int_equal(os->write(os->context, file, "x", 1, 0, &err), ERR_IO);
    assert_true(str_ends(str_from(err.message), STR("No space left on device")));
    os->close(os->context, file);
}

static void renaming(void **state)
{
    struct os_stat status;

    (void)state;
    os->close(os->context, open_file("from", OS_WRITE | OS_CREATE));
    os->close(os->context, open_file("to", OS_WRITE | OS_CREATE));
    assert_int_equal(os->rename(os->context, path("from"), path("to"), false, &err), ERR_EXISTS);
    assert_int_equal(os->stat(os->context, path("from"), &status, &err), OK);
    assert_int_equal(os->rename(os->context, path("from"), path("to"), true, &err), OK);
    assert_int_equal(os->stat(os->context, path("from"), &status, &err), ERR_NOT_FOUND);
    assert_int_equal(os->rename(os->context, path("to"), path("free"), false, &err), OK);
    assert_int_equal(os->rename(os->context, path("to"), path("x"), true, &err), ERR_NOT_FOUND);
    assert_int_equal(os->remove(os->context, path("free"), &err), OK);
    assert_int_equal(os->remove(os->context, path("free"), &err), ERR_NOT_FOUND);
}

static void folders(void **state)
{
    struct os_stat status;
    struct str *names;
    size_t count;

    (void)state;
    assert_int_equal(os->make_dir(os->context, path("dir"), &err), OK);
    assert_int_equal(os->make_dir(os->context, path("dir"), &err), OK);
    assert_int_equal(os->make_dir(os->context, path("no/dir"), &err), ERR_NOT_FOUND);
    assert_int_equal(os->stat(os->context, path("dir"), &status, &err), OK);
    assert_true(status.is_dir);
    assert_int_equal(os->sync_dir(os->context, path("dir"), &err), OK);
    assert_int_equal(os->sync_dir(os->context, path("nodir"), &err), ERR_NOT_FOUND);
    assert_int_equal(os->list(os->context, path("dir"), &arena, &names, &count, &err), OK);
    assert_int_equal(count, 0);
    for (int i = 199; i >= 0; i--)
        os->close(os->context,
                  open_file(arena_format(&arena, "dir/n%03d", i).ptr, OS_WRITE | OS_CREATE));
    os->close(os->context, open_file("dir/.hidden", OS_WRITE | OS_CREATE));
    assert_int_equal(os->list(os->context, path("dir"), &arena, &names, &count, &err), OK);
    assert_int_equal(count, 201);
    assert_true(str_equal(names[0], STR(".hidden")));
    for (size_t i = 1; i < count; i++)
        assert_true(str_compare(names[i - 1], names[i]) < 0);
    assert_int_equal(os->remove(os->context, path("dir"), &err), ERR_IO); /* not empty */
    for (size_t i = 0; i < count; i++) {
        const char *name = arena_format(&arena, "%s/dir/%s", folder, names[i].ptr).ptr;
        assert_int_equal(os->remove(os->context, name, &err), OK);
    }
    assert_int_equal(os->remove(os->context, path("dir"), &err), OK);
    assert_int_equal(os->list(os->context, path("dir"), &arena, &names, &count, &err),
                     ERR_NOT_FOUND);
    os->close(os->context, open_file("file", OS_WRITE | OS_CREATE));
    assert_int_equal(os->make_dir(os->context, path("file"), &err), ERR_EXISTS);
    assert_int_equal(os->stat(os->context, path("file/below"), &status, &err), ERR_NOT_FOUND);
}

/* The lock holds against another open of the same process too, and ends with its holder. */
static void locking(void **state)
{
    struct os_file *held = NULL;
    struct os_file *second = NULL;
    int child_result;

    (void)state;
    assert_int_equal(os->lock(os->context, path("lock"), &held, &err), OK);
    assert_int_equal(os->lock(os->context, path("lock"), &second, &err), ERR_BUSY);
    assert_true(str_ends(str_from(err.message), STR("is locked by another process")));
    os->close(os->context, held);
    pid_t child = fork();
    if (child == 0) {
        _exit(os->lock(os->context, path("lock"), &second, NULL) == OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &child_result, 0), child);
    assert_int_equal(child_result, 0);
    assert_int_equal(os->lock(os->context, path("lock"), &held, &err), OK);
    os->close(os->context, held);
    assert_int_equal(os->lock(os->context, folder, &held, &err), OK); /* a folder itself */
    assert_int_equal(os->lock(os->context, folder, &second, &err), ERR_BUSY);
    os->close(os->context, held);
    assert_int_equal(os->lock(os->context, path("no/lock"), &held, &err), ERR_NOT_FOUND);
}

static int make_folder(void **state)
{
    (void)state;
    os = os_linux();
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    struct str *names = NULL;
    size_t count = 0;

    (void)state;
    if (os->list(os->context, folder, &arena, &names, &count, &err) != OK)
        return 1;
    for (size_t i = 0; i < count; i++) {
        if (os->remove(os->context, path(names[i].ptr), &err) != OK)
            return 1;
    }
    enum code code = os->remove(os->context, folder, &err);
    arena_release(&arena);
    return code != OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clocks_go_forward),
        cmocka_unit_test(random_bytes_differ),
        cmocka_unit_test(opening),
        cmocka_unit_test(reads_and_writes_at_places),
        cmocka_unit_test(direct_where_the_file_system_has_it),
        cmocka_unit_test(preallocation_writes_zeros),
        cmocka_unit_test(a_full_device_is_told),
        cmocka_unit_test(renaming),
        cmocka_unit_test(folders),
        cmocka_unit_test(locking),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
