#include "query/dataset.h"

#include "query/dataset_priv.h"

/*
 * A rank holds, from its low end, 53 bits of arrival (microseconds, to the year 2255), one bit for
 * a record, and the event time in nanoseconds since the year 0000 (69 bits): 123 bits of a HUGEINT.
 */
#define RANK_RECORD "9007199254740992" /* 2^53 */
#define RANK_EVENT "18014398509481984" /* 2^54 */
#define RANK_OF_ROW                                                                                \
    "((e + 62167219200000000000) * " RANK_EVENT " + CASE WHEN d THEN 0 ELSE " RANK_RECORD          \
    " END + a)"

static enum code run(const struct dataset_run *run, struct buf *sql, struct err *err)
{
    buf_add_byte(sql, '\0');
    return duck_run(run->engine->duck, sql->ptr, err);
}

/* "asof rows <i>": r and t of the label, k and a of the row that is its answer, if there is one. */
static enum code make_rows(const struct dataset_run *at, size_t index, struct err *err)
{
    CLEANUP(buf_release) struct buf sql = {0};
    const unsigned number = at->dataset->sources[index].number;
    const bool is_as_seen = at->dataset->is_as_seen;
    /* From when on the row can be an answer. */
    const char *known = is_as_seen ? "greatest(e, a::HUGEINT * 1000)" : "e";

    buf_add_format(&sql,
                   "CREATE TABLE \"asof rows %zu\" AS WITH best AS (SELECT k, %s AS v, "
                   "max(" RANK_OF_ROW ") AS q FROM \"asof history %u\" "
                   "WHERE k IN (SELECT k%zu FROM \"asof keys\") "
                   "AND %s <= (SELECT max(t) FROM \"asof keys\") GROUP BY k, v), ",
                   index, known, number, index, known);
    /* A row that is known late may be older than one that was known before it. */
    buf_add(&sql, is_as_seen ? STR("running AS (SELECT k, v, max(q) OVER (PARTITION BY k ORDER BY "
                                   "v ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS q "
                                   "FROM best) ")
                             : STR("running AS (FROM best) "));
    buf_add_format(&sql,
                   "SELECT l.r, l.t, s.k, (s.q %% " RANK_RECORD ")::BIGINT AS a "
                   "FROM (SELECT r, t, k%zu AS k FROM \"asof keys\") AS l "
                   "ASOF JOIN running AS s ON l.k = s.k AND l.t >= s.v "
                   "WHERE (s.q // " RANK_RECORD ") %% 2 = 1",
                   index);
    return run(at, &sql, err);
}

/* "asof features <i>": r and the features, for labels that have an answer that is not expired. */
static enum code make_features(const struct dataset_run *at, size_t index, struct err *err)
{
    CLEANUP(buf_release) struct buf sql = {0};
    const struct source *source = &at->dataset->sources[index];

    buf_add_format(&sql, "CREATE TABLE \"asof features %zu\" AS SELECT ", index);
    for (uint32_t i = 0; i < source->group->feature_count; i++) {
        if (i != source->group->identifier_index)
            buf_add_format(&sql, "h.c%u, ", i);
    }
    buf_add_format(&sql,
                   "w.r FROM \"asof history %u\" AS h JOIN \"asof rows %zu\" AS w "
                   "ON h.a = w.a AND h.k = w.k WHERE h.x IS NULL OR h.x > w.t",
                   source->number, index);
    return run(at, &sql, err);
}

static enum code make_answers(const struct dataset_run *at, size_t index, struct err *err)
{
    TRY(source_make_history(at->engine->duck, &at->dataset->sources[index], err));
    TRY(make_rows(at, index, err));
    return make_features(at, index, err);
}

/* ---- the result ---- */

struct output {
    struct str *names; /* taken so far */
    size_t count;
    struct arena *arena;
};

static bool is_taken(const struct output *output, struct str name)
{
    for (size_t i = 0; i < output->count; i++) {
        if (str_equal_nocase(output->names[i], name))
            return true;
    }
    return false;
}

static void add_feature(struct buf *sql, struct output *output, size_t index,
                        const struct group *group, uint32_t feature)
{
    struct str name = group->features[feature].name;

    while (is_taken(output, name))
        name = arena_format(output->arena, "%.*s.%.*s", STR_ARG(group->name), STR_ARG(name));
    output->names[output->count++] = name;
    buf_add_format(sql, ", f%zu.c%u AS ", index, feature);
    duck_add_name(sql, name);
}

static void write_select(const struct dataset_run *at, struct buf *sql)
{
    const struct dataset *dataset = at->dataset;
    size_t names_max = at->column_count;

    for (size_t i = 0; i < dataset->source_count; i++)
        names_max += dataset->sources[i].group->feature_count;
    struct output output = {ARENA_NEW(at->arena, struct str, names_max), 0, at->arena};

    buf_add(sql, STR("SELECT "));
    for (size_t i = 0; i < at->column_count; i++) {
        buf_add(sql, i == 0 ? STR("l.") : STR(", l."));
        duck_add_name(sql, at->columns[i].name);
        output.names[output.count++] = at->columns[i].name;
    }
    for (size_t i = 0; i < dataset->source_count; i++) {
        const struct group *group = dataset->sources[i].group;
        for (uint32_t j = 0; j < group->feature_count; j++) {
            if (j != group->identifier_index)
                add_feature(sql, &output, i, group, j);
        }
    }
    buf_add(sql, STR(" FROM \"asof labels\" AS l"));
    for (size_t i = 0; i < dataset->source_count; i++)
        buf_add_format(sql,
                       " LEFT JOIN \"asof features %zu\" AS f%zu ON f%zu.r = l.\"" ROW_COLUMN "\"",
                       i, i, i);
    buf_add(sql, STR(" ORDER BY l.\"" ROW_COLUMN "\""));
}

enum code dataset_write(struct engine *engine, const struct dataset *dataset, uint64_t *ret_rows,
                        struct err *err)
{
    CLEANUP(arena_release) struct arena arena = {0};
    CLEANUP(buf_release) struct buf sql = {0};
    struct dataset_run at = {.engine = engine, .dataset = dataset, .arena = &arena};
    uint64_t rows = 0;

    assert(dataset->source_count > 0);
    TRY(labels_load(&at, err));
    for (size_t i = 0; i < dataset->source_count; i++)
        TRY(make_answers(&at, i, err));
    write_select(&at, &sql);
    TRY(engine_write(engine, buf_str(&sql), dataset->format, &rows, err));
    if (rows != at.label_count)
        return err_set(err, ERR_CORRUPT,
                       "%ju label rows gave %ju dataset rows: an arrival time is not unique",
                       (uintmax_t)at.label_count, (uintmax_t)rows);
    *ret_rows = rows;
    return OK;
}
