#include "trust/replay.h"

#include "base/id.h"
#include "base/text.h"
#include "check.h"

static struct id ids[4000];

static bool offer(struct replay *replay, const char *issuer, size_t id, int64_t time_us)
{
    if (!replay_fresh(replay, issuer, ids[id].text, time_us)) { return false; }
    replay_admit(replay, issuer, ids[id].text, time_us);
    return true;
}

struct told {
    char names[8][REPLAY_ISSUER_SIZE];
    int64_t times[8];
    size_t count;
};

static void tell(void *context, const char *issuer, int64_t timestamp_us)
{
    struct told *told = context;
    if (told->count == 8 || !text_copy(told->names[told->count], REPLAY_ISSUER_SIZE, issuer)) {
        abort();
    }
    told->times[told->count++] = timestamp_us;
}

static void test_once(void)
{
    struct replay *replay = replay_new(8, 8);
    CHECK(offer(replay, "edge/a", 0, 100));
    CHECK(!offer(replay, "edge/a", 0, 100));
    CHECK(!offer(replay, "edge/a", 0, 101)); /* the same identifier with another time */
    CHECK(offer(replay, "edge/a", 1, 100));  /* two of the same moment */
    CHECK(offer(replay, "edge/a", 2, 50));   /* overtaken on the way */
    CHECK(offer(replay, "edge/b", 0, 100));  /* another's identifiers are no concern of ours */
    replay_free(replay);
    replay_free(NULL);
}

static void test_floor_rises(void)
{
    struct replay *replay = replay_new(8, 4);
    for (size_t i = 0; i < 10; i++) {
        CHECK(offer(replay, "edge/a", i, (int64_t)i));
    }
    for (size_t i = 0; i < 10; i++) {
        CHECK(!offer(replay, "edge/a", i, (int64_t)i)); /* remembered, or below the floor */
    }
    CHECK(!offer(replay, "edge/a", 20, 5)); /* the floor: 5 is the newest that was forgotten */
    CHECK(offer(replay, "edge/a", 21, 6));
    CHECK(offer(replay, "edge/b", 22, 1)); /* the noise of one does not silence another */
    replay_free(replay);
}

static void test_marks(void)
{
    struct replay *replay = replay_new(8, 8);
    struct told told = {0};
    CHECK(offer(replay, "edge/a", 0, 100));
    CHECK(offer(replay, "edge/a", 1, 90));
    CHECK(offer(replay, "gateway/g", 2, 70));
    replay_marks_each(replay, tell, &told);
    CHECK(told.count == 2);
    CHECK_TEXT(told.names[0], "edge/a");
    CHECK(told.times[0] == 100 && told.times[1] == 70);
    told.count = 0;
    CHECK(offer(replay, "edge/a", 3, 95)); /* not newer than the mark: nothing to store */
    replay_marks_each(replay, tell, &told);
    CHECK(told.count == 0);
    replay_free(replay);

    replay = replay_new(8, 8); /* after a restart */
    replay_mark_set(replay, "edge/a", 100);
    replay_mark_set(replay, "edge/a", 40); /* an older mark changes nothing */
    CHECK(!offer(replay, "edge/a", 0, 100));
    CHECK(!offer(replay, "edge/a", 9, 99));
    CHECK(offer(replay, "edge/a", 9, 101));
    replay_free(replay);
}

static void test_issuers_bounded(void)
{
    struct replay *replay = replay_new(2, 8);
    struct told told = {0};
    CHECK(offer(replay, "edge/a", 0, 100));
    CHECK(offer(replay, "edge/b", 1, 200));
    CHECK(offer(replay, "edge/a", 2, 110));
    CHECK(offer(replay, "edge/c", 3, 50)); /* b was used least recently; its mark stays */
    CHECK(!offer(replay, "edge/b", 1, 200));
    CHECK(!offer(replay, "edge/d", 4, 200));
    CHECK(offer(replay, "edge/b", 5, 201)); /* now a goes */
    CHECK(!offer(replay, "edge/a", 0, 100));
    CHECK(offer(replay, "edge/c", 6, 60)); /* c is known, its own floor counts */
    replay_marks_each(replay, tell, &told);
    CHECK(told.count == 3);
    CHECK_TEXT(told.names[2], REPLAY_OTHERS);
    CHECK(told.times[2] == 200);
    replay_free(replay);

    replay = replay_new(2, 8);
    replay_mark_set(replay, REPLAY_OTHERS, 200);
    CHECK(!offer(replay, "edge/new", 0, 200));
    CHECK(offer(replay, "edge/new", 0, 201));
    replay_free(replay);
}

/* Against a plain list of everything that was ever admitted: nothing may be admitted twice. */
static void test_never_twice(void)
{
    static const char *const names[] = {"edge/a", "edge/b", "edge/c", "edge/d", "edge/e"};
    static bool admitted[ARRAY_LEN(names)][ARRAY_LEN(ids)];
    struct replay *replay = replay_new(3, 16);
    uint32_t dice = 1;
    size_t twice = 0;
    size_t count = 0;
    for (size_t step = 0; step < 20000; step++) {
        dice = dice * 1664525U + 1013904223U;
        const size_t who = (dice >> 8) % ARRAY_LEN(names);
        const size_t back = (dice >> 16) % 40;
        const size_t id = step / 5 > back ? step / 5 - back : 0;
        if (offer(replay, names[who], id, (int64_t)id)) {
            twice += admitted[who][id];
            admitted[who][id] = true;
            count++;
        }
    }
    printf("# %zu admitted\n", count);
    CHECK(twice == 0 && count > 500);
    replay_free(replay);
}

/* The clock was a day ahead for a while. */
static void test_turned_back(void)
{
    struct replay *replay = replay_new(8, 4);
    struct told told = {.count = 0};
    CHECK(offer(replay, "edge/a", 0, 100));
    CHECK(offer(replay, "edge/a", 1, 9000));
    CHECK(offer(replay, "edge/b", 2, 150));
    CHECK(!replay_turn_back(replay, 9000, 8990)); /* within the clocks' skew */
    CHECK(replay_turn_back(replay, 230, 200));
    CHECK(!replay_turn_back(replay, 230, 200));
    replay_marks_each(replay, tell, &told);
    CHECK(told.count == 2 && told.times[0] == 200 && told.times[1] == 150);
    for (size_t i = 3; i < 8; i++) { /* and nothing in the ring raises a floor beyond it */
        CHECK(offer(replay, "edge/a", i, 200 + (int64_t)i));
    }
    CHECK(!offer(replay, "edge/a", 0, 100));

    /* after a restart the stored mark is the floor */
    struct replay *other = replay_new(8, 4);
    replay_mark_set(other, "edge/a", 9000);
    CHECK(!offer(other, "edge/a", 3, 210));
    CHECK(replay_turn_back(other, 230, 200));
    CHECK(offer(other, "edge/a", 3, 210));
    CHECK(!offer(other, "edge/a", 4, 199));
    replay_free(other);
    replay_free(replay);
}

int main(void)
{
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        ids[i] = id_new(0);
    }
    test_once();
    test_floor_rises();
    test_marks();
    test_issuers_bounded();
    test_never_twice();
    test_turned_back();
    return CHECK_DONE();
}
