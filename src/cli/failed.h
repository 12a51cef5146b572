#pragma once
/*
 * The file of failed rows: in the form of the input with the error added (a last column
 * "asof_error", or a first member of that name), so that it can be mended and loaded again. Made
 * when the first row fails. Any thread.
 */
#include "cli/rows.h"
#include "os/os.h"

struct failed;

/* `header` is the CSV header; `is_continued` adds to a file that is there. */
struct failed_options {
    const struct os *os;
    const char *path;
    enum rows_form form;
    struct str header;
    bool is_continued;
};

struct failed *failed_new(const struct failed_options *options);
void failed_free(struct failed *failed); /* accepts NULL */

/* `record` as it was read. ERR_IO when the file cannot be written. */
NODISCARD enum code failed_add(struct failed *failed, struct str record, struct str message,
                               struct err *err);
uint64_t failed_count(struct failed *failed);
