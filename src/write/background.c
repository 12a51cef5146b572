#include "write/background.h"

#include "core/queue.h"
#include "os/thread.h"

#include <stdatomic.h>

enum { CARRY_SLICE_BYTES = 4 * 1024 * 1024, WAIT_MS = 1000 };

/* ---- carrying: what is current in a slice of the journal ---- */

struct slice {
    struct background *background;
    struct task *task;
};

static struct entry carried_from(const struct entry *entry, struct arena *arena)
{
    struct entry carried = *entry;

    carried.kind = ENTRY_CARRIED;
    carried.targets = TARGET_ONLINE;
    carried.flags = (uint8_t)(entry->flags & ENTRY_IS_TOMBSTONE);
    if (entry->kind == ENTRY_DELETE)
        carried.flags = ENTRY_IS_TOMBSTONE;
    carried.retry_key = (struct hash128){0};
    carried.identifier = arena_str(arena, entry->identifier);
    carried.record = arena_str(arena, entry->record);
    return carried;
}

static void keep(struct task *task, uint64_t position, const struct entry *entry)
{
    if (task->count == task->capacity) {
        size_t capacity = size_max(256, task->capacity * 2);
        struct carried_entry *entries = ARENA_NEW(&task->arena, struct carried_entry, capacity);
        if (task->count > 0)
            memcpy(entries, task->entries, task->count * sizeof(*entries));
        task->entries = entries;
        task->capacity = capacity;
    }
    task->entries[task->count++] =
        (struct carried_entry){carried_from(entry, &task->arena), position};
}

static enum code look(uint64_t position, const struct entry *entry, void *context, struct err *err)
{
    struct slice *slice = context;
    const struct checkpoint_writer *writer = &slice->background->writer;
    struct online_head head;

    (void)err;
    if (entry->kind != ENTRY_PUT && entry->kind != ENTRY_DELETE && entry->kind != ENTRY_CARRIED)
        return OK;
    epoch_enter(writer->epoch, writer->reader);
    online_head(writer->online, entry->group_id, entry->identifier, &head);
    epoch_leave(writer->epoch, writer->reader);
    if (head.is_found && head.position == position)
        keep(slice->task, position, entry);
    return OK;
}

static enum code read_slice(struct background *background, struct task *task, struct err *err)
{
    struct slice slice = {background, task};
    uint64_t to;

    TRY(journal_cut(background->journal, task->from, CARRY_SLICE_BYTES, &to, err));
    task->to = to < task->limit ? to : task->limit;
    if (task->to <= task->from)
        return err_set(err, ERR_INTERNAL, "the journal has nothing behind %llu",
                       (unsigned long long)task->from);
    return journal_scan(background->journal, task->from, task->to, look, &slice, err);
}

/* ---- the thread ---- */

static void run(struct background *background)
{
    struct task *task = &background->task;

    switch (task->kind) {
    case TASK_CHECKPOINT:
        task->code = checkpoint_write(&background->writer, &task->checkpoint, &task->err);
        break;
    case TASK_CARRY:
        task->code = read_slice(background, task, &task->err);
        break;
    }
    atomic_store_explicit(&background->state, TASK_DONE, memory_order_release);
    if (background->queue_woken != NULL)
        queue_wake(background->queue_woken);
}

static void thread_main(void *context)
{
    struct background *background = context;

    while (!atomic_load(&background->is_stopping)) {
        void *item;
        if (queue_wait(background->queue, &item, 1, WAIT_MS) > 0)
            run(background);
    }
}

enum code background_start(struct background *background, bool is_threaded, struct err *err)
{
    background->task = (struct task){0};
    atomic_store(&background->state, TASK_NONE);
    TRY(epoch_reader_add(background->writer.epoch, &background->writer.reader, err));
    if (!is_threaded)
        return OK;
    background->queue = queue_new(1);
    return os_thread_start("background", thread_main, background, &background->thread, err);
}

void background_stop(struct background *background)
{
    if (background->thread != NULL) {
        atomic_store(&background->is_stopping, true);
        queue_wake(background->queue);
        os_thread_join(background->thread);
        background->thread = NULL;
    }
    queue_free(background->queue);
    background->queue = NULL;
    checkpoint_release(&background->task.checkpoint);
    arena_release(&background->task.arena);
}

void background_run(struct background *background)
{
    assert(background_state(background) == TASK_NONE);
    atomic_store_explicit(&background->state, TASK_RUNNING, memory_order_release);
    if (background->queue == NULL) {
        run(background);
        return;
    }
    enum code code = queue_push(background->queue, background, NULL, NULL);
    assert(code == OK); /* one task at a time */
    (void)code;
}

enum task_state background_state(const struct background *background)
{
    return (enum task_state)atomic_load_explicit(&background->state, memory_order_acquire);
}

void background_take(struct background *background)
{
    assert(background_state(background) == TASK_DONE);
    checkpoint_release(&background->task.checkpoint);
    arena_release(&background->task.arena);
    background->task = (struct task){0};
    atomic_store_explicit(&background->state, TASK_NONE, memory_order_relaxed);
}
