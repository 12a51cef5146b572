#include "cli/load_batch.h"

#include "cli/answer.h"
#include "cli/row.h"
#include "config/limits.h"
#include "core/hash.h"
#include "core/mem.h"

#include <time.h>

enum {
    BODY_BYTES = 4 * 1024 * 1024, /* rows of unusual size go in smaller calls */
    UNPROCESSED_TRIES = 8,
    UNPROCESSED_PAUSE_MS = 100,
};
static_assert((int)BODY_BYTES < (int)LIMIT_BODY_BATCH_WRITE / 4, "a last row must still fit");
static_assert((int)ROWS_BATCH_MAX == (int)LIMIT_BATCH_WRITE_ENTRIES, "one call a batch");

/* The entries of one call. */
struct entries {
    size_t rows[ROWS_BATCH_MAX]; /* in the batch */
    size_t starts[ROWS_BATCH_MAX];
    size_t ends[ROWS_BATCH_MAX]; /* in the body */
    size_t count;
};

struct load_sender {
    const struct load_options *options;
    struct client *client;
    struct row_maker maker;
    struct buf body;
    struct buf again; /* the body of what is sent again */
    struct arena arena;
    char message[ERR_MESSAGE_BYTES];
};

struct load_sender *load_sender_new(const struct load_options *options)
{
    struct load_sender *sender = MEM_NEW(struct load_sender);

    sender->options = options;
    sender->client = client_new(options->client);
    row_maker_init(&sender->maker, options->plan, options->rows->form);
    buf_init(&sender->body, 0);
    buf_init(&sender->again, 0);
    return sender;
}

void load_sender_free(struct load_sender *sender)
{
    client_free(sender->client);
    row_maker_release(&sender->maker);
    buf_release(&sender->body);
    buf_release(&sender->again);
    arena_release(&sender->arena);
    mem_free(sender);
}

struct str load_sender_message(const struct load_sender *sender)
{
    return str_from(sender->message);
}

struct str load_sender_unknown(const struct load_sender *sender)
{
    return sender->maker.unknown;
}

static enum code row_failed(struct load_sender *sender, const struct rows_batch *batch, size_t row,
                            struct str message, struct err *err)
{
    size_t len = size_min(message.len, sizeof(sender->message) - 1);

    memcpy(sender->message, message.ptr, len);
    sender->message[len] = '\0';
    return failed_add(sender->options->failed, rows_batch_record(batch, row), message, err);
}

/* From the load, the rows and the try: a batch that is sent again after a resume has the same. */
static struct str invocation_id(const struct load_sender *sender, const struct rows_batch *batch,
                                const struct entries *entries, unsigned try_number,
                                char ret[CLIENT_UUID_BYTES])
{
    unsigned char bytes[16];
    struct buf text;

    buf_init(&text, 0);
    buf_add_format(&text, "%.*s %llu %zu %zu %u", STR_ARG(sender->options->load_id),
                   (unsigned long long)batch->first_row, entries->rows[0], entries->count,
                   try_number);
    struct hash128 hash = hash_wide(buf_str(&text));
    buf_release(&text);
    memcpy(bytes, &hash.high, 8);
    memcpy(bytes + 8, &hash.low, 8);
    client_uuid(bytes, ret);
    return (struct str){ret, CLIENT_UUID_BYTES};
}

static struct str entry_text(const struct buf *body, const struct entries *entries, size_t i)
{
    return str_slice(buf_str(body), entries->starts[i], entries->ends[i]);
}

/* Fills body and entries from row `*at` on; rows that cannot be read fail here. */
static enum code make_body(struct load_sender *sender, const struct rows_batch *batch, size_t *at,
                           struct entries *entries, struct err *err)
{
    struct err row_err = {0};

    entries->count = 0;
    buf_clear(&sender->body);
    buf_add(&sender->body, sender->options->plan->body_head);
    while (*at < batch->count && sender->body.len < BODY_BYTES) {
        size_t row = (*at)++;
        size_t start = sender->body.len + (entries->count > 0);
        if (entries->count > 0)
            buf_add_byte(&sender->body, ',');
        if (row_add(&sender->maker, rows_batch_record(batch, row), &sender->body, &row_err) != OK) {
            sender->body.len = start - (entries->count > 0);
            TRY(row_failed(sender, batch, row, str_from(row_err.message), err));
            continue;
        }
        entries->rows[entries->count] = row;
        entries->starts[entries->count] = start;
        entries->ends[entries->count++] = sender->body.len;
    }
    buf_add(&sender->body, STR("]}"));
    return OK;
}

static enum code call(struct load_sender *sender, struct str body, struct str id,
                      struct client_reply *ret, struct err *err)
{
    const struct client_request request = {.method = STR("POST"),
                                           .path = STR("/BatchWriteRecord"),
                                           .content_type = STR("application/json"),
                                           .body = body,
                                           .invocation_id = id};

    TRY(client_call(sender->client, &request, ret, err));
    /* All but a refusal of the content concerns the whole load. */
    if (ret->status >= 300 && ret->status != 400 && ret->status != 413)
        return err_set(err, ret->status >= 500 ? ERR_TIMEOUT : ERR_DENIED, "%.*s: %.*s",
                       STR_ARG(ret->error_type), STR_ARG(ret->message));
    return OK;
}

/* Keeps the entries of that verdict only, in a body of their own. */
static void keep_unprocessed(struct load_sender *sender, const struct answer *answer,
                             struct entries *entries)
{
    struct entries kept = {0};

    buf_clear(&sender->again);
    buf_add(&sender->again, sender->options->plan->body_head);
    for (size_t i = 0; i < entries->count; i++) {
        if (answer->verdicts[i] != ANSWER_UNPROCESSED)
            continue;
        if (kept.count > 0)
            buf_add_byte(&sender->again, ',');
        kept.rows[kept.count] = entries->rows[i];
        kept.starts[kept.count] = sender->again.len;
        buf_add(&sender->again, entry_text(&sender->body, entries, i));
        kept.ends[kept.count++] = sender->again.len;
    }
    buf_add(&sender->again, STR("]}"));
    struct buf swapped = sender->body;
    sender->body = sender->again;
    sender->again = swapped;
    *entries = kept;
}

/* Counts and files what the answer says; entries that are to be sent again stay in `entries`. */
static enum code settle(struct load_sender *sender, const struct rows_batch *batch, struct str text,
                        struct entries *entries, size_t *written, struct err *err)
{
    struct str sent[ROWS_BATCH_MAX];
    struct answer answer;

    /* Nearly always. */
    if (str_equal(text, STR("{\"Errors\":[],\"UnprocessedEntries\":[]}"))) {
        *written += entries->count;
        entries->count = 0;
        return OK;
    }
    for (size_t i = 0; i < entries->count; i++)
        sent[i] = entry_text(&sender->body, entries, i);
    TRY(answer_read(text, sent, entries->count, &sender->arena, &answer, err));
    *written += answer.written;
    for (size_t i = 0; i < entries->count; i++) {
        if (answer.verdicts[i] == ANSWER_FAILED)
            TRY(row_failed(sender, batch, entries->rows[i], answer.messages[i], err));
    }
    keep_unprocessed(sender, &answer, entries);
    return OK;
}

static void pause_for(unsigned ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

    (void)nanosleep(&pause, NULL);
}

static enum code give_up(struct load_sender *sender, const struct rows_batch *batch,
                         const struct entries *entries, struct err *err)
{
    for (size_t i = 0; i < entries->count; i++)
        TRY(row_failed(sender, batch, entries->rows[i], STR("the server did not process the row"),
                       err));
    return OK;
}

/* The answer to a call of one entry. */
static enum code settle_alone(struct load_sender *sender, const struct rows_batch *batch,
                              size_t row, const struct client_reply *reply, size_t *written,
                              struct err *err)
{
    if (reply->status >= 300)
        return row_failed(sender, batch, row,
                          arena_format(&sender->arena, "%.*s: %.*s", STR_ARG(reply->error_type),
                                       STR_ARG(reply->message)),
                          err);
    if (str_contains(reply->body, STR("\"Entry\"")))
        return row_failed(sender, batch, row, reply->body, err);
    ++*written;
    return OK;
}

/*
 * A call that is refused as a whole because of what is in it: each of its entries is sent alone, so
 * that the good ones are written and the bad ones have their own error.
 */
static enum code send_alone(struct load_sender *sender, const struct rows_batch *batch,
                            const struct entries *entries, size_t *written, struct err *err)
{
    struct client_reply reply;
    char id[CLIENT_UUID_BYTES];

    for (size_t i = 0; i < entries->count; i++) {
        struct entries one = {.rows = {entries->rows[i]}, .count = 1};
        buf_clear(&sender->again);
        buf_add(&sender->again, sender->options->plan->body_head);
        one.starts[0] = sender->again.len;
        buf_add(&sender->again, entry_text(&sender->body, entries, i));
        one.ends[0] = sender->again.len;
        buf_add(&sender->again, STR("]}"));
        TRY(call(sender, buf_str(&sender->again),
                 invocation_id(sender, batch, &one, UINT32_MAX, id), &reply, err));
        TRY(settle_alone(sender, batch, entries->rows[i], &reply, written, err));
    }
    return OK;
}

static enum code send_entries(struct load_sender *sender, const struct rows_batch *batch,
                              struct entries *entries, size_t *written, struct err *err)
{
    struct client_reply reply;
    char id[CLIENT_UUID_BYTES];

    for (unsigned tries = 0; entries->count > 0; tries++) {
        if (tries == UNPROCESSED_TRIES)
            return give_up(sender, batch, entries, err);
        if (tries > 0)
            pause_for((unsigned)UNPROCESSED_PAUSE_MS << tries);
        TRY(call(sender, buf_str(&sender->body), invocation_id(sender, batch, entries, tries, id),
                 &reply, err));
        if (reply.status >= 300)
            return send_alone(sender, batch, entries, written, err);
        TRY(settle(sender, batch, reply.body, entries, written, err));
    }
    return OK;
}

enum code load_sender_send(struct load_sender *sender, const struct rows_batch *batch,
                           size_t *ret_written, struct err *err)
{
    size_t written = 0;
    size_t at = 0;

    while (at < batch->count) {
        struct entries entries;
        arena_reset(&sender->arena);
        TRY(make_body(sender, batch, &at, &entries, err));
        TRY(send_entries(sender, batch, &entries, &written, err));
    }
    *ret_written = written;
    return OK;
}
