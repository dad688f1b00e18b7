/*
 * watch/listener - what the threads of a camera tell the program.
 *
 * Each function runs on the thread that has something to say; it must copy what it is given, hand
 * it over and return at once.
 */
#pragma once

#include "camera/reader.h"
#include "programs/watch/book.h"

/* Running totals of a camera since its start. */
struct reading_figures {
    double fps; /* packets a second, lately */
    uint64_t packets;
    uint64_t unrecorded; /* packets that the recorder had no time for */
};

struct seeing_figures {
    uint64_t frames;  /* decoded */
    uint64_t skipped; /* packets left out because decoding or detection was behind */
    uint64_t damaged; /* packets that the decoder refused */
    uint64_t inferences;
};

#define LISTENER_FIGURES_US (5 * INT64_C(1000000))

struct listener {
    void *context;
    void (*state)(void *context, const char *camera, enum reader_state state, const char *reason);
    void (*reading)(void *context, const char *camera, const struct reading_figures *figures);
    void (*seeing)(void *context, const char *camera, const struct seeing_figures *figures);
    void (*sighting)(void *context, const struct sighting *sighting);
    void (*footage)(void *context, const struct footage *footage);
    void (*picture)(void *context, const struct id *event); /* a snapshot is on disk */
    /* Something failed that a person should know of; `disk_full`: room is needed. */
    void (*trouble)(void *context, const char *camera, const char *sentence, bool disk_full);
};
