#include "programs/edge/lamp.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "sign/shape.h"
#include "sign/stage.h"

/* The stage is asked so often at least: the wall clock may have been set meanwhile. */
static const int64_t ask_us = CLOCK_SECOND_US;

/* Fonts are opened one after another, so that nothing waits for them long. */
static const int64_t warm_us = CLOCK_SECOND_US / 50;

struct lamp {
    struct lamp_config config;
    struct stage *stage;      /* owned */
    struct loop_timer *timer; /* NULL while none runs */
    struct loop_timer *warm;  /* NULL once all fonts are open */
    size_t warmed;            /* scripts */
    struct sign_frame frame;  /* what is lit, unless `stale` */
    struct sign_frame next;   /* being made */
    bool stale;               /* the last swap failed */
    /* To be told as lit when a swap succeeds. */
    char first_id[ID_TEXT_SIZE];
    int64_t first_revision;
    struct metric *swaps, *failures, *messages;
};

static void warm_next(void *context)
{
    struct lamp *lamp = context;
    if (sign_shape_warm(lamp->config.fonts, lamp->warmed++)) { return; }
    loop_timer_stop(lamp->warm);
    lamp->warm = NULL;
}

struct lamp *lamp_new(const struct lamp_config *config)
{
    struct lamp *lamp = MEM_NEW(struct lamp);
    lamp->config = *config;
    lamp->stage = stage_new();
    lamp->warm = loop_timer_start(config->loop, warm_us, warm_us, warm_next, lamp);
    sign_frame_clear(&lamp->frame, config->screen.width, config->screen.height);
    lamp->swaps = metric_counter("tocsin_sign_swaps_total", "Frames that were lit.", NULL);
    lamp->failures =
        metric_counter("tocsin_sign_failures_total", "Frames that the panel refused.", NULL);
    lamp->messages = metric_gauge("tocsin_sign_messages", "Messages on the stage.", NULL);
    return lamp;
}

void lamp_free(struct lamp *lamp)
{
    if (!lamp) { return; }
    loop_timer_stop(lamp->timer);
    loop_timer_stop(lamp->warm);
    stage_free(lamp->stage);
    free(lamp);
}

enum err lamp_put(struct lamp *lamp, const struct alert *alert, bool was_lit, struct why *why)
{
    static const enum sign_purpose purposes[] = {[ALERT_STATUS_ACTUAL] = SIGN_PURPOSE_ACTUAL,
                                                 [ALERT_STATUS_EXERCISE] = SIGN_PURPOSE_EXERCISE,
                                                 [ALERT_STATUS_TEST] = SIGN_PURPOSE_TEST};
    struct sign_words words[ALERT_TEXT_MAX];
    for (size_t i = 0; i < alert->text_count; i++) {
        words[i] = (struct sign_words){alert->texts[i].language, alert->texts[i].text};
    }
    const struct sign_message message = {.tier = alert->tier,
                                         .words = words,
                                         .count = alert->text_count,
                                         .purpose = purposes[alert->status]};
    CLEANUP(sign_show_free_p) struct sign_show *show = NULL;
    enum err err = sign_show_new(&show, lamp->config.fonts, &lamp->config.screen, &message, why);
    if (err) { return err; }
    struct stage_entry entry = {.revision = alert->revision,
                                .tier = alert->tier,
                                .drill = alert->status != ALERT_STATUS_ACTUAL,
                                .begin_us = alert->begin_us,
                                .expire_us = alert->expire_us,
                                .was_lit = was_lit,
                                .show = show};
    memcpy(entry.alert_id, alert->id, sizeof entry.alert_id);
    err = stage_put(lamp->stage, &entry, why);
    if (!err) { show = NULL; } /* the stage has taken it */
    return err;
}

bool lamp_remove(struct lamp *lamp, const char *alert_id)
{
    return stage_remove(lamp->stage, alert_id);
}

/* Swaps when the lamps change; true when the next frame is what people see. */
static bool swap(struct lamp *lamp)
{
    const struct sign_frame *frame = &lamp->next;
    if (!lamp->stale && span_equal(sign_frame_bytes(frame), sign_frame_bytes(&lamp->frame))) {
        return true;
    }
    struct why why = {0};
    const int64_t now_us = sane_clock_now_us(lamp->config.clock);
    lamp->stale = sign_driver_swap(&lamp->config.driver, frame, now_us, &why) != OK;
    if (lamp->stale) {
        metric_add(lamp->failures, 1);
        log_event(LOG_LEVEL_ERROR, "sign.swap_failed", "why", why.text, NULL);
        return false;
    }
    lamp->frame = *frame;
    metric_add(lamp->swaps, 1);
    return true;
}

static void due(void *context)
{
    struct lamp *lamp = context;
    lamp->timer = NULL; /* a one-shot frees itself */
    lamp_refresh(lamp);
}

static void tell_first(struct lamp *lamp, const struct stage_turn *turn)
{
    const bool same =
        strcmp(lamp->first_id, turn->alert_id) == 0 && lamp->first_revision == turn->revision;
    if (lamp->first_id[0] == '\0' || !same) { return; }
    lamp->first_id[0] = '\0';
    lamp->config.lit(lamp->config.context, turn->alert_id, turn->revision);
}

void lamp_refresh(struct lamp *lamp)
{
    const struct stage_time now = {sane_clock_now_us(lamp->config.clock), clock_monotonic_us()};
    struct stage_turn turn;
    stage_turn(lamp->stage, now, &turn);
    metric_set(lamp->messages, (int64_t)stage_count(lamp->stage));
    sign_frame_clear(&lamp->next, lamp->config.screen.width, lamp->config.screen.height);
    if (turn.show) { sign_show_render(turn.show, turn.shown_us, &lamp->next); }
    if (turn.first) {
        memcpy(lamp->first_id, turn.alert_id, sizeof lamp->first_id);
        lamp->first_revision = turn.revision;
    }
    loop_timer_stop(lamp->timer);
    const int64_t wait_us = turn.wait_us < ask_us ? turn.wait_us : ask_us;
    lamp->timer = loop_timer_start(lamp->config.loop, wait_us > 0 ? wait_us : 1, 0, due, lamp);
    if (swap(lamp) && turn.show) { tell_first(lamp, &turn); }
}
