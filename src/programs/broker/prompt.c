#include "programs/broker/prompt.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

enum { DESCRIPTOR_MAX = 1024, EVERY_US = 200 * 1000 };

void prompt_tick(int64_t now_us)
{
    static int64_t due_us;
    if (now_us < due_us) { return; }
    due_us = now_us + EVERY_US;
    for (int fd = 0; fd < DESCRIPTOR_MAX; fd++) {
        int set = 0;
        socklen_t size = sizeof set;
        if (getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &set, &size) != 0 || set != 0) { continue; }
        set = 1;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &set, sizeof set);
    }
}
