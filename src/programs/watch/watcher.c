#include "programs/watch/watcher.h"

#include "base/clock.h"

struct watcher {
    struct watcher_config config;
    struct address *address; /* owned, as all below */
    struct scribe *scribe;
    struct eyes *eyes; /* NULL when nobody is to look */
    struct reader *reader;
    /* Of the reader's thread: */
    struct reading_figures figures;
    uint64_t packets_told;
    int64_t told_us;
};

static void tell_figures(struct watcher *watcher)
{
    const int64_t now_us = clock_monotonic_us();
    const int64_t span_us = now_us - watcher->told_us;
    if (span_us < LISTENER_FIGURES_US) { return; }
    const uint64_t packets = watcher->figures.packets - watcher->packets_told;
    /* After an absence the time without pictures does not count. */
    if (span_us < 2 * LISTENER_FIGURES_US) {
        watcher->figures.fps = (double)packets * 1e6 / (double)span_us;
    }
    watcher->figures.unrecorded = scribe_lost(watcher->scribe);
    watcher->packets_told = watcher->figures.packets;
    watcher->told_us = now_us;
    const struct listener *listener = &watcher->config.listener;
    listener->reading(listener->context, watcher->config.camera, &watcher->figures);
}

static void on_packet(void *context, struct packet *packet)
{
    struct watcher *watcher = context;
    scribe_packet(watcher->scribe, packet);
    if (watcher->eyes) { eyes_packet(watcher->eyes, packet); }
    watcher->figures.packets++;
    tell_figures(watcher);
}

static void on_state(void *context, enum reader_state state, const char *reason)
{
    struct watcher *watcher = context;
    const struct listener *listener = &watcher->config.listener;
    if (state != READER_STATE_ONLINE) {
        if (watcher->eyes) { eyes_break(watcher->eyes); }
        scribe_break(watcher->scribe);
    }
    listener->state(listener->context, watcher->config.camera, state, reason);
}

static enum err start_parts(struct watcher *watcher, struct why *why)
{
    const struct watcher_config *config = &watcher->config;
    enum err err = address_new(&watcher->address, config->url, why);
    if (!err) { err = scribe_start(&watcher->scribe, &config->recording, &config->listener, why); }
    if (!err && config->detect) {
        const struct eyes_config eyes = {.camera = config->camera,
                                         .scribe = watcher->scribe,
                                         .vision = config->vision,
                                         .listener = config->listener};
        err = eyes_start(&watcher->eyes, &eyes, why);
    }
    if (err) { return err; }
    struct reader_options reading = config->reading;
    reading.address = watcher->address;
    reading.transport = config->udp ? SOURCE_TRANSPORT_UDP : SOURCE_TRANSPORT_TCP;
    reading.packet = on_packet;
    reading.state = on_state;
    reading.context = watcher;
    return reader_start(&watcher->reader, "reader", &reading, why);
}

enum err watcher_start(struct watcher **out, const struct watcher_config *config, struct why *why)
{
    CLEANUP(watcher_free_p) struct watcher *watcher = MEM_NEW(struct watcher);
    watcher->config = *config;
    watcher->told_us = clock_monotonic_us();
    const enum err err = start_parts(watcher, why);
    if (err) { return why_prefix(why, err, config->camera); }
    *out = TAKE(watcher);
    return OK;
}

void watcher_stop(struct watcher *watcher)
{
    if (watcher->reader) { reader_stop(watcher->reader); }
    if (watcher->eyes) { eyes_close(watcher->eyes); }
}

void watcher_free(struct watcher *watcher)
{
    if (!watcher) { return; }
    /* In this order: what the eyes still have to say, the scribe still writes. */
    reader_free(watcher->reader);
    eyes_free(watcher->eyes);
    scribe_free(watcher->scribe);
    address_free(watcher->address);
    free(watcher);
}
