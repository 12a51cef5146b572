#pragma once
/* What `asof serve` was asked to do, checked: the options of the command line in the shape of the
 * parts. */
#include "config/options.h"
#include "core/log.h"
#include "net/net.h"
#include "schema/names.h"
#include "write/write.h"

enum { EXIT_USAGE = 2, EXIT_STORE_FAILED = 70 };

struct server_options {
    const char *program; /* path of this binary, for workers */
    const char *data_dir;
    const char *port_file;   /* NULL: none */
    const char *credentials; /* NULL: the data folder's own */
    struct identity identity;
    struct net_options net;
    struct store_options store;
    unsigned flush_interval_ms;
    size_t groups_max;
    unsigned query_timeout_ms;
    uint64_t query_memory_bytes;
    bool is_sandbox_required;
    enum log_level log_level;
};

/* ERR_INVALID names the option. Texts are kept in the arena. */
NODISCARD enum code server_options_read(const struct options *options, struct arena *arena,
                                        struct server_options *ret, struct err *err);

/* "<dir>/<name>" in the arena. */
const char *server_path(struct arena *arena, const char *dir, const char *name);
