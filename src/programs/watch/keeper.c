#include "programs/watch/keeper.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "system/queue.h"
#include "system/worker.h"

struct keeper {
    struct keeper_config config;
    struct queue *wakes; /* owned; of marks: somebody found the disk full */
    struct worker *worker;
    int64_t scanned_us;
    int64_t aged_us;   /* monotonic; when the media's age was asked last, 0 = never */
    char trouble[256]; /* told already */
};

static char wake_mark;

static void complain(struct keeper *keeper, const char *sentence)
{
    if (strcmp(keeper->trouble, sentence) == 0) { return; }
    (void)!text_copy(keeper->trouble, sizeof keeper->trouble, sentence);
    keeper->config.trouble(keeper->config.context, sentence);
}

static void remove_oldest(const struct keeper *keeper, const struct retention_list *list,
                          size_t count)
{
    struct id events[KEEPER_DELETED_MAX];
    size_t told = 0;
    for (size_t i = 0; i < count && !queue_closed(keeper->wakes); i++) {
        retention_remove(list, i, keeper->config.media);
        events[told++] = list->items[i].event;
        if (told == KEEPER_DELETED_MAX) {
            keeper->config.deleted(keeper->config.context, events, told);
            told = 0;
        }
    }
    if (told > 0) { keeper->config.deleted(keeper->config.context, events, told); }
}

static void tidy(struct keeper *keeper, bool first)
{
    const char *media = keeper->config.media;
    CLEANUP(retention_list_deinit) struct retention_list list = {0};
    struct why why = {0};
    /* What was found before an error is dealt with all the same. */
    if (retention_scan(&list, media, &why)) { complain(keeper, why.text); }
    keeper->scanned_us = clock_monotonic_us();
    if (first) {
        const size_t mended = retention_recover(&list, media, keeper->config.started_wall_us);
        if (mended > 0) { keeper->config.mended(keeper->config.context, mended); }
    }
    int64_t free_bytes = INT64_MAX;
    if (retention_free_bytes(&free_bytes, media, &why)) { complain(keeper, why.text); }
    struct retention_limits limits = keeper->config.limits;
    const bool ask_age =
        keeper->aged_us == 0 || keeper->scanned_us - keeper->aged_us > CLOCK_HOUR_US;
    if (ask_age) { keeper->aged_us = keeper->scanned_us; }
    if (!ask_age) { limits.age_max_us = 0; }
    const size_t count = retention_choose(&list, &limits, clock_wall_us(), free_bytes);
    remove_oldest(keeper, &list, count);
    if (count == 0 && free_bytes < keeper->config.limits.reserve_bytes) {
        complain(keeper, "the disk is fuller than its reserve allows, and no old media are left "
                         "to go; make room or lower media.reserve_mb");
    }
}

static bool room_is_short(const struct keeper *keeper)
{
    int64_t free_bytes = INT64_MAX;
    return !retention_free_bytes(&free_bytes, keeper->config.media, NULL) &&
           free_bytes < keeper->config.limits.reserve_bytes;
}

static void run(void *context)
{
    struct keeper *keeper = context;
    tidy(keeper, true);
    while (!queue_closed(keeper->wakes)) {
        const bool woken = queue_pop(keeper->wakes, KEEPER_GLANCE_US) != NULL;
        if (queue_closed(keeper->wakes)) { return; }
        if (woken || room_is_short(keeper) ||
            clock_monotonic_us() - keeper->scanned_us > KEEPER_SCAN_US) {
            tidy(keeper, false);
        }
    }
}

enum err keeper_start(struct keeper **out, const struct keeper_config *config, struct why *why)
{
    CLEANUP(keeper_free_p) struct keeper *keeper = MEM_NEW(struct keeper);
    keeper->config = *config;
    keeper->wakes = queue_new(1, NULL);
    const enum err err = worker_start(&keeper->worker, "keeper", run, keeper, why);
    if (err) { return err; }
    *out = TAKE(keeper);
    return OK;
}

void keeper_wake(struct keeper *keeper)
{
    (void)!queue_push(keeper->wakes, &wake_mark); /* full: it has been woken already */
}

void keeper_free(struct keeper *keeper)
{
    if (!keeper) { return; }
    queue_close(keeper->wakes);
    worker_join(keeper->worker);
    queue_free(keeper->wakes);
    free(keeper);
}
