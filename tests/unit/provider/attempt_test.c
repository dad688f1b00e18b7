#include "provider/attempt.h"

#include "base/text.h"
#include "check.h"
#include "unit/people/people_database.h"

static const int64_t NOW_US = 1800000000000000;

static struct attempt_words begin(struct attempt_store *store, const char *network, int64_t now_us)
{
    struct attempt_words words;
    struct attempt attempt = {
        .purpose = ATTEMPT_PURPOSE_LINK, .subject = "session-1", .return_path = "/account"};
    CHECK(text_copy(attempt.network, sizeof attempt.network, network));
    CHECK(attempt_begin(store, &attempt, now_us, &words, NULL) == OK);
    CHECK(strlen(attempt.nonce) == 43 && strlen(attempt.verifier) == 43); /* RFC 7636, 4.1 */
    CHECK(strcmp(attempt.nonce, attempt.verifier) != 0 && strcmp(words.state, words.browser) != 0);
    return words;
}

static enum err take(struct attempt_store *store, const char *state, const char *browser,
                     int64_t now_us)
{
    struct attempt_words words;
    struct attempt attempt;
    CHECK(text_copy(words.state, sizeof words.state, state));
    CHECK(text_copy(words.browser, sizeof words.browser, browser));
    return attempt_take(store, &words, now_us, &attempt, NULL);
}

static void test_once(struct attempt_store *store)
{
    const struct attempt_words words = begin(store, "192.0.2.1", NOW_US);
    struct attempt found = {.network = "x"};
    CHECK(attempt_take(store, &words, NOW_US + 1, &found, NULL) == OK);
    CHECK(found.purpose == ATTEMPT_PURPOSE_LINK);
    CHECK_TEXT(found.subject, "session-1");
    CHECK_TEXT(found.return_path, "/account");
    CHECK(strlen(found.nonce) == 43 && strlen(found.verifier) == 43);
    CHECK(attempt_take(store, &words, NOW_US + 1, &found, NULL) == ERR_NOT_FOUND); /* replay */
}

/* The answer to one browser's question is worth nothing in another, and is not spent there. */
static void test_browser(struct attempt_store *store)
{
    const struct attempt_words mine = begin(store, "192.0.2.1", NOW_US);
    const struct attempt_words theirs = begin(store, "192.0.2.2", NOW_US);
    CHECK(take(store, mine.state, theirs.browser, NOW_US) == ERR_NOT_FOUND);
    CHECK(take(store, theirs.state, mine.browser, NOW_US) == ERR_NOT_FOUND);
    CHECK(take(store, mine.state, "", NOW_US) == ERR_NOT_FOUND);
    CHECK(take(store, mine.browser, mine.state, NOW_US) == ERR_NOT_FOUND);
    CHECK(take(store, mine.state, mine.browser, NOW_US) == OK);
    CHECK(take(store, theirs.state, theirs.browser, NOW_US) == OK);
}

static void test_time(struct attempt_store *store)
{
    const struct attempt_words late = begin(store, "192.0.2.1", NOW_US);
    CHECK(take(store, late.state, late.browser, NOW_US + ATTEMPT_LIFE_US) == ERR_NOT_FOUND);
    CHECK(take(store, late.state, late.browser, NOW_US + ATTEMPT_LIFE_US - 1) == OK);
}

/* A network that begins without end crowds out itself alone. */
static void test_bounds(struct attempt_store *store)
{
    const struct attempt_words other = begin(store, "192.0.2.3", NOW_US);
    const struct attempt_words first = begin(store, "192.0.2.4", NOW_US);
    for (int i = 1; i < ATTEMPT_PER_NETWORK_MAX; i++) {
        (void)begin(store, "192.0.2.4", NOW_US + i);
    }
    const struct attempt_words last = begin(store, "192.0.2.4", NOW_US + 1000);
    CHECK(take(store, first.state, first.browser, NOW_US + 1000) == ERR_NOT_FOUND);
    CHECK(take(store, last.state, last.browser, NOW_US + 1000) == OK);
    CHECK(take(store, other.state, other.browser, NOW_US + 1000) == OK);
}

static void test_waiting(struct attempt_store *store)
{
    struct attempt attempt = {.subject = "link-1", .return_path = "/map", .network = "192.0.2.5"};
    struct attempt found = {.network = ""};
    struct attempt_words words;
    CHECK(attempt_wait(store, &attempt, NOW_US, &words, NULL) == OK);
    /* It is no answer of the provider, whoever guesses its state. */
    CHECK(take(store, words.state, words.browser, NOW_US) == ERR_NOT_FOUND);
    for (int i = 0; i < 2; i++) {
        CHECK(attempt_waiting(store, words.browser, NOW_US + 1, &found, NULL) == OK);
        CHECK_TEXT(found.subject, "link-1");
        CHECK_TEXT(found.return_path, "/map");
    }
    CHECK(attempt_waiting(store, "", NOW_US, &found, NULL) == ERR_NOT_FOUND);
    CHECK(attempt_waiting(store, words.browser, NOW_US + ATTEMPT_LIFE_US, &found, NULL) ==
          ERR_NOT_FOUND);
    const struct attempt_words begun = begin(store, "192.0.2.5", NOW_US);
    CHECK(attempt_waiting(store, begun.browser, NOW_US, &found, NULL) == ERR_NOT_FOUND);
    CHECK(attempt_forget(store, words.browser, NULL) == OK);
    CHECK(attempt_waiting(store, words.browser, NOW_US, &found, NULL) == ERR_NOT_FOUND);
}

int main(void)
{
    struct people_database people;
    struct attempt_store *store = NULL;
    people_database_open(&people);
    CHECK(attempt_store_open(&store, people.database, NULL) == OK);
    test_once(store);
    test_browser(store);
    test_time(store);
    test_bounds(store);
    test_waiting(store);
    attempt_store_close(store);
    people_database_close(&people);
    return CHECK_DONE();
}
