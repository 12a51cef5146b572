/* A definition: refused as corrupt, or it writes a text that reads and writes the same. */
#include "schema/group.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct group *group = NULL;
    struct group *again = NULL;
    struct err err = {0};
    struct buf first;
    struct buf second;

    if (group_read((struct str){(const char *)data, size}, &group, &err) != OK) {
        assert(err.code == ERR_CORRUPT && group == NULL);
        return 0;
    }
    buf_init(&first, 0);
    buf_init(&second, 0);
    group_write(group, &first);
    enum code code = group_read(buf_str(&first), &again, &err);
    assert(code == OK);
    group_write(again, &second);
    assert(str_equal(buf_str(&first), buf_str(&second)));
    for (uint32_t i = 0; i < group->feature_count; i++)
        assert(group_feature_near(again, group->features[i].name, i + 1) == &again->features[i]);
    buf_release(&first);
    buf_release(&second);
    group_unref(group);
    group_unref(again);
    return 0;
}
