/*
 * wire/mqtt_link - the thread of wire/mqtt: connects, reads, writes, waits and connects again.
 *
 * Private to wire/mqtt. The library's own loop (mosquitto_loop_start) is not used: it ends for good
 * after a TLS, name or protocol error, waits whole seconds between attempts, and select()s, which
 * fails from descriptor 1024 on. This one polls, and calls the library's read and write steps.
 */
#pragma once

#include "wire/mqtt.h"

#include <mosquitto.h>
#include <openssl/ssl.h>
#include <pthread.h>

enum { MQTT_REASON_SIZE = 200 };

struct flight {
    bool used;
    int mid;
    uint64_t token;
};

struct mqtt {
    struct mqtt_config config; /* strings owned by mqtt.c */
    char *will_payload;        /* owned */
    SSL_CTX *tls;              /* owned; NULL: plain. Of the thread, once it runs */
    struct mosquitto *client;  /* called by the thread; publishing also by others */
    int wake;                  /* eventfd: something to write, or the end */
    struct worker *worker;

    pthread_mutex_t lock; /* for the members below */
    pthread_cond_t ended;
    bool stopping;
    bool renewing; /* leave, and come again with what the files hold now */
    bool finished; /* the thread is about to return */
    bool connected;
    struct flight flights[MQTT_FLIGHT_MAX];

    /* of the thread alone */
    bool refused; /* a message was not taken: write nothing more on this connection */
    bool greeted; /* CONNACK has come */
    char reason[MQTT_REASON_SIZE];
    char reason_told[MQTT_REASON_SIZE];
};

/* Sets the library's options and callbacks on a new client. */
void mqtt_link_prepare(struct mosquitto *client);

/* The thread's function; `context` is the struct mqtt. Returns after `stopping` and a wake-up. */
void mqtt_link_run(void *context);
