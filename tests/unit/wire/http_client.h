/*
 * A raw HTTP client for tests: it sends exactly the bytes that it is told to, and reads one answer.
 */
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CLIENT_DEADLINE_MS = 10000, CLIENT_ANSWER_SIZE = 4 << 20 };

struct answer {
    int status;  /* 0 = the connection ended without an answer */
    char *bytes; /* owned; head and body */
    size_t size;
    const char *body;
    size_t body_size;
};

static inline void answer_free(struct answer *answer)
{
    free(answer->bytes);
}

static inline int client_open(int port)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)(void *)&to, sizeof to)) { abort(); }
    return fd;
}

static inline bool client_send(int fd, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        const ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);
        if (sent <= 0) { return false; }
        at += sent;
        size -= (size_t)sent;
    }
    return true;
}

static inline bool client_say(int fd, const char *text)
{
    return client_send(fd, text, strlen(text));
}

/* Some bytes, or 0 at the end or when the deadline has passed. */
static inline size_t client_receive(int fd, void *buffer, size_t size)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    if (poll(&ready, 1, CLIENT_DEADLINE_MS) <= 0) { return 0; }
    const ssize_t got = recv(fd, buffer, size, 0);
    return got > 0 ? (size_t)got : 0;
}

static inline const char *answer_header(const struct answer *answer, const char *name)
{
    static _Thread_local char value[1024];
    char line[128];
    (void)snprintf(line, sizeof line, "\r\n%s: ", name);
    const char *at = answer->bytes ? strcasestr(answer->bytes, line) : NULL;
    if (!at || (answer->body && at > answer->body)) { return NULL; }
    at += strlen(line);
    (void)snprintf(value, sizeof value, "%.*s", (int)strcspn(at, "\r"), at);
    return value;
}

static inline bool answer_whole(struct answer *answer, bool head_only)
{
    char *end = strstr(answer->bytes, "\r\n\r\n");
    if (!end) { return false; }
    answer->body = end + 4;
    answer->body_size = answer->size - (size_t)(answer->body - answer->bytes);
    answer->status = (int)strtol(answer->bytes + 9, NULL, 10);
    if (head_only || answer->status == 304 || answer->status == 204 || answer->status == 101) {
        return true;
    }
    const char *length = answer_header(answer, "Content-Length");
    if (length) { return answer->body_size >= strtoul(length, NULL, 10); }
    return answer->body_size >= 5 && memcmp(answer->bytes + answer->size - 5, "0\r\n\r\n", 5) == 0;
}

static inline struct answer client_read(int fd, bool head_only)
{
    struct answer answer = {.bytes = calloc(1, CLIENT_ANSWER_SIZE)};
    size_t got = 1;
    while (got && !answer_whole(&answer, head_only) && answer.size < CLIENT_ANSWER_SIZE - 1) {
        got = client_receive(fd, answer.bytes + answer.size, CLIENT_ANSWER_SIZE - 1 - answer.size);
        answer.size += got;
    }
    return answer;
}

/* Sends `request`, reads the answer, closes. */
static inline struct answer client_ask(int port, const char *request)
{
    const int fd = client_open(port);
    (void)client_say(fd, request);
    const struct answer answer = client_read(fd, strncmp(request, "HEAD", 4) == 0);
    (void)close(fd);
    return answer;
}

static inline int client_status(int port, const char *request)
{
    struct answer answer = client_ask(port, request);
    answer_free(&answer);
    return answer.status;
}

/* Waits until `holds(context)`; false when the deadline has passed. */
static inline bool wait_until(bool (*holds)(void *context), void *context)
{
    for (int i = 0; i < CLIENT_DEADLINE_MS / 5; i++) {
        if (holds(context)) { return true; }
        (void)poll(NULL, 0, 5);
    }
    return holds(context);
}
