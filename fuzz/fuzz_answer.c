/* Answers to BatchWriteRecord: whatever a server says, the counts stay those of what was sent. */
#include "cli/answer.h"
#include "core/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ENTRY(value)                                                                               \
    STR("{\"FeatureGroupName\":\"g\",\"Record\":[{\"FeatureName\":\"i\",\"ValueAsString\":"        \
        "\"" value "\"}]}")

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct str entries[] = {ENTRY("a"), ENTRY("b"), ENTRY("a")};
    struct arena arena = {0};
    char *copy = mem_new_array(size, 1);
    struct answer answer;
    struct err err;

    if (size > 0)
        memcpy(copy, data, size);
    if (answer_read((struct str){copy, size}, entries, 3, &arena, &answer, &err) == OK) {
        size_t written = 0;
        for (size_t i = 0; i < 3; i++)
            written += answer.verdicts[i] == ANSWER_WRITTEN;
        assert(written == answer.written);
        (void)written;
    }
    arena_release(&arena);
    mem_free(copy);
    return 0;
}
