#include "demo_ports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* Binds 127.0.0.1:`port` (0: any) and tells the port; the descriptor keeps it taken. */
static int bind_port(int port, int *bound)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = loopback(port);
    socklen_t size = sizeof address;
    const int yes = 1;
    if (fd < 0) { return -1; }
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(fd, (struct sockaddr *)&address, size) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        (void)close(fd);
        return -1;
    }
    *bound = ntohs(address.sin_port);
    return fd;
}

enum err demo_ports_choose(struct demo_ports *ports, int web, struct why *why)
{
    int *const wanted[] = {&ports->site_broker,  &ports->zone_broker,     &ports->media,
                           &ports->edge_metrics, &ports->gateway_metrics, &ports->camera,
                           &ports->enrol,        &ports->store,           &ports->map,
                           &ports->web};
    int held[ARRAY_LEN(wanted)];
    size_t count = 0;
    enum err err = OK;
    for (; count < ARRAY_LEN(wanted); count++) {
        const bool last = wanted[count] == &ports->web;
        held[count] = last && web && !demo_port_listens(web) ? bind_port(web, wanted[count]) : -1;
        if (held[count] < 0) { held[count] = bind_port(0, wanted[count]); }
        if (held[count] < 0) {
            err = why_set(why, ERR_IO, "no free port on 127.0.0.1: error %d", errno);
            break;
        }
    }
    /* Held until all are chosen, so that no two are the same. */
    while (count > 0) {
        (void)close(held[--count]);
    }
    return err;
}

bool demo_port_listens(int port)
{
    CLEANUP(file_close_p) const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr_in address = loopback(port);
    return fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
}
