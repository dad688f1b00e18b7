/*
 * control/audit/scribe_inside - the inside of the scribe, shared by scribe.c and scribe_talk.c and
 * by nobody else.
 */
#pragma once

#include <pthread.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "fleet/device.h"
#include "fleet/topic.h"
#include "ledger/recorder.h"
#include "programs/control/audit/scribe.h"
#include "programs/control/refusal.h"
#include "system/file.h"
#include "system/queue.h"
#include "system/worker.h"

enum hint_kind {
    HINT_WAKE,
    HINT_CONNECTED,
    HINT_MESSAGE,
    HINT_OUTSIDE,
    HINT_LEAD,
    HINT_FOLLOW,
};

struct hint {
    enum hint_kind kind;
    char topic[TOPIC_SIZE]; /* OUTSIDE: the witness's name */
    int status;             /* OUTSIDE: of HTTP, 0 = none; and the size that was asked about */
    uint64_t asked_size;
    size_t size;
    uint8_t bytes[];
};

struct scribe {
    struct database *database;
    struct recorder *recorder;
    struct journal *journal;
    struct device_store *devices;
    struct verifier *verifier;
    const struct ca_news *ca_news; /* borrowed, may be NULL */
    const char *ca_path;           /* borrowed */
    uint64_t trusted;              /* ca_news when the CAs were read */
    const struct signer *signer;
    struct queue *hints;
    struct worker *worker;
    char prefix[TOPIC_PREFIX_SIZE];
    char folder[FILE_PATH_SIZE];
    struct bus_port bus;
    struct abroad *outside; /* NULL: nobody is asked outside */
    struct metric *healthy, *size;
    struct refusal refusal;
    /* The thread's own; times are monotonic. */
    bool confirmed, told_halt, follows, takes_over;
    int64_t confirm_until_us, carry_us, ask_us, asked_us, idle_us, house_us;
    /* Shared. */
    pthread_mutex_t lock;
    struct scribe_view view;
    int64_t stranger_minute;
    int64_t strangers;
};

/* What recorder and log are now, for those who look. */
void scribe_show(struct scribe *scribe);

/* ---- scribe_talk.c: with witnesses ---- */

void scribe_ask_when_due(struct scribe *scribe, int64_t now_us);
/* As soon as may be, but not more often than twice a second. */
void scribe_ask_soon(struct scribe *scribe);
void scribe_take_message(struct scribe *scribe, const struct hint *hint);
void scribe_take_abroad(struct scribe *scribe, const struct hint *hint);
