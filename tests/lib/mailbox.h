/*
 * tests/lib/mailbox - a client of the bus for tests: it keeps what came, and tests wait for it.
 */
#pragma once

#include "base/clock.h"
#include "wire/mqtt.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

enum { MAILBOX_MAX = 4096 };

struct mailbox_letter {
    char topic[MQTT_TOPIC_SIZE];
    char *payload; /* owned */
    size_t size;
    bool retained;
    int64_t at_us; /* monotonic */
};

struct mailbox {
    struct mqtt *mqtt; /* owned */
    pthread_mutex_t lock;
    struct mailbox_letter letters[MAILBOX_MAX];
    size_t count;
    size_t refuse; /* so many messages are not taken, from the next one on */
    bool connected;
    size_t connects;
    char reason[200];
    size_t published, failed; /* PUBACKs, good and bad */
    enum err last_failure;
};

static inline bool mailbox_on_message(void *context, const struct mqtt_message *message)
{
    struct mailbox *box = context;
    bool taken = false;
    pthread_mutex_lock(&box->lock);
    if (box->refuse > 0) {
        box->refuse--;
    } else if (box->count < MAILBOX_MAX) {
        struct mailbox_letter *letter = &box->letters[box->count++];
        (void)snprintf(letter->topic, sizeof letter->topic, "%s", message->topic);
        letter->payload = mem_text_of((const char *)message->payload.data, message->payload.size);
        letter->size = message->payload.size;
        letter->retained = message->retained;
        letter->at_us = clock_monotonic_us();
        taken = true;
    }
    pthread_mutex_unlock(&box->lock);
    return taken;
}

static inline void mailbox_on_connection(void *context, bool connected, const char *reason)
{
    struct mailbox *box = context;
    pthread_mutex_lock(&box->lock);
    box->connected = connected;
    box->connects += connected ? 1 : 0;
    (void)snprintf(box->reason, sizeof box->reason, "%s", reason);
    pthread_mutex_unlock(&box->lock);
}

static inline void mailbox_on_published(void *context, uint64_t token, enum err err)
{
    struct mailbox *box = context;
    (void)token;
    pthread_mutex_lock(&box->lock);
    box->published += err == OK ? 1 : 0;
    box->failed += err == OK ? 0 : 1;
    if (err != OK) { box->last_failure = err; }
    pthread_mutex_unlock(&box->lock);
}

/* Opens with `config`, whose context and callbacks become the mailbox's. */
static inline bool mailbox_open(struct mailbox *box, const struct mqtt_config *config)
{
    struct mqtt_config mine = *config;
    mine.context = box;
    mine.on_message = mailbox_on_message;
    mine.on_connection = mailbox_on_connection;
    mine.on_published = mailbox_on_published;
    pthread_mutex_init(&box->lock, NULL);
    struct why why = {0};
    if (mqtt_open(&box->mqtt, &mine, &why) == OK) { return true; }
    printf("# %s\n", why.text);
    return false;
}

static inline struct mailbox *mailbox_new(void)
{
    return MEM_NEW(struct mailbox);
}

static inline void mailbox_clear(struct mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    for (size_t i = 0; i < box->count; i++) {
        free(box->letters[i].payload);
    }
    box->count = 0;
    pthread_mutex_unlock(&box->lock);
}

static inline void mailbox_free(struct mailbox *box)
{
    mqtt_close(box->mqtt);
    mailbox_clear(box);
    pthread_mutex_destroy(&box->lock);
    free(box);
}

/* Waits until `holds(box)`, looked at with the lock held, or `wait_ms` have passed. */
static inline bool mailbox_wait(struct mailbox *box, bool (*holds)(const struct mailbox *box),
                                int64_t wait_ms)
{
    const int64_t deadline = clock_monotonic_us() + wait_ms * 1000;
    for (;;) {
        pthread_mutex_lock(&box->lock);
        const bool answer = holds(box);
        pthread_mutex_unlock(&box->lock);
        if (answer || clock_monotonic_us() > deadline) { return answer; }
        struct timespec moment = {.tv_nsec = 1000 * 1000};
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, NULL); /* between two looks */
    }
}

static inline bool mailbox_is_connected(const struct mailbox *box)
{
    return box->connected;
}

static inline bool mailbox_is_away(const struct mailbox *box)
{
    return !box->connected && box->reason[0] != '\0';
}

static inline bool mailbox_connect(struct mailbox *box)
{
    return mailbox_wait(box, mailbox_is_connected, 15 * 1000);
}

static inline size_t mailbox_count(struct mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    const size_t count = box->count;
    pthread_mutex_unlock(&box->lock);
    return count;
}

/* The payload of a letter, "" when it has not come. */
static inline const char *mailbox_payload(struct mailbox *box, size_t index)
{
    return index < mailbox_count(box) ? box->letters[index].payload : "";
}

/* How many letters came on `topic`. */
static inline size_t mailbox_count_on(struct mailbox *box, const char *topic)
{
    size_t found = 0;
    for (size_t i = 0, count = mailbox_count(box); i < count; i++) {
        found += strcmp(box->letters[i].topic, topic) == 0 ? 1 : 0;
    }
    return found;
}

/* Waits until one came on `topic`. */
static inline bool mailbox_wait_topic(struct mailbox *box, const char *topic, int64_t wait_ms)
{
    const int64_t deadline = clock_monotonic_us() + wait_ms * 1000;
    while (mailbox_count_on(box, topic) == 0 && clock_monotonic_us() < deadline) {
        struct timespec moment = {.tv_nsec = 1000 * 1000};
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, NULL);
    }
    return mailbox_count_on(box, topic) > 0;
}

/* Waits for `count` letters in all. */
static inline bool mailbox_wait_count(struct mailbox *box, size_t count, int64_t wait_ms)
{
    const int64_t deadline = clock_monotonic_us() + wait_ms * 1000;
    while (mailbox_count(box) < count && clock_monotonic_us() < deadline) {
        struct timespec moment = {.tv_nsec = 1000 * 1000};
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, NULL);
    }
    return mailbox_count(box) >= count;
}

/*
 * Waits for the payloads "0", "1", ... up to `count`, in order. One that was there before may come
 * again (delivery is at least once); one that comes too early makes the answer false for ever.
 */
static inline bool mailbox_wait_numbers(struct mailbox *box, size_t count, int64_t wait_ms)
{
    size_t next = 0;
    size_t seen = 0;
    const int64_t deadline = clock_monotonic_us() + wait_ms * 1000;
    while (next < count && clock_monotonic_us() < deadline) {
        if (!mailbox_wait_count(box, seen + 1, 100)) { continue; }
        const size_t number = strtoul(box->letters[seen++].payload, NULL, 10);
        if (number > next) {
            printf("# %zu came when %zu was next\n", number, next);
            return false;
        }
        next += number == next ? 1 : 0;
    }
    if (next < count) { printf("# %zu never came\n", next); }
    return next == count;
}

static inline enum err mailbox_send(struct mailbox *box, const char *topic, const char *payload,
                                    bool retain)
{
    const struct mqtt_publication publication = {
        .topic = topic, .payload = span_text(payload), .retain = retain};
    return mqtt_publish(box->mqtt, &publication);
}
