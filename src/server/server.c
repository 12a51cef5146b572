/*
 * Wiring: makes everything in order, waits for a signal, and frees in reverse. The order matters at
 * both ends: the store recovers before the port opens; the port closes before the store does, so
 * that every write that was taken is answered.
 */
#include "server/server.h"

#include "api/api.h"
#include "config/limits.h"
#include "core/log.h"
#include "core/mem.h"
#include "core/metrics.h"
#include "server/server_log.h"
#include "server/server_options.h"
#include "worker/flush_client.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct server {
    const struct os *os;
    struct arena arena;
    struct server_options options;
    struct os_file *lock;
    struct auth *auth;
    struct store *store;
    struct manifest *manifest;
    struct flush_client *flush_client;
    struct flush *flush;
    struct flusher *flusher;
    struct api *api;
    struct net *net;
    _Atomic(bool) is_ready;
};

/* A failed write or sync is final (design section 3): no reply may leave after it. */
static void store_failed(void *context, const struct err *err)
{
    struct log_line line;

    (void)context;
    log_begin(&line, LOG_ERROR, "store_failed");
    log_str(&line, "error", str_from(err->message));
    log_end(&line);
    _exit(EXIT_STORE_FAILED);
}

static enum code folder_take(struct server *server, struct err *err)
{
    const struct os *os = server->os;
    const char *dir = server->options.data_dir;

    TRY(os_make_dirs(os, dir, err));
    enum code code =
        os->lock(os->context, server_path(&server->arena, dir, "lock"), &server->lock, err);
    if (code == ERR_BUSY)
        return err_set(err, ERR_BUSY,
                       "data folder '%s' is in use by another asof server: stop it first, or give "
                       "another --data",
                       dir);
    return code;
}

static enum code auth_start(struct server *server, struct err *err)
{
    const char *path = server->options.credentials;

    if (path == NULL) {
        path = server_path(&server->arena, server->options.data_dir, "credentials");
        struct os_stat stat;
        enum code code = server->os->stat(server->os->context, path, &stat, err);
        if (code == ERR_NOT_FOUND)
            TRY(auth_make_credentials(server->os, path, err));
        else
            TRY(code);
    }
    return auth_open(server->os, path, &server->options.identity, &server->auth, err);
}

static enum code store_start(struct server *server, struct err *err)
{
    server->options.store.failed = store_failed;
    server->options.store.failed_context = server;
    server->options.store.is_threaded = true;
    return store_open(server->os, server->options.data_dir, &server->options.store, &server->store,
                      err);
}

static enum code offline_start(struct server *server, struct err *err)
{
    const char *dir = server->options.data_dir;
    const char *tmp = server_path(&server->arena, dir, "tmp");
    struct flush_mark mark;

    TRY(os_make_dirs(server->os, tmp, err));
    store_flush_mark(server->store, &mark);
    TRY(manifest_open(server->os, server_path(&server->arena, dir, "manifest"), mark.manifest,
                      &server->manifest, err));
    server->flush_client = flush_client_new(server->options.program, tmp);
    struct flush_options flush = {.data_dir = dir, .range_bytes_max = LIMIT_FLUSH_RANGE_BYTES};
    flush.sink = flush_client_sink(server->flush_client);
    struct flusher_options flusher = {.interval_ms = server->options.flush_interval_ms,
                                      .bytes_max = LIMIT_FLUSH_RANGE_BYTES};
    TRY(flush_new(server->os, server->store, server->manifest, &flush, &server->flush, err));
    return flusher_start(server->flush, server->store, &flusher, &server->flusher, err);
}

static enum code api_start(struct server *server, struct err *err)
{
    const struct server_options *options = &server->options;
    struct api_options api = {
        .os = server->os,
        .auth = server->auth,
        .store = server->store,
        .manifest = server->manifest,
        .flusher = server->flusher,
        .query = {.program = options->program,
                  .data_dir = options->data_dir,
                  .store = server->store,
                  .manifest = server->manifest,
                  .identity = options->identity,
                  .is_sandbox_required = options->is_sandbox_required,
                  .os = server->os},
        .identity = options->identity,
        .data_dir = options->data_dir,
        .groups_max = options->groups_max,
        .query_timeout_ms = options->query_timeout_ms,
        .query_memory_bytes = options->query_memory_bytes,
        .is_request_logged = options->log_level <= LOG_INFO,
        .is_ready = &server->is_ready,
    };
    return api_new(&api, &server->api, err);
}

static enum code net_open(struct server *server, struct err *err)
{
    struct net_options net = server->options.net;
    struct net_handler handler = api_handler(server->api);

    net.epoch = store_epoch(server->store);
    TRY(net_start(server->os, &net, &handler, &server->net, err));
    api_attach(server->api, server->net);
    return OK;
}

static enum code server_start(struct server *server, struct err *err)
{
    TRY(folder_take(server, err));
    TRY(auth_start(server, err));
    TRY(store_start(server, err));
    TRY(offline_start(server, err));
    TRY(api_start(server, err));
    return net_open(server, err);
}

static void server_stop(struct server *server)
{
    server->is_ready = false;
    if (server->net != NULL)
        net_stop(server->net, 5000);
    if (server->flusher != NULL)
        flusher_stop(server->flusher);
    if (server->api != NULL)
        api_stop(server->api);
    if (server->net != NULL)
        net_free(server->net);
    if (server->api != NULL)
        api_free(server->api);
    if (server->flush != NULL)
        flush_free(server->flush);
    if (server->flush_client != NULL)
        flush_client_free(server->flush_client);
    if (server->manifest != NULL)
        manifest_close(server->manifest);
    if (server->store != NULL)
        store_close(server->store);
    if (server->auth != NULL)
        auth_close(server->auth);
    if (server->lock != NULL)
        server->os->close(server->os->context, server->lock);
    arena_release(&server->arena);
}

static enum code announce(struct server *server, struct err *err)
{
    struct log_line line;
    char port[16];

    (void)snprintf(port, sizeof(port), "%u\n", net_port(server->net));
    if (server->options.port_file != NULL)
        TRY(os_write_file(server->os, server->options.port_file, str_from(port), err));
    log_begin(&line, LOG_INFO, "ready");
    log_str(&line, "data", str_from(server->options.data_dir));
    log_i64(&line, "port", net_port(server->net));
    log_end(&line);
    return OK;
}

/* SIGHUP reads credentials and certificate again; a failure keeps the old ones. */
static void server_reload(struct server *server)
{
    struct err err = {0};
    struct log_line line;
    enum code code = auth_reload(server->auth, &err);

    if (code == OK && server->options.net.certificate != NULL)
        code = net_reload_tls(server->net, &err);
    log_begin(&line, code == OK ? LOG_INFO : LOG_ERROR, "reload");
    if (code != OK)
        log_str(&line, "error", str_from(err.message));
    log_end(&line);
}

static void server_wait(struct server *server, const sigset_t *signals)
{
    for (;;) {
        int number = sigwaitinfo(signals, NULL);
        if (number == SIGHUP)
            server_reload(server);
        else if (number == SIGTERM || number == SIGINT)
            return;
    }
}

static void process_prepare(sigset_t *signals)
{
    struct rlimit files;

    (void)signal(SIGPIPE, SIG_IGN);
    (void)umask(077); /* also of what a library makes in a worker */
    (void)sigemptyset(signals);
    (void)sigaddset(signals, SIGTERM);
    (void)sigaddset(signals, SIGINT);
    (void)sigaddset(signals, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, signals, NULL);
    /* Secrets stay out of core files and away from other processes of the same user; and what
     * workers write is for this user alone. */
    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)umask(077);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

int server_main(const struct options *options)
{
    struct server server = {.os = os_linux()};
    struct err err = {0};
    sigset_t signals;

    process_prepare(&signals);
    enum code code = server_options_read(options, &server.arena, &server.options, &err);
    if (code != OK) {
        (void)fprintf(stderr, "asof serve: %s\n", err.message);
        arena_release(&server.arena);
        return EXIT_USAGE;
    }
    server_log_setup(server.os, server.options.log_level);
    code = server_start(&server, &err);
    if (code == OK)
        code = announce(&server, &err);
    if (code == OK) {
        server.is_ready = true;
        server_wait(&server, &signals);
    } else {
        (void)fprintf(stderr, "asof serve: %s\n", err.message);
    }
    server_stop(&server);
    return code == OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
