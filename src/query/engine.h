#pragma once
/*
 * The database of one query, from its opening to the result file. The order matters, since client
 * bytes come in between (reliability.md section 7):
 *
 *   engine_open   before the process gives up its rights; the library is mapped here
 *   engine_parse  the statement's own words; nothing is bound, nothing is opened
 *   engine_lock   after Landlock: from here only the files that were named can be opened, and no
 *                 setting can be changed
 *   engine_write  runs one SELECT into the result file
 *
 * One thread. `private_dir` holds what is spilled, and the result.
 */
#include "offline/duck.h"

enum engine_format { ENGINE_JSON, ENGINE_CSV, ENGINE_PARQUET };

struct engine {
    struct duck *duck;
    const char *private_dir;
    uint64_t memory_bytes_max;
    unsigned threads; /* once it is locked; one before */
};

NODISCARD enum code engine_open(struct engine *engine, struct err *err);
void engine_close(struct engine *engine);

/* The tables that the one SELECT refers to (duck_parse_select); names what was found else. */
NODISCARD enum code engine_parse(struct engine *engine, struct str sql, struct arena *arena,
                                 const struct duck_name **ret_tables, size_t *ret_count,
                                 struct err *err);

NODISCARD enum code engine_lock(struct engine *engine, const char *const *files, size_t file_count,
                                struct err *err);

/*
 * Checks once more that `sql` is one SELECT, now with its tables there, and writes its rows to
 * "<private_dir>/result": JSON as an array of objects, CSV with a header and every value quoted but
 * NULL, or Parquet.
 */
NODISCARD enum code engine_write(struct engine *engine, struct str sql, enum engine_format format,
                                 uint64_t *ret_rows, struct err *err);

/* The statement without what may stand behind it: semicolons, blanks and comments. Pure. */
struct str engine_trim(struct str sql);
