#include "release/publish.h"

#include <unistd.h>

#include "check.h"
#include "lib/scratch.h"
#include "system/file.h"
#include "unit/release/archives.h"
#include "unit/wire/store_peer.h"

static char folder[] = "/tmp/tocsin-publish-XXXXXX";
static char file[FILE_PATH_SIZE];
static struct publish publish;
static struct publish_report report;

static enum err put(const char *name, struct why *why)
{
    archives_make_public(file, name);
    return publish_archive(&publish, file, clock_wall_us(), &report, why);
}

static void test_ways(void)
{
    struct why why = {""};
    CHECK(put("one", &why) == OK && report.changed && report.upload == UPLOAD_END_SENT);
    CHECK(report.purge == PUBLISH_PURGE_DONE && strstr(peer.purged, "current.json"));
    char key[300];
    (void)snprintf(key, sizeof key, "b/m/%s", report.release.archive);
    CHECK(peer_find(key) && strncmp(report.release.archive, "t-", 2) == 0);
    peer_forget();
    CHECK(put("one", &why) == OK && !report.changed && report.upload == UPLOAD_END_THERE);
    CHECK(peer_count("PUT") == 0 && report.purge == PUBLISH_PURGE_NONE);
    CHECK(put("two", &why) == OK && report.changed && report.dropped == 0);
    CHECK(publish_go_back(&publish, NULL, clock_wall_us(), &report, &why) == OK && report.changed);
    (void)snprintf(key, sizeof key, "b/m/%s", report.release.archive);
    CLEANUP(text_deinit) struct text one = text_limited(1 << 20);
    archives_make_public(file, "one");
    CHECK(file_read(&one, file, NULL) == OK);
    CHECK(peer_find(key) &&
          span_equal(text_span(&one), span_of(peer_find(key)->data, peer_find(key)->size)));
    CHECK(publish_go_back(&publish, NULL, clock_wall_us(), &report, &why) == ERR_NOT_FOUND);
    CHECK(put("three", &why) == OK && report.dropped == 1); /* two are kept */
    CLEANUP(text_deinit) struct text json = text_limited(4096);
    publish_report_write(&report, &json);
    CHECK(strstr(text_c(&json),
                 "\"upload\":\"sent\",\"changed\":true,\"purge\":\"done\",\"dropped\":1") != NULL);
}

static void test_purge(void)
{
    struct why why = {""};
    const struct purge *purge = publish.purge;
    peer_forget();
    peer_fail("purge_cache", 503, 9, false);
    CHECK(put("four", &why) == OK && report.purge == PUBLISH_PURGE_FAILED &&
          report.purge_why.text[0]);
    CLEANUP(text_deinit) struct text json = text_limited(4096);
    publish_report_write(&report, &json);
    CHECK(strstr(text_c(&json), "\"purge\":\"failed\",\"purge_why\":\"") != NULL);
    publish.purge = NULL;
    CHECK(put("four", &why) == OK && report.purge == PUBLISH_PURGE_NONE);
    publish.purge = purge;
    peer_forget();
    CHECK(put("four", &why) == OK && !report.changed &&
          report.purge == PUBLISH_PURGE_DONE); /* it was remembered */
    CHECK(put("four", &why) == OK && report.purge == PUBLISH_PURGE_NONE);
}

static void test_faults(void)
{
    struct why why = {""};
    peer_forget();
    CHECK(publish_archive(&publish, "/nonexistent", 0, &report, &why) == ERR_NOT_FOUND);
    archives_make(file, "unsaid");
    CHECK(publish_archive(&publish, file, 0, &report, &why) == ERR_DENIED);
    CHECK(peer_count("PUT") == 0 && peer_count("POST") == 0);
    peer_fail("PUT b/m/t-", 403, 1, false);
    CHECK(put("five", &why) == ERR_DENIED &&
          peer_count("PUT b/m/current.json") == 0); /* the archive first */
    peer.write_only = true;
    CHECK(put("six", &why) == OK && report.kept_on == 1 &&
          report.dropped == 0); /* it may not delete */
    peer.write_only = false;
    publish.name = "a/b";
    CHECK(put("seven", &why) == ERR_RANGE);
    publish.name = "t";
    int first = -1;
    int second = -1;
    CHECK(publish_lock(&first, folder, &why) == OK);
    CHECK(publish_lock(&second, folder, &why) == ERR_CONFLICT && second == -1);
    file_close_p(&first);
    CHECK(publish_lock(&second, folder, &why) == OK);
    file_close_p(&second);
    CHECK(publish_lock(&second, "/proc/none", &why) != OK);
}

int main(void)
{
    if (!mkdtemp(folder) || file_join(file, folder, "archive", NULL)) { abort(); }
    peer_open();
    struct s3 *s3 = peer_client(3);
    char api[64];
    struct secret *token = NULL;
    if (secret_new(&token, span_text("good"), NULL)) { abort(); }
    (void)snprintf(api, sizeof api, "http://127.0.0.1:%d", http_server_port(peer.server));
    const struct purge purge = {.api = api,
                                .zone = "z",
                                .url = "https://x/current.json",
                                .token = token,
                                .attempts_max = 2,
                                .pause_least_ms = 1};
    publish = (struct publish){.s3 = s3,
                               .folder = folder,
                               .prefix = "m/",
                               .name = "t",
                               .keep = 2,
                               .part_size = 5 << 20,
                               .at_once = 1,
                               .conditional = true,
                               .cache_s = 60,
                               .purge = &purge};
    test_ways();
    test_purge();
    test_faults();
    secret_free(token);
    s3_close(s3);
    peer_close();
    peer_end_clients();
    scratch_remove(folder);
    return CHECK_DONE();
}
