/*
 * watch/book - the events that are open now, as edge is told of them.
 *
 * Puts together what vision saw, what the recorder wrote and which picture is on disk, numbers the
 * states of each event, and sends: the begin at once, updates at most every BOOK_UPDATE_US, the end
 * when its clip is closed (or after BOOK_CLIP_WAIT_US: a stuck disk must not hide an event). The
 * clip of an update is what lies on disk by then, so that an event that watch does not survive has
 * its clip all the same. Belongs to the loop; the time is a parameter.
 */
#pragma once

#include "base/value.h"
#include "camera/recorder.h"
#include "camera/visit.h"
#include "programs/watch/outbox.h"

enum { BOOK_EVENTS_MAX = 2048, BOOK_CAMERA_SIZE = RECORDER_CAMERA_SIZE };

#define BOOK_UPDATE_US (2 * INT64_C(1000000))
#define BOOK_CLIP_WAIT_US (30 * INT64_C(1000000))

/* What vision says of an event: a copy of struct visit that may cross threads. */
struct sighting {
    struct id event;
    char camera[BOOK_CAMERA_SIZE];
    enum visit_state state;
    char label[32];
    double score;
    unsigned count;
    int64_t started_wall_us, lasted_us; /* lasted: on the monotonic clock */
    bool clip_expected;
    char zones[AREA_COUNT_MAX][AREA_NAME_SIZE]; /* in which somebody of it stood */
    size_t zone_count;
    size_t box_count;
    struct visit_box boxes[VISIT_BOXES_MAX];
};

/* What the recorder says of its clip. */
struct footage {
    struct id event;
    bool has_clip;
    char path[RECORDER_PATH_SIZE];
    struct clip_facts facts;
    int64_t lead_us;
    bool finished;
};

struct book;

struct book_config {
    const char *model;
    void *context;
    /* A state of an event, for edge; `message` is taken. */
    void (*tell)(void *context, const struct outbox_letter *letter, struct value *message);
};

struct book *book_new(const struct book_config *config);
void book_free(struct book *book); /* NULL is allowed */
CLEANUP_FOR(struct book, book_free)

void book_sighting(struct book *book, const struct sighting *sighting, int64_t now_us);
void book_footage(struct book *book, const struct footage *footage, int64_t now_us);
void book_picture(struct book *book, const struct id *event); /* a snapshot is on disk */

/* Sends what is due. Call it several times a second. */
void book_tick(struct book *book, int64_t now_us);

/* Ends everything that has ended for vision, with what is known: watch stops. */
void book_finish(struct book *book, int64_t now_us);

size_t book_count(const struct book *book);
