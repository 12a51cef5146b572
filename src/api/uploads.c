#include "api/uploads.h"

#include "config/limits.h"
#include "core/mem.h"
#include "core/queue.h"
#include "core/sha256.h"
#include "os/thread.h"

#include <pthread.h>

enum {
    ID_BYTES = 16,
    QUEUE_MAX = 64,
    TAKE_MAX = 16,
    WAIT_MS = 1000,
    AGE_MAX_US_PER_S = 1000 * 1000,
};

#define UPLOAD_BYTES_MAX (UINT64_C(1024) * 1024 * LIMIT_UPLOAD_MIB)

struct upload {
    char id[2 * ID_BYTES + 1]; /* "": free */
    struct sha256 owner;       /* of the access key of whom it belongs to */
    int64_t begun_us;
    uint64_t bytes; /* of whole parts */
    uint64_t parts;
    uint64_t part_bytes; /* of the newest part */
    bool is_held;        /* a part is being written, or a dataset reads it */
};

struct part {
    struct call *call;
    struct upload *upload; /* held */
    uint64_t number;
    uint64_t offset;
};

struct uploads {
    const struct os *os;
    struct arena names;
    const char *dir;
    pthread_mutex_t lock;
    struct upload items[LIMIT_UPLOADS];
    struct queue *queue; /* of struct part */
    struct os_thread *thread;
    _Atomic(bool) is_stopping;
};

static const char *upload_path(const struct uploads *uploads, const char *id, struct arena *arena)
{
    return arena_format(arena, "%s/%s", uploads->dir, id).ptr;
}

/* Under the lock. */
static void upload_remove(struct uploads *uploads, struct upload *upload)
{
    CLEANUP(arena_release) struct arena arena = {0};
    const struct os *os = uploads->os;

    /* There is none before the first part; one that stays goes at the next start. */
    const enum code code = os->remove(os->context, upload_path(uploads, upload->id, &arena), NULL);
    (void)code;
    *upload = (struct upload){0};
}

/* Under the lock; NULL when there is none of that id. */
static struct upload *upload_find(struct uploads *uploads, struct str id)
{
    for (size_t i = 0; i < LIMIT_UPLOADS; i++) {
        struct upload *upload = &uploads->items[i];
        if (upload->id[0] != '\0' && str_equal(str_from(upload->id), id))
            return upload;
    }
    return NULL;
}

/* ---- the thread that writes ---- */

static enum code part_write(struct uploads *uploads, const struct part *part, struct err *err)
{
    CLEANUP(arena_release) struct arena arena = {0};
    const struct os *os = uploads->os;
    const struct str body = part->call->exchange->request.body;
    struct os_file *file = NULL;

    TRY(os->open(os->context, upload_path(uploads, part->upload->id, &arena), OS_WRITE | OS_CREATE,
                 &file, err));
    const enum code code =
        os->write(os->context, file, body.len == 0 ? "" : body.ptr, body.len, part->offset, err);
    os->close(os->context, file);
    return code;
}

static void part_finish(struct uploads *uploads, struct part *part)
{
    struct err err = {0};
    struct call *call = part->call;
    struct upload *upload = part->upload;
    const uint64_t bytes = call->exchange->request.body.len;
    const enum code code = part_write(uploads, part, &err);

    (void)pthread_mutex_lock(&uploads->lock);
    if (code == OK) {
        upload->parts = part->number + 1;
        upload->bytes = part->offset + bytes;
        upload->part_bytes = bytes;
    }
    upload->is_held = false;
    (void)pthread_mutex_unlock(&uploads->lock);
    if (code == OK)
        buf_add(call->out, STR("{}"));
    call_finish(call, code, &err); /* the part is gone with the call */
}

static void uploads_thread(void *context)
{
    struct uploads *uploads = context;
    void *items[TAKE_MAX];

    for (;;) {
        const size_t count = queue_wait(uploads->queue, items, TAKE_MAX, WAIT_MS);
        for (size_t i = 0; i < count; i++)
            part_finish(uploads, items[i]);
        if (count == 0 && uploads->is_stopping)
            return;
    }
}

/* ---- opening and closing ---- */

static enum code folder_clear(struct uploads *uploads, struct err *err)
{
    CLEANUP(arena_release) struct arena arena = {0};
    const struct os *os = uploads->os;
    struct str *names = NULL;
    size_t count = 0;

    TRY(os_make_dirs(os, uploads->dir, err));
    TRY(os->list(os->context, uploads->dir, &arena, &names, &count, err));
    for (size_t i = 0; i < count; i++) {
        const char *path = arena_format(&arena, "%s/%.*s", uploads->dir, STR_ARG(names[i])).ptr;
        TRY(os->remove(os->context, path, err));
    }
    return OK;
}

enum code uploads_new(const struct os *os, const char *data_dir, struct uploads **ret,
                      struct err *err)
{
    struct uploads *uploads = MEM_NEW(struct uploads);

    uploads->os = os;
    uploads->dir = arena_format(&uploads->names, "%s/tmp/uploads", data_dir).ptr;
    uploads->queue = queue_new(QUEUE_MAX);
    (void)pthread_mutex_init(&uploads->lock, NULL);
    enum code code = folder_clear(uploads, err);
    if (code == OK)
        code = os_thread_start("asof-uploads", uploads_thread, uploads, &uploads->thread, err);
    if (code != OK) {
        uploads_free(uploads);
        return code;
    }
    *ret = uploads;
    return OK;
}

void uploads_free(struct uploads *uploads)
{
    if (uploads == NULL)
        return;
    uploads->is_stopping = true;
    queue_wake(uploads->queue);
    if (uploads->thread != NULL)
        os_thread_join(uploads->thread);
    for (size_t i = 0; i < LIMIT_UPLOADS; i++) {
        if (uploads->items[i].id[0] != '\0')
            upload_remove(uploads, &uploads->items[i]);
    }
    queue_free(uploads->queue);
    (void)pthread_mutex_destroy(&uploads->lock);
    arena_release(&uploads->names);
    mem_free(uploads);
}

/* ---- calls ---- */

/* Under the lock: a free place, after those that are too old have gone. */
static struct upload *place_find(struct uploads *uploads, int64_t now_us)
{
    struct upload *found = NULL;

    for (size_t i = 0; i < LIMIT_UPLOADS; i++) {
        struct upload *upload = &uploads->items[i];
        const int64_t age_us = now_us - upload->begun_us;
        if (upload->id[0] != '\0' && !upload->is_held &&
            age_us > (int64_t)LIMIT_UPLOAD_AGE_S * AGE_MAX_US_PER_S)
            upload_remove(uploads, upload);
        if (upload->id[0] == '\0')
            found = upload;
    }
    return found;
}

enum code uploads_begin(struct uploads *uploads, struct call *call, struct str *ret_id,
                        struct err *err)
{
    static const char digits[] = "0123456789abcdef";
    const struct os *os = uploads->os;
    unsigned char random[ID_BYTES];

    TRY(os->random(os->context, random, sizeof(random), err));
    (void)pthread_mutex_lock(&uploads->lock);
    struct upload *upload = place_find(uploads, call->now_us);
    if (upload != NULL) {
        for (size_t i = 0; i < ID_BYTES; i++) {
            upload->id[2 * i] = digits[random[i] >> 4];
            upload->id[2 * i + 1] = digits[random[i] & 15];
        }
        upload->owner = sha256_of(call->principal.access_key);
        upload->begun_us = call->now_us;
        *ret_id = arena_str(call->arena, str_from(upload->id));
    }
    (void)pthread_mutex_unlock(&uploads->lock);
    if (upload == NULL)
        return err_set(err, ERR_BUSY, "%d uploads are open, which is as many as there can be",
                       LIMIT_UPLOADS);
    return OK;
}

/*
 * Under the lock: the caller's own upload, held for it; NULL when it cannot be, with *err set.
 * Others' ids are as unknown ones.
 */
static struct upload *upload_hold(struct uploads *uploads, const struct call *call, struct str id,
                                  enum code *ret_code, struct err *err)
{
    const struct sha256 owner = sha256_of(call->principal.access_key);
    struct upload *upload = upload_find(uploads, id);

    if (upload == NULL || !sha256_bytes_equal(&upload->owner, &owner, sizeof(owner))) {
        *ret_code = err_set(err, ERR_NOT_FOUND,
                            "upload '%.*s' does not exist: it was used already, is older than an "
                            "hour, or the server was started again",
                            STR_ARG(text_shown(id)));
        return NULL;
    }
    if (upload->is_held) {
        *ret_code = err_set(err, ERR_CONFLICT, "upload '%.*s' is in use by another request",
                            STR_ARG(text_shown(id)));
        return NULL;
    }
    upload->is_held = true;
    *ret_code = OK;
    return upload;
}

/* Where the part goes. */
static enum code part_place(const struct upload *upload, uint64_t number, uint64_t bytes,
                            uint64_t *ret_offset, struct err *err)
{
    const bool is_again =
        upload->parts > 0 && number + 1 == upload->parts && bytes == upload->part_bytes;
    const uint64_t offset = is_again ? upload->bytes - bytes : upload->bytes;

    if (!is_again && number != upload->parts)
        return err_set(err, ERR_INVALID, "expected part %ju of the upload, found part %ju",
                       (uintmax_t)upload->parts, (uintmax_t)number);
    if (offset + bytes > UPLOAD_BYTES_MAX)
        return err_set(err, ERR_TOO_LARGE, "an upload may have %d MiB", LIMIT_UPLOAD_MIB);
    *ret_offset = offset;
    return OK;
}

/* Under the lock. */
static enum code part_hold(struct uploads *uploads, struct part *part, struct str id,
                           struct err *err)
{
    enum code code = OK;
    struct upload *upload = upload_hold(uploads, part->call, id, &code, err);

    if (upload == NULL)
        return code;
    code = part_place(upload, part->number, part->call->exchange->request.body.len, &part->offset,
                      err);
    upload->is_held = code == OK;
    part->upload = upload;
    return code;
}

enum code uploads_add(struct uploads *uploads, struct call *call, struct str id, uint64_t number,
                      struct err *err)
{
    struct part *part = ARENA_NEW(call->arena, struct part, 1);

    *part = (struct part){.call = call, .number = number};
    (void)pthread_mutex_lock(&uploads->lock);
    enum code code = part_hold(uploads, part, id, err);
    (void)pthread_mutex_unlock(&uploads->lock);
    TRY(code);
    call_defer(call);
    code = queue_push(uploads->queue, part, NULL, err);
    if (code != OK) { /* the part was not handed over */
        call_undefer(call);
        uploads_give_back(uploads, id);
    }
    return code;
}

enum code uploads_take(struct uploads *uploads, struct call *call, struct str id,
                       const char **ret_path, struct err *err)
{
    enum code code = OK;

    (void)pthread_mutex_lock(&uploads->lock);
    struct upload *upload = upload_hold(uploads, call, id, &code, err);
    if (upload != NULL && upload->parts == 0) {
        upload->is_held = false;
        code = err_set(err, ERR_INVALID, "upload '%.*s' has no parts", STR_ARG(id));
    } else if (upload != NULL) {
        *ret_path = upload_path(uploads, upload->id, call->arena);
    }
    (void)pthread_mutex_unlock(&uploads->lock);
    return code;
}

void uploads_give_back(struct uploads *uploads, struct str id)
{
    (void)pthread_mutex_lock(&uploads->lock);
    struct upload *upload = upload_find(uploads, id);
    assert(upload != NULL && upload->is_held);
    upload->is_held = false;
    (void)pthread_mutex_unlock(&uploads->lock);
}

void uploads_end(struct uploads *uploads, struct str id)
{
    (void)pthread_mutex_lock(&uploads->lock);
    struct upload *upload = upload_find(uploads, id);
    assert(upload != NULL && upload->is_held);
    upload_remove(uploads, upload);
    (void)pthread_mutex_unlock(&uploads->lock);
}
