#include "evidence/retention.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "system/file.h"

static char media[] = "/tmp/tocsin-retention-XXXXXX";
static const int64_t now_us = 1795315200 * CLOCK_SECOND_US; /* 2026-11-22 */

/* Makes the files of an event that is `hours` old, and says its id. */
static struct id make(const char *camera, int hours, size_t bytes)
{
    const int64_t at_us = now_us - hours * CLOCK_HOUR_US;
    const struct id event = id_new(at_us);
    char day[CLOCK_TEXT_SIZE];
    char path[FILE_PATH_SIZE];
    (void)clock_text(day, at_us);
    (void)snprintf(path, sizeof path, "%s/%s/%.4s%.2s%.2s", media, camera, day, day + 5, day + 8);
    CHECK(file_make_folder(path, 0700, NULL) == OK);
    const size_t size = strlen(path);
    char *content = mem_zeroed(bytes);
    (void)snprintf(path + size, sizeof path - size, "/%s.mp4", event.text);
    CHECK(file_write(path, span_of(content, bytes), 0600, NULL) == OK);
    (void)snprintf(path + size, sizeof path - size, "/%s.jpg", event.text);
    CHECK(file_write(path, span_of(content, 4096), 0600, NULL) == OK);
    free(content);
    return event;
}

static size_t choose(struct retention_list *list, int64_t age_us, int64_t bytes, int64_t room)
{
    const struct retention_limits limits = {
        .age_max_us = age_us, .bytes_max = bytes, .reserve_bytes = 1000000};
    return retention_choose(list, &limits, now_us, room);
}

static void test_choosing(struct retention_list *list)
{
    const int64_t plenty = INT64_C(1) << 40;
    CHECK(choose(list, 0, 0, plenty) == 0);
    CHECK(choose(list, 100 * CLOCK_HOUR_US, 0, plenty) == 0);
    CHECK(choose(list, 25 * CLOCK_HOUR_US, 0, plenty) == 2);
    CHECK(choose(list, 1, 0, plenty) == 2); /* of age, a day's worth at once */
    CHECK(choose(list, 0, 1, plenty) == 3); /* the youngest may still be written */
    CHECK(choose(list, 0, list->bytes, plenty) == 0);
    CHECK(choose(list, 0, list->bytes - 1, plenty) == 1);
    CHECK(choose(list, 0, list->items[3].bytes + list->items[2].bytes, plenty) == 2);
    CHECK(choose(list, 0, 0, 1000000) == 0);
    CHECK(choose(list, 0, 0, 999999) == 1);
    CHECK(choose(list, 0, 0, 1000000 - list->items[0].bytes - 1) == 2);
    struct retention_list empty = {0};
    CHECK(choose(&empty, 1, 1, 0) == 0);
}

/* The clock was a month ahead for a while: what it dated then goes when nothing else is left. */
static void test_future(void)
{
    struct retention_item items[4] = {{.bytes = 10}, {.bytes = 10}, {.bytes = 10}, {.bytes = 10}};
    const int64_t ages_h[] = {50, 0, -700, -701};
    for (size_t i = 0; i < 4; i++) {
        items[i].event = id_new(now_us - ages_h[i] * CLOCK_HOUR_US);
    }
    struct retention_list list = {.items = items, .count = 4, .bytes = 40};
    const struct id young = items[1].event;
    const struct id future = items[2].event;
    CHECK(choose(&list, CLOCK_HOUR_US, 0, INT64_C(1) << 40) == 1);
    CHECK(choose(&list, 0, 25, INT64_C(1) << 40) == 2);
    CHECK(choose(&list, 0, 0, 0) == 3);
    CHECK_TEXT(list.items[1].event.text, future.text);
    CHECK_TEXT(list.items[3].event.text, young.text);
}

int main(void)
{
    struct why why = {0};
    CHECK(mkdtemp(media) != NULL);
    CLEANUP(retention_list_deinit) struct retention_list list = {0};
    CHECK(retention_scan(&list, media, &why) == OK && list.count == 0);
    const struct id young = make("gate", 0, 8192);
    const struct id third = make("yard", 24, 8192);
    const struct id oldest = make("gate", 50, 8192);
    const struct id second = make("yard", 49, 8192);

    /* What is not ours is left alone, and links lead nowhere. */
    char path[FILE_PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s/gate/notes.txt", media);
    CHECK(file_write(path, span_text("x"), 0600, &why) == OK);
    (void)snprintf(path, sizeof path, "%s/elsewhere", media);
    CHECK(symlink("/usr", path) == 0);

    CHECK(retention_scan(&list, media, &why) == OK);
    CHECK(list.count == 4 && list.bytes >= INT64_C(4) * 12288);
    const struct id order[] = {oldest, second, third, young};
    for (size_t i = 0; i < 4 && i < list.count; i++) {
        CHECK_TEXT(list.items[i].event.text, order[i].text);
    }
    test_choosing(&list);
    test_future();

    retention_remove(&list, 0, media);
    retention_remove(&list, 0, media); /* gone already */
    struct retention_list after = {0};
    CHECK(retention_scan(&after, media, &why) == OK && after.count == 3);
    CHECK_TEXT(after.items[0].event.text, second.text);
    retention_list_deinit(&after);

    /* What cannot be played at all goes at recovery, unless it belongs to this run of ours. */
    CHECK(retention_recover(&list, media, now_us) == 1); /* zeros are no clip; 49 h are too old */
    CHECK(retention_scan(&after, media, &why) == OK && after.count == 3);
    retention_list_deinit(&after);

    int64_t room = 0;
    CHECK(retention_free_bytes(&room, media, &why) == OK && room > 0);
    CHECK(retention_free_bytes(&room, "/nowhere", &why) == ERR_IO);
    struct retention_list none = {0};
    CHECK(retention_scan(&none, "/nowhere", &why) == ERR_NOT_FOUND);

    for (size_t i = 1; i < list.count; i++) {
        retention_remove(&list, i, media);
    }
    CHECK(unlink(path) == 0);
    (void)snprintf(path, sizeof path, "%s/gate/notes.txt", media);
    CHECK(unlink(path) == 0);
    (void)snprintf(path, sizeof path, "%s/gate", media);
    CHECK(rmdir(path) == 0); /* the folders of its days are gone */
    (void)snprintf(path, sizeof path, "%s/yard", media);
    CHECK(rmdir(path) == 0);
    CHECK(rmdir(media) == 0);
    return CHECK_DONE();
}
