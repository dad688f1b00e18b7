/*
 * tests/lib/redis_server - a real Redis for a test: on a socket in a temporary folder, with a
 * password, killed with the test whatever happens.
 */
#pragma once

#include "base/clock.h"
#include "peer/redis.h"
#include "system/process.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/scratch.h"

#define REDIS_PROGRAM "/usr/bin/redis-server"
#define REDIS_PASSWORD "only for this test"

struct redis_server {
    char folder[64];
    char socket[80];
    char address[96]; /* for redis_config */
    struct process *process;
};

static inline bool redis_server_here(void)
{
    return access(REDIS_PROGRAM, X_OK) == 0;
}

static inline bool redis_server_begin(struct redis_server *server)
{
    const char *const arguments[] = {
        REDIS_PROGRAM,  "--port", "0",     "--unixsocket", server->socket,
        "--save",       "",       "--dir", server->folder, "--requirepass",
        REDIS_PASSWORD, NULL};
    char log[96];
    (void)snprintf(log, sizeof log, "%s/log", server->folder);
    const struct process_plan plan = {.arguments = arguments,
                                      .output = PROCESS_OUTPUT_FILE,
                                      .output_path = log,
                                      .die_with_parent = true};
    (void)unlink(server->socket);
    if (process_start(&server->process, &plan, NULL) != OK) { return false; }
    const int64_t until_us = clock_monotonic_us() + 10 * CLOCK_SECOND_US;
    while (access(server->socket, R_OK) != 0 && clock_monotonic_us() < until_us) {
        (void)poll(NULL, 0, 5);
    }
    return access(server->socket, R_OK) == 0;
}

static inline bool redis_server_open(struct redis_server *server)
{
    (void)snprintf(server->folder, sizeof server->folder, "/tmp/tocsin-redis-XXXXXX");
    if (!mkdtemp(server->folder)) { return false; }
    (void)snprintf(server->socket, sizeof server->socket, "%s/s", server->folder);
    (void)snprintf(server->address, sizeof server->address, "unix:%s", server->socket);
    return redis_server_begin(server);
}

static inline void redis_server_kill(struct redis_server *server)
{
    process_free(TAKE(server->process));
}

static inline void redis_server_close(struct redis_server *server)
{
    redis_server_kill(server);
    scratch_remove(server->folder);
}
