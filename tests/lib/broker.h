/*
 * tests/lib/broker - a real Mosquitto for a test: on a free loopback port, in a temporary folder,
 * killed with the test whatever happens.
 */
#pragma once

#include "base/clock.h"
#include "system/file.h"
#include "system/process.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define BROKER_PROGRAM "/usr/sbin/mosquitto"

struct broker {
    char folder[256]; /* of its configuration, log and state */
    int port;
    struct process *process; /* owned; NULL while it is down */
};

static inline bool broker_here(void)
{
    return access(BROKER_PROGRAM, X_OK) == 0;
}

/* Waits a moment within a loop that looks at a condition and a deadline. */
static inline void broker_pause(void)
{
    (void)poll(NULL, 0, 5);
}

static inline int broker_free_port(void)
{
    CLEANUP(file_close_p) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(fd, (struct sockaddr *)&address, size) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        return 0;
    }
    return ntohs(address.sin_port);
}

static inline bool broker_listens(int port)
{
    CLEANUP(file_close_p) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
}

static inline bool broker_wait_port(int port)
{
    const int64_t deadline = clock_monotonic_us() + 10 * CLOCK_SECOND_US;
    while (!broker_listens(port)) {
        if (clock_monotonic_us() > deadline) { return false; }
        broker_pause();
    }
    return true;
}

/* Starts it, first time or again, with the configuration in its folder; false: see its log. */
static inline bool broker_start(struct broker *broker)
{
    char config[512];
    char log[512];
    (void)snprintf(config, sizeof config, "%s/broker.conf", broker->folder);
    (void)snprintf(log, sizeof log, "%s/broker.log", broker->folder);
    const char *arguments[] = {BROKER_PROGRAM, "-c", config, NULL};
    const struct process_plan plan = {.arguments = arguments,
                                      .output = PROCESS_OUTPUT_FILE,
                                      .output_path = log,
                                      .die_with_parent = true};
    struct why why = {0};
    if (process_start(&broker->process, &plan, &why) != OK) {
        printf("# %s\n", why.text);
        return false;
    }
    return broker_wait_port(broker->port);
}

/* Ends it by `signal` (SIGKILL, SIGTERM) and waits for its end. */
static inline void broker_end(struct broker *broker, int signal)
{
    struct process_end end;
    if (broker->process == NULL) { return; }
    process_signal(broker->process, signal);
    (void)!process_wait(broker->process, 10 * CLOCK_SECOND_US, &end);
    process_free(TAKE(broker->process));
}

static inline bool broker_write_config(struct broker *broker, const char *config)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/broker.conf", broker->folder);
    return file_write(path, span_text(config), 0600, NULL) == OK;
}

/* A broker without TLS or rules, for tests of the client alone; `extra` lines go into it. */
static inline bool broker_start_plain(struct broker *broker, const char *extra)
{
    (void)snprintf(broker->folder, sizeof broker->folder, "/tmp/tocsin-broker-XXXXXX");
    if (mkdtemp(broker->folder) == NULL) { return false; }
    broker->port = broker_free_port();
    char config[1024];
    (void)snprintf(config, sizeof config,
                   "user %s\nlog_dest stderr\nlistener %d 127.0.0.1\nallow_anonymous true\n"
                   "persistence true\npersistence_location %s/\nset_tcp_nodelay true\n%s\n",
                   geteuid() == 0 ? "root" : "mosquitto", broker->port, broker->folder, extra);
    return broker_write_config(broker, config) && broker_start(broker);
}

/* Ends it and removes its folder's files. */
static inline void broker_deinit(struct broker *broker)
{
    broker_end(broker, SIGKILL);
    static const char *const files[] = {"broker.conf", "broker.log", "mosquitto.db",
                                        "mosquitto.db.new", "broker.pid"};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s", broker->folder, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(broker->folder);
}
