#include "wire/s3_parts.h"

#include <unistd.h>

#include "check.h"
#include "unit/wire/store_peer.h"

enum { PART = S3_PART_SIZE_LEAST, TAIL = 1000, SIZE = 2 * PART + TAIL };

static char md5[8][DIGEST_MD5_SIZE * 2 + 1];
static size_t arrived;

static void on_arrived(void *context, size_t part)
{
    (void)context;
    arrived += part < 3;
}

static int make_file(void)
{
    char path[] = "/tmp/tocsin-parts-XXXXXX";
    char *bytes = malloc(SIZE);
    const int fd = mkstemp(path);
    for (size_t i = 0; i < SIZE; i++) {
        bytes[i] = (char)(i * 7 + i / 977);
    }
    if (write(fd, bytes, SIZE) != SIZE) { abort(); }
    free(bytes);
    (void)unlink(path);
    return fd;
}

static struct s3_parts fresh(int fd)
{
    memset(md5, 0, sizeof md5);
    arrived = 0;
    return (struct s3_parts){.key = "large",
                             .fd = fd,
                             .size = SIZE,
                             .part_size = PART,
                             .at_once = 3,
                             .md5 = md5,
                             .arrived = on_arrived};
}

static void test_sizes(void)
{
    CHECK(s3_parts_size(1, 1) == S3_PART_SIZE_LEAST);
    CHECK(s3_parts_size(1, 16 << 20) == 16 << 20);
    CHECK(s3_parts_size(UINT64_C(10000) * PART, PART) == PART);
    CHECK(s3_parts_size(UINT64_C(10000) * PART + 1, PART) == PART + (1 << 20));
    const struct s3_parts parts = {.size = SIZE, .part_size = PART};
    CHECK(s3_parts_count(&parts) == 3);
}

static void test_whole(struct s3 *s3, int fd)
{
    struct s3_parts parts = fresh(fd);
    struct why why = {""};
    char etag[S3_ETAG_SIZE];
    CHECK(s3_parts_begin(s3, &parts, "t/t", NULL, &why) == OK && parts.upload_id[0]);
    peer_fail("PUT b/large?2", 503, 2, false);
    CHECK(s3_parts_send(s3, &parts, &why) == OK && arrived == 3);
    CHECK(peer_count("PUT b/large?2") == 3 && peer_count("PUT b/large?1") == 1);
    CHECK(s3_parts_complete(s3, &parts, true, etag, &why) == OK);
    const struct peer_thing *thing = peer_find("b/large");
    struct digest whole, file;
    CHECK(thing && thing->size == SIZE && strcmp(thing->etag, etag) == 0 && strstr(etag, "-3"));
    digest_bytes(&whole, span_of(thing->data, thing->size));
    CHECK(digest_file(&file, fd, 0, SIZE, NULL) == OK && strcmp(whole.sha256, file.sha256) == 0);
    /* The same again: it is there. */
    parts = fresh(fd);
    CHECK(s3_parts_begin(s3, &parts, NULL, NULL, &why) == OK &&
          s3_parts_send(s3, &parts, &why) == OK);
    CHECK(s3_parts_complete(s3, &parts, true, etag, &why) == ERR_CONFLICT);
    s3_parts_abort(s3, &parts);
    CHECK(!peer_find(parts.upload_id));
}

static void test_rest(struct s3 *s3, int fd)
{
    struct s3_parts parts = fresh(fd);
    struct why why = {""};
    peer_forget();
    CHECK(s3_parts_begin(s3, &parts, NULL, NULL, &why) == OK);
    parts.at_once = 1;
    peer_fail("PUT b/large?3", 403, 1, false);
    CHECK(s3_parts_send(s3, &parts, &why) == ERR_DENIED && arrived == 2 && !md5[2][0]);
    CHECK(s3_parts_send(s3, &parts, &why) == OK && peer_count("PUT b/large?1") == 1 &&
          peer_count("PUT b/large?3") == 2);
    peer_drop(parts.upload_id);
    char etag[S3_ETAG_SIZE];
    CHECK(s3_parts_complete(s3, &parts, false, etag, &why) == ERR_NOT_FOUND);
    md5[1][0] = '\0';
    CHECK(s3_parts_send(s3, &parts, &why) == ERR_NOT_FOUND);
    CHECK(s3_parts_complete(s3, &parts, false, etag, &why) == ERR_MALFORMED);
    /* A part that arrives as something else. */
    parts = fresh(fd);
    CHECK(s3_parts_begin(s3, &parts, NULL, NULL, &why) == OK);
    peer.lies = true;
    CHECK(s3_parts_send(s3, &parts, &why) == ERR_IO && strstr(why.text, "something else"));
    peer.lies = false;
    peer_fail("uploads", 403, 1, false);
    CHECK(s3_parts_begin(s3, &parts, NULL, NULL, &why) == ERR_DENIED);
}

int main(void)
{
    peer_open();
    struct s3 *s3 = peer_client(4);
    const int fd = make_file();
    test_sizes();
    test_whole(s3, fd);
    test_rest(s3, fd);
    (void)close(fd);
    s3_close(s3);
    peer_close();
    peer_end_clients();
    return CHECK_DONE();
}
