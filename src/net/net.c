#include "net/net.h"

#include "core/mem.h"
#include "net/loop.h"

#include <unistd.h>

enum code net_start(const struct os *os, const struct net_options *options,
                    const struct net_handler *handler, struct net **ret, struct err *err)
{
    assert(options->loops > 0 && options->connections_max > 0);
    assert(handler->handle != NULL && handler->body_bytes_max != NULL);
    struct net *net = MEM_NEW(struct net);
    net->os = os;
    net->handler = *handler;
    net->epoch = options->epoch;
    net->connections_max = options->connections_max;
    net->listener = -1;
    net->loops = MEM_NEW_ARRAY(struct loop, options->loops);
    enum code code = socket_listen(options->listen, &net->listener, &net->port, err);
    if (code == OK && options->certificate != NULL)
        code = tls_server_new(options->certificate, options->key, &net->tls, err);
    while (code == OK && net->loop_count < options->loops) {
        unsigned number = net->loop_count++;
        code = loop_open(&net->loops[number], net, number, err);
    }
    /* A loop deals connections to all others, so all are made before the first runs. */
    for (unsigned i = 0; code == OK && i < net->loop_count; i++) {
        char name[16] = {'l', 'o', 'o', 'p', '-', (char)('0' + i / 10 % 10), (char)('0' + i % 10)};
        code = os_thread_start(name, loop_run, &net->loops[i], &net->loops[i].thread, err);
    }
    if (code == OK) {
        *ret = net;
        return OK;
    }
    net_stop(net, 0);
    net_free(net);
    return code;
}

unsigned net_port(const struct net *net)
{
    return net->port;
}

void net_finish(struct net *net, struct net_exchange *exchange)
{
    struct slot *slot = (struct slot *)exchange;

    assert(slot->loop->net == net);
    loop_finish(slot->loop, slot);
}

enum code net_reload_tls(struct net *net, struct err *err)
{
    if (net->tls == NULL)
        return err_set(err, ERR_INVALID, "this server does not speak TLS");
    return tls_server_reload(net->tls, err);
}

void net_stop(struct net *net, unsigned grace_ms)
{
    int64_t stop_ms = net->os->monotonic_us(net->os->context) / 1000 + grace_ms;

    for (unsigned i = 0; i < net->loop_count; i++)
        if (net->loops[i].thread != NULL)
            loop_stop(&net->loops[i], stop_ms);
    for (unsigned i = 0; i < net->loop_count; i++) {
        if (net->loops[i].thread != NULL)
            os_thread_join(net->loops[i].thread);
        net->loops[i].thread = NULL;
    }
    if (net->listener >= 0)
        (void)close(net->listener);
    net->listener = -1;
}

void net_free(struct net *net)
{
    for (unsigned i = 0; i < net->loop_count; i++)
        loop_release(&net->loops[i]);
    tls_server_free(net->tls);
    mem_free(net->loops);
    mem_free(net);
}
