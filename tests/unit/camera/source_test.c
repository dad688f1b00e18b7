#include "camera/source.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "check.h"
#include "system/worker.h"
#include "test_camera.h"

static const struct source_options usual = {
    .open_timeout_us = 10 * CLOCK_SECOND_US,
    .stall_us = 5 * CLOCK_SECOND_US,
    .run_first = 1,
};

static enum err open_at(struct source **out, struct address **address, const char *url,
                        const struct source_options *options, struct why *why)
{
    struct source_options chosen = *options;
    if (address_new(address, url, why)) { return ERR_MALFORMED; }
    chosen.address = *address;
    return source_open(out, &chosen, why);
}

struct seen {
    unsigned packets, keys;
    uint64_t run_last;
    uint32_t width_last;
    bool first_is_key, decode_grows, captured_grows;
    int64_t media_us, captured_us;
};

static struct seen look(struct source *source, unsigned packets, enum err *end)
{
    struct seen seen = {.decode_grows = true, .captured_grows = true};
    int64_t decode_us = -1;
    int64_t captured_us = -1;
    *end = OK;
    while (seen.packets < packets) {
        CLEANUP(packet_drop_p) struct packet *packet = NULL;
        *end = source_next(source, &packet, NULL);
        if (*end) { break; }
        if (packet->format->run != seen.run_last) { decode_us = -1; }
        if (seen.packets == 0) {
            seen.first_is_key = packet->key;
            seen.captured_us = -packet->captured_us;
        }
        seen.decode_grows = seen.decode_grows && packet->decode_us > decode_us;
        seen.captured_grows = seen.captured_grows && packet->captured_us > captured_us;
        decode_us = packet->decode_us;
        captured_us = packet->captured_us;
        seen.packets++;
        seen.keys += packet->key;
        seen.run_last = packet->format->run;
        seen.width_last = packet->format->width;
    }
    seen.media_us = decode_us;
    seen.captured_us += captured_us;
    return seen;
}

static void test_camera_over(enum source_transport transport)
{
    struct test_camera camera = {0};
    struct why why = {0};
    CHECK(test_camera_start(&camera, NULL));
    struct source_options options = usual;
    options.transport = transport;
    CLEANUP(address_free_p) struct address *address = NULL;
    CLEANUP(source_close_p) struct source *source = NULL;
    const int64_t begun_us = clock_monotonic_us();
    CHECK(open_at(&source, &address, camera.url, &options, &why) == OK);
    if (source) {
        printf("# opened after %d ms\n", (int)((clock_monotonic_us() - begun_us) / 1000));
        enum err end = OK;
        const struct seen seen = look(source, 45, &end);
        CHECK(end == OK && seen.packets == 45 && seen.keys >= 2);
        CHECK(seen.first_is_key && seen.decode_grows && seen.captured_grows);
        CHECK(seen.width_last == 768 && seen.run_last == 1);
        CHECK(seen.media_us > 4300000 && seen.media_us < 4500000);
        printf("# media %d ms, captured %d ms\n", (int)(seen.media_us / 1000),
               (int)(seen.captured_us / 1000));
        /* A busy machine may deliver late, but never makes the stretch longer than it is. */
        CHECK(seen.captured_us > 3000000 && seen.captured_us < 5500000);
        CHECK(source_figures(source).packets == 45);
    } else {
        printf("# %s\n", why.text);
    }
    test_camera_stop(&camera);
}

static void test_resize(void)
{
    struct test_camera camera = {0};
    const char *const more[] = {"--mode", "resize", "--after", "15", NULL};
    CHECK(test_camera_start(&camera, more));
    CLEANUP(address_free_p) struct address *address = NULL;
    CLEANUP(source_close_p) struct source *source = NULL;
    CHECK(open_at(&source, &address, camera.url, &usual, NULL) == OK);
    enum err end = OK;
    if (source) {
        const struct seen seen = look(source, 30, &end);
        printf("# %s: %u packets, run %u, %u wide\n", err_name(end), seen.packets,
               (unsigned)seen.run_last, seen.width_last);
        CHECK(end == OK && seen.run_last == 2 && seen.width_last == 384);
        CHECK(source_run(source) == 2);
    }
    test_camera_stop(&camera);
}

static void test_stall_and_damage(void)
{
    struct test_camera camera = {0};
    const char *const more[] = {"--mode", "stall", "--after", "25", NULL};
    CHECK(test_camera_start(&camera, more));
    struct source_options options = usual;
    options.stall_us = CLOCK_SECOND_US;
    CLEANUP(address_free_p) struct address *address = NULL;
    CLEANUP(source_close_p) struct source *source = NULL;
    CHECK(open_at(&source, &address, camera.url, &options, NULL) == OK);
    enum err end = OK;
    if (source) {
        const struct seen seen = look(source, 100, &end);
        printf("# %s: %u packets\n", err_name(end), seen.packets);
        CHECK(end == ERR_TIMEOUT && seen.packets >= 20 && seen.packets <= 25);
    }
    test_camera_stop(&camera);

    const char *const damage[] = {"--mode", "damage", NULL};
    CHECK(test_camera_start(&camera, damage));
    CLEANUP(address_free_p) struct address *other_address = NULL;
    CLEANUP(source_close_p) struct source *other = NULL;
    CHECK(open_at(&other, &other_address, camera.url, &usual, NULL) == OK);
    if (other) {
        const struct seen seen = look(other, 30, &end);
        CHECK(end == OK && seen.packets == 30);
    }
    test_camera_stop(&camera);
}

static void test_failures(void)
{
    struct why why = {0};
    CLEANUP(address_free_p) struct address *first = NULL;
    CLEANUP(source_close_p) struct source *source = NULL;
    CHECK(open_at(&source, &first, "rtsp://user:s3cret@127.0.0.1:9/x", &usual, &why) == ERR_IO);
    CHECK(strstr(why.text, "s3cret") == NULL && strstr(why.text, "refused") != NULL);
    CLEANUP(address_free_p) struct address *second = NULL;
    CHECK(open_at(&source, &second, "/nowhere.mp4", &usual, &why) == ERR_NOT_FOUND);
    CLEANUP(address_free_p) struct address *third = NULL;
    CHECK(open_at(&source, &third, "/etc/hostname", &usual, &why) != OK);

    struct test_camera camera = {0};
    const char *const garbage[] = {"--mode", "garbage", NULL};
    CHECK(test_camera_start(&camera, garbage));
    CLEANUP(address_free_p) struct address *fourth = NULL;
    CHECK(open_at(&source, &fourth, camera.url, &usual, &why) != OK);
    printf("# garbage: %s\n", why.text);
    test_camera_stop(&camera);

    CHECK(test_camera_start(&camera, NULL));
    CLEANUP(address_free_p) struct address *fifth = NULL;
    camera.url[strlen(camera.url) - 1] = '9'; /* no such stream */
    CHECK(open_at(&source, &fifth, camera.url, &usual, &why) == ERR_NOT_FOUND);
    test_camera_stop(&camera);
    CHECK(source == NULL);
}

struct silent_open {
    struct source_options options;
    enum err err;
};

static void open_silent(void *context)
{
    struct silent_open *open = context;
    struct source *source = NULL;
    open->err = source_open(&source, &open->options, NULL);
    source_close(source);
}

/* Somebody accepts and says nothing: a deadline ends it, and so does the wish to stop. */
static void test_silence(void)
{
    CLEANUP(file_close_p) const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    CHECK(bind(listener, (struct sockaddr *)&at, size) == 0 && listen(listener, 4) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&at, &size) == 0);
    char url[64];
    (void)snprintf(url, sizeof url, "rtsp://127.0.0.1:%d/x", ntohs(at.sin_port));
    CLEANUP(address_free_p) struct address *address = NULL;
    CHECK(address_new(&address, url, NULL) == OK);

    struct silent_open open = {.options = usual};
    open.options.address = address;
    open.options.open_timeout_us = CLOCK_SECOND_US / 2;
    const int64_t begun_us = clock_monotonic_us();
    open_silent(&open);
    CHECK(open.err == ERR_TIMEOUT);
    CHECK(clock_monotonic_us() - begun_us < 5 * CLOCK_SECOND_US);

    struct shared_flag stop = {0};
    open.options.open_timeout_us = 60 * CLOCK_SECOND_US;
    open.options.stop = &stop;
    CLEANUP(worker_join_p) struct worker *worker = NULL;
    CHECK(worker_start(&worker, "opener", open_silent, &open, NULL) == OK);
    shared_flag_raise(&stop);
    worker_join(TAKE(worker));
    CHECK(open.err == ERR_CLOSED);
}

/* Files, also damaged ones: an end or an error, never a crash, and always a key picture first. */
static void test_files(void)
{
    static const char *const names[] = {
        "BA_MW_D.264",        "BA_MW_D_IDR_LOST.264",
        "BA_MW_D_P_LOST.264", "Error_I_P.264",
        "MIDR_MW_D.264",      "MPS_MW_A.264",
        "NRF_MW_E.264",       "SVA_BA1_B.264",
        "SarVui.264",         "sps_subsetsps_bothVUI.264",
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[FILE_PATH_SIZE];
        if (file_join(path, SHARED_DATA "/video/h264-conformance", names[i], NULL)) { continue; }
        CLEANUP(address_free_p) struct address *address = NULL;
        CLEANUP(source_close_p) struct source *source = NULL;
        struct why why = {0};
        if (open_at(&source, &address, path, &usual, &why)) {
            printf("# %s: %s\n", names[i], why.text);
            continue;
        }
        enum err end = OK;
        const struct seen seen = look(source, 100000, &end);
        CHECK(end != OK && (seen.packets == 0 || seen.first_is_key));
        printf("# %s: %u packets, %u keys, run %u, %u wide\n", names[i], seen.packets, seen.keys,
               (unsigned)seen.run_last, seen.width_last);
    }
    CLEANUP(address_free_p) struct address *address = NULL;
    CLEANUP(source_close_p) struct source *source = NULL;
    CHECK(open_at(&source, &address, SHARED_DATA "/video/derived/vtest-h265-20s.mp4", &usual,
                  NULL) == OK);
    enum err end = OK;
    const struct seen seen = look(source, 100000, &end);
    CHECK(end == ERR_CLOSED && seen.packets == 200 && seen.decode_grows);
    CHECK(seen.run_last == 1 && seen.width_last == 768);
}

int main(void)
{
    if (!file_exists(TEST_CAMERA_VIDEO)) { return CHECK_SKIP_ALL("no " TEST_CAMERA_VIDEO); }
    test_camera_over(SOURCE_TRANSPORT_TCP);
    test_camera_over(SOURCE_TRANSPORT_UDP);
    test_resize();
    test_stall_and_damage();
    test_failures();
    test_silence();
    test_files();
    return CHECK_DONE();
}
