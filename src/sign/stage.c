#include "sign/stage.h"

#include <assert.h>
#include <string.h>

struct place {
    struct stage_entry entry; /* owns entry.show */
    int64_t shown_us;         /* in all */
    int64_t turn_us;          /* in its present turn */
    uint64_t last_turn;       /* number of the turn that it finished last; 0 = not lit yet */
};

struct stage {
    struct place places[STAGE_COUNT_MAX]; /* the first `count`, in the order of coming */
    size_t count;
    char lit_id[ID_TEXT_SIZE]; /* "" while dark */
    int64_t lit_at_us;         /* monotonic: until when the lit one's time is counted */
    uint64_t turns;
};

struct stage *stage_new(void)
{
    struct stage *stage = MEM_NEW(struct stage);
    stage->turns = 1;
    return stage;
}

void stage_free(struct stage *stage)
{
    if (!stage) { return; }
    for (size_t i = 0; i < stage->count; i++) {
        sign_show_free(stage->places[i].entry.show);
    }
    free(stage);
}

size_t stage_count(const struct stage *stage)
{
    return stage->count;
}

static struct place *find(struct stage *stage, const char *alert_id)
{
    for (size_t i = 0; i < stage->count; i++) {
        if (strcmp(stage->places[i].entry.alert_id, alert_id) == 0) { return &stage->places[i]; }
    }
    return NULL;
}

static void drop(struct stage *stage, struct place *place)
{
    const size_t index = (size_t)(place - stage->places);
    sign_show_free(place->entry.show);
    stage->count--;
    memmove(place, place + 1, (stage->count - index) * sizeof *place);
}

bool stage_remove(struct stage *stage, const char *alert_id)
{
    struct place *place = find(stage, alert_id);
    if (place) { drop(stage, place); }
    return place != NULL;
}

/* How grave it is: nothing that is not real stands in the way of what is. */
static int weight(const struct stage_entry *entry)
{
    return (entry->drill ? 0 : TIER_COUNT) + (int)entry->tier;
}

/* Makes room on a full stage for a message of that weight. */
static bool give_way(struct stage *stage, int weighs)
{
    struct place *least = &stage->places[0];
    for (size_t i = 1; i < stage->count; i++) {
        if (weight(&stage->places[i].entry) <= weight(&least->entry)) { least = &stage->places[i]; }
    }
    if (weight(&least->entry) >= weighs) { return false; }
    drop(stage, least);
    return true;
}

enum err stage_put(struct stage *stage, const struct stage_entry *entry, struct why *why)
{
    assert(entry->show && entry->alert_id[0]);
    struct place *place = find(stage, entry->alert_id);
    if (place) {
        sign_show_free(place->entry.show);
        if (strcmp(stage->lit_id, entry->alert_id) == 0) { stage->lit_id[0] = '\0'; }
    } else if (stage->count == STAGE_COUNT_MAX && !give_way(stage, weight(entry))) {
        return why_set(why, ERR_LIMIT, "the sign holds %d messages already, none less grave",
                       STAGE_COUNT_MAX);
    } else {
        place = &stage->places[stage->count++];
    }
    *place = (struct place){.entry = *entry};
    if (entry->was_lit) { place->last_turn = 1; }
    return OK;
}

static void drop_expired(struct stage *stage, int64_t wall_us)
{
    for (size_t i = stage->count; i > 0; i--) {
        if (stage->places[i - 1].entry.expire_us <= wall_us) { drop(stage, &stage->places[i - 1]); }
    }
}

/* Counts the time that has passed for the message that was lit. */
static void pass_time(struct stage *stage, int64_t monotonic_us)
{
    struct place *lit = find(stage, stage->lit_id);
    if (lit) {
        const int64_t passed_us = monotonic_us - stage->lit_at_us;
        lit->shown_us += passed_us;
        lit->turn_us += passed_us;
        if (lit->turn_us >= sign_show_cycle_us(lit->entry.show)) {
            lit->turn_us = 0;
            lit->last_turn = ++stage->turns;
        }
    }
    stage->lit_at_us = monotonic_us;
}

/* Whether `a` is to be lit rather than `b`; the lit one keeps its place while its turn lasts. */
static bool before(const struct stage *stage, const struct place *a, const struct place *b)
{
    if (weight(&a->entry) != weight(&b->entry)) { return weight(&a->entry) > weight(&b->entry); }
    const bool a_new = a->last_turn == 0 && a->shown_us == 0;
    const bool b_new = b->last_turn == 0 && b->shown_us == 0;
    if (a_new != b_new) { return a_new; }
    const bool a_keeps = a->turn_us > 0 && strcmp(a->entry.alert_id, stage->lit_id) == 0;
    const bool b_keeps = b->turn_us > 0 && strcmp(b->entry.alert_id, stage->lit_id) == 0;
    if (a_keeps != b_keeps) { return a_keeps; }
    return a->last_turn < b->last_turn;
}

static struct place *choose(struct stage *stage, int64_t wall_us, int64_t *wait_us)
{
    struct place *best = NULL;
    for (size_t i = 0; i < stage->count; i++) {
        struct place *place = &stage->places[i];
        const int64_t begins_in_us = place->entry.begin_us - wall_us;
        const int64_t ends_in_us = place->entry.expire_us - wall_us;
        const int64_t changes_us = begins_in_us > 0 ? begins_in_us : ends_in_us;
        if (changes_us < *wait_us) { *wait_us = changes_us; }
        if (begins_in_us > 0) { continue; }
        if (!best || before(stage, place, best)) { best = place; }
    }
    return best;
}

void stage_turn(struct stage *stage, struct stage_time now, struct stage_turn *turn)
{
    pass_time(stage, now.monotonic_us);
    drop_expired(stage, now.wall_us);
    *turn = (struct stage_turn){.wait_us = INT64_MAX};
    struct place *lit = choose(stage, now.wall_us, &turn->wait_us);
    stage->lit_id[0] = '\0';
    if (!lit) { return; }
    memcpy(stage->lit_id, lit->entry.alert_id, sizeof stage->lit_id);
    memcpy(turn->alert_id, lit->entry.alert_id, sizeof turn->alert_id);
    turn->show = lit->entry.show;
    turn->shown_us = lit->shown_us;
    turn->revision = lit->entry.revision;
    turn->first = !lit->entry.was_lit;
    lit->entry.was_lit = true;
    const int64_t changes_us = sign_show_wait_us(lit->entry.show, lit->shown_us);
    const int64_t turn_us = sign_show_cycle_us(lit->entry.show) - lit->turn_us;
    const int64_t own_us = changes_us < turn_us ? changes_us : turn_us;
    if (own_us < turn->wait_us) { turn->wait_us = own_us; }
}
