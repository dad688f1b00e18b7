#include "sign/board.h"

#include <assert.h>
#include <string.h>

struct place {
    struct board_entry entry; /* owns entry.show */
    int64_t shown_us;         /* in all */
    int64_t turn_us;          /* in its present turn */
    uint64_t last_turn;       /* number of the turn that it finished last; 0 = not lit yet */
};

struct board {
    struct place places[BOARD_COUNT_MAX]; /* the first `count`, in the order of coming */
    size_t count;
    char lit_id[ID_TEXT_SIZE]; /* "" while dark */
    int64_t lit_at_us;         /* monotonic: until when the lit one's time is counted */
    uint64_t turns;
};

struct board *board_new(void)
{
    struct board *board = MEM_NEW(struct board);
    board->turns = 1;
    return board;
}

void board_free(struct board *board)
{
    if (!board) { return; }
    for (size_t i = 0; i < board->count; i++) {
        sign_show_free(board->places[i].entry.show);
    }
    free(board);
}

size_t board_count(const struct board *board)
{
    return board->count;
}

static struct place *find(struct board *board, const char *alert_id)
{
    for (size_t i = 0; i < board->count; i++) {
        if (strcmp(board->places[i].entry.alert_id, alert_id) == 0) { return &board->places[i]; }
    }
    return NULL;
}

static void drop(struct board *board, struct place *place)
{
    const size_t index = (size_t)(place - board->places);
    sign_show_free(place->entry.show);
    board->count--;
    memmove(place, place + 1, (board->count - index) * sizeof *place);
}

bool board_remove(struct board *board, const char *alert_id)
{
    struct place *place = find(board, alert_id);
    if (place) { drop(board, place); }
    return place != NULL;
}

/* Makes room on a full board for a message of `tier`. */
static bool give_way(struct board *board, enum tier tier)
{
    struct place *least = &board->places[0];
    for (size_t i = 1; i < board->count; i++) {
        if (board->places[i].entry.tier <= least->entry.tier) { least = &board->places[i]; }
    }
    if (least->entry.tier >= tier) { return false; }
    drop(board, least);
    return true;
}

enum err board_put(struct board *board, const struct board_entry *entry, struct why *why)
{
    assert(entry->show && entry->alert_id[0]);
    struct place *place = find(board, entry->alert_id);
    if (place) {
        sign_show_free(place->entry.show);
        if (strcmp(board->lit_id, entry->alert_id) == 0) { board->lit_id[0] = '\0'; }
    } else if (board->count == BOARD_COUNT_MAX && !give_way(board, entry->tier)) {
        return why_set(why, ERR_LIMIT, "the sign holds %d messages already, none less grave",
                       BOARD_COUNT_MAX);
    } else {
        place = &board->places[board->count++];
    }
    *place = (struct place){.entry = *entry};
    if (entry->was_lit) { place->last_turn = 1; }
    return OK;
}

static void drop_expired(struct board *board, int64_t wall_us)
{
    for (size_t i = board->count; i > 0; i--) {
        if (board->places[i - 1].entry.expire_us <= wall_us) { drop(board, &board->places[i - 1]); }
    }
}

/* Counts the time that has passed for the message that was lit. */
static void pass_time(struct board *board, int64_t monotonic_us)
{
    struct place *lit = find(board, board->lit_id);
    if (lit) {
        const int64_t passed_us = monotonic_us - board->lit_at_us;
        lit->shown_us += passed_us;
        lit->turn_us += passed_us;
        if (lit->turn_us >= sign_show_cycle_us(lit->entry.show)) {
            lit->turn_us = 0;
            lit->last_turn = ++board->turns;
        }
    }
    board->lit_at_us = monotonic_us;
}

/* Whether `a` is to be lit rather than `b`; the lit one keeps its place while its turn lasts. */
static bool before(const struct board *board, const struct place *a, const struct place *b)
{
    if (a->entry.tier != b->entry.tier) { return a->entry.tier > b->entry.tier; }
    const bool a_new = a->last_turn == 0 && a->shown_us == 0;
    const bool b_new = b->last_turn == 0 && b->shown_us == 0;
    if (a_new != b_new) { return a_new; }
    const bool a_keeps = a->turn_us > 0 && strcmp(a->entry.alert_id, board->lit_id) == 0;
    const bool b_keeps = b->turn_us > 0 && strcmp(b->entry.alert_id, board->lit_id) == 0;
    if (a_keeps != b_keeps) { return a_keeps; }
    return a->last_turn < b->last_turn;
}

static struct place *choose(struct board *board, int64_t wall_us, int64_t *wait_us)
{
    struct place *best = NULL;
    for (size_t i = 0; i < board->count; i++) {
        struct place *place = &board->places[i];
        const int64_t begins_in_us = place->entry.begin_us - wall_us;
        const int64_t ends_in_us = place->entry.expire_us - wall_us;
        const int64_t changes_us = begins_in_us > 0 ? begins_in_us : ends_in_us;
        if (changes_us < *wait_us) { *wait_us = changes_us; }
        if (begins_in_us > 0) { continue; }
        if (!best || before(board, place, best)) { best = place; }
    }
    return best;
}

void board_turn(struct board *board, struct board_time now, struct board_turn *turn)
{
    pass_time(board, now.monotonic_us);
    drop_expired(board, now.wall_us);
    *turn = (struct board_turn){.wait_us = INT64_MAX};
    struct place *lit = choose(board, now.wall_us, &turn->wait_us);
    board->lit_id[0] = '\0';
    if (!lit) { return; }
    memcpy(board->lit_id, lit->entry.alert_id, sizeof board->lit_id);
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
