#include "worker/worker_main.h"

#include "core/str.h"
#include "worker/flush_worker.h"
#include "worker/query_worker.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>

enum { WORKER_SOCKET = 3, EXIT_USAGE = 2 };

int worker_main(int argc, char **argv)
{
    /* argv: program, "worker", kind, arguments… */
    struct str kind = argc > 2 ? str_from(argv[2]) : STR("");

    /* Should the server be gone already, the socket tells it. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (str_equal(kind, STR("flush")) && argc == 4)
        return flush_worker_main(WORKER_SOCKET, argv[3]);
    if (str_equal(kind, STR("query")) && argc == 3)
        return query_worker_main(WORKER_SOCKET);
    (void)fprintf(stderr, "asof worker is started by asof serve\n");
    return EXIT_USAGE;
}
