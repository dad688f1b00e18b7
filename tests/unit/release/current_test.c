#include "release/current.h"

#include <stdio.h>

#include "check.h"

enum { NOW_US = 1790000000 };

static struct release release_of(char letter, int64_t published_us)
{
    char sha256[RELEASE_SHA256_SIZE];
    struct release release = {.size = 1000 + letter, .published_us = published_us * 1000000};
    memset(sha256, letter, sizeof sha256 - 1);
    sha256[sizeof sha256 - 1] = '\0';
    CHECK(release_name(&release, "tactical", sha256, NULL) == OK);
    return release;
}

static struct release dropped[CURRENT_RELEASES_MAX + 1];
static size_t dropped_count;

static bool advance(struct current *current, char letter, size_t keep)
{
    const struct release release = release_of(letter, NOW_US + letter);
    return current_advance(current, &release, keep, dropped, &dropped_count);
}

static void test_forth_and_back(void)
{
    static struct current current;
    CHECK(advance(&current, 'a', 3) && current.count == 1 && current.now == 0);
    CHECK(!advance(&current, 'a', 3) && dropped_count == 0); /* nothing new */
    CHECK(advance(&current, 'b', 3) && advance(&current, 'c', 3) && dropped_count == 0);
    CHECK(advance(&current, 'd', 3) && dropped_count == 1 && dropped[0].sha256[0] == 'a');
    CHECK(current.count == 3 && current.releases[0].sha256[0] == 'd');

    struct why why = {""};
    CHECK(current_go_back(&current, NULL, 5, &why) == OK && current.now == 1);
    CHECK(current.changed_us == 5 && current.releases[current.now].sha256[0] == 'c');
    CHECK(current_go_back(&current, NULL, 6, &why) == OK && current.now == 2);
    CHECK(current_go_back(&current, NULL, 7, &why) == ERR_NOT_FOUND && current.now == 2);
    CHECK(current_go_back(&current, "dddddddd", 8, &why) == OK && current.now == 0);
    CHECK(current_go_back(&current, "aaaaaaaa", 9, &why) == ERR_NOT_FOUND);
    CHECK(current_go_back(&current, "", 9, &why) == ERR_CONFLICT);

    /* After going back, the newest may be made the map again: it moves, it is not doubled. */
    CHECK(current_go_back(&current, "cccccccc", 9, &why) == OK);
    CHECK(advance(&current, 'd', 3) && current.count == 3 && current.now == 0);
    CHECK(dropped_count == 0 && current.releases[1].sha256[0] == 'c');
    CHECK(advance(&current, 'e', 0) && current.count == 2 && dropped_count == 2); /* never one */
}

static void test_text(void)
{
    static struct current current;
    static struct current read;
    struct why why = {""};
    CHECK(advance(&current, 'a', 5) && advance(&current, 'b', 5));
    CHECK(current_go_back(&current, NULL, INT64_C(1800000000000000), &why) == OK);
    CLEANUP(text_deinit) struct text json = text_limited(CURRENT_SIZE_MAX);
    current_write(&current, &json);
    CHECK(strstr(text_c(&json), "{\"format\":1,\"archive\":\"tactical-aaaa") == text_c(&json));
    CHECK(strstr(text_c(&json), "\"changed_at\":\"2027-01-15T08:00:00.000000Z\"") != NULL);
    CHECK(current_read(&read, text_span(&json), &why) == OK);
    CHECK(read.count == 2 && read.now == 1 && read.changed_us == current.changed_us);
    CHECK(memcmp(&read.releases[0].size, &current.releases[0].size, sizeof read.releases[0].size) ==
          0);
    CHECK_TEXT(read.releases[1].archive, current.releases[1].archive);

    for (size_t i = 0; i < CURRENT_RELEASES_MAX; i++) { /* the largest fits */
        (void)advance(&current, (char)('0' + i % 10), CURRENT_RELEASES_MAX);
    }
    text_clear(&json);
    current_write(&current, &json);
    CHECK(!json.overflow && current_read(&read, text_span(&json), &why) == OK);
}

static void refuses(const char *json, const char *reason)
{
    static struct current read;
    struct why why = {""};
    CHECK(current_read(&read, span_text(json), &why) != OK);
    check_(strstr(why.text, reason) != NULL, why.text, __FILE__, __LINE__);
}

#define HASH "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ONE(name)                                                                                  \
    "\"archive\":\"" name "\",\"sha256\":\"" HASH "\",\"size\":5,"                                 \
    "\"published_at\":\"2026-01-01T00:00:00Z\""

static void test_refused(void)
{
    refuses("{", "current.json");
    refuses("{\"format\":2}", "format");
    refuses("{\"format\":1," ONE("../x.pmtiles") "}", "no archive's name");
    refuses("{\"format\":1," ONE("a.pmtiles") "}", "changed_at");
    refuses("{\"format\":1," ONE("a.pmtiles") ",\"changed_at\":\"2026-01-01T00:00:00Z\"}",
            "releases");
    refuses("{\"format\":1," ONE("a.pmtiles") ",\"changed_at\":\"2026-01-01T00:00:00Z\","
                                              "\"releases\":[{}]}",
            "archive");
    struct release release = {0};
    CHECK(release_name(&release, "a/b", HASH, NULL) == ERR_RANGE);
    CHECK(release_name(&release, "", HASH, NULL) == ERR_RANGE);
    CHECK(release_name(&release, "a", "abc", NULL) == ERR_RANGE);
}

int main(void)
{
    test_forth_and_back();
    test_text();
    test_refused();
    return CHECK_DONE();
}
