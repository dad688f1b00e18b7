#include "release/upload.h"

#include <unistd.h>

#include "check.h"
#include "lib/scratch.h"
#include "system/file.h"
#include "unit/wire/store_peer.h"
#include "wire/s3_parts.h"

enum { PART = S3_PART_SIZE_LEAST };

static char folder[] = "/tmp/tocsin-upload-XXXXXX";
static char journal[FILE_PATH_SIZE];
static struct digest digest;
static uint64_t progressed;

static void on_progress(void *context, uint64_t done, uint64_t total)
{
    (void)context;
    progressed = done;
    CHECK(done <= total);
}

/* Makes a file of `size` bytes that begin with `letter`. */
static struct upload upload_of(struct s3 *s3, const char *key, char letter, size_t size)
{
    char path[FILE_PATH_SIZE];
    char *bytes = calloc(1, size);
    bytes[0] = letter;
    if (file_join(path, folder, "file", NULL) ||
        file_write(path, span_of(bytes, size), 0600, NULL)) {
        abort();
    }
    free(bytes);
    FILE *file = fopen(path, "rbe");
    const int fd = dup(fileno(file));
    (void)fclose(file);
    if (digest_file(&digest, fd, 0, size, NULL)) { abort(); }
    return (struct upload){.s3 = s3,
                           .key = key,
                           .fd = fd,
                           .size = size,
                           .digest = &digest,
                           .journal = journal,
                           .part_size = PART,
                           .at_once = 2,
                           .conditional = true,
                           .progress = on_progress};
}

static void test_whole(struct s3 *s3)
{
    struct upload upload = upload_of(s3, "one", 'a', 1000);
    enum upload_end end = UPLOAD_END_UNSEEN;
    struct why why = {""};
    CHECK(upload_run(&upload, &end, &why) == OK && end == UPLOAD_END_SENT && progressed == 1000);
    CHECK(peer_count("PUT b/one? if= none=*") == 1 &&
          peer_count("HEAD b/one") == 2); /* before, and after */
    CHECK(upload_run(&upload, &end, &why) == OK && end == UPLOAD_END_THERE &&
          peer_count("PUT") == 1);
    (void)close(upload.fd);
    struct upload other = upload_of(s3, "one", 'b', 1000);
    CHECK(upload_run(&other, &end, &why) == ERR_CONFLICT && peer_count("PUT") == 1);
    /* Done, but the answer was 503: the second attempt meets its own work. */
    other.key = "two";
    peer_fail("PUT b/two", 503, 1, true);
    CHECK(upload_run(&other, &end, &why) == OK && end == UPLOAD_END_THERE &&
          peer_count("PUT b/two") == 2);
    /* A store without conditions. */
    other.key = "three";
    other.conditional = false;
    CHECK(upload_run(&other, &end, &why) == OK &&
          peer_count("PUT b/three? if= none=\n") + peer_count("PUT b/three?") == 1);
    other.key = "four";
    peer.lies = true;
    CHECK(upload_run(&other, &end, &why) == ERR_IO && strstr(why.text, "something else"));
    peer.lies = false;
    (void)close(other.fd);
}

static void test_write_only(struct s3 *s3)
{
    enum upload_end end = UPLOAD_END_UNSEEN;
    struct why why = {""};
    peer_forget();
    peer.write_only = true;
    struct upload upload = upload_of(s3, "w1", 'w', 500);
    CHECK(upload_run(&upload, &end, &why) == OK && end == UPLOAD_END_SENT);
    CHECK(upload_run(&upload, &end, &why) == OK &&
          end == UPLOAD_END_THERE); /* asked for by If-Match */
    CHECK(peer_count("PUT b/w1? if=\"") == 1);
    (void)close(upload.fd);
    struct upload other = upload_of(s3, "w1", 'x', 500);
    CHECK(upload_run(&other, &end, &why) == ERR_CONFLICT);
    (void)close(other.fd);
    struct upload large = upload_of(s3, "w2", 'y', PART + 10);
    CHECK(upload_run(&large, &end, &why) == OK && end == UPLOAD_END_SENT);
    CHECK(upload_run(&large, &end, &why) == OK && end == UPLOAD_END_UNSEEN);
    (void)close(large.fd);
    peer.write_only = false;
}

static void test_parts(struct s3 *s3)
{
    enum upload_end end = UPLOAD_END_UNSEEN;
    struct why why = {""};
    struct upload upload = upload_of(s3, "large", 'p', 2 * PART + 7);
    upload.at_once = 1;
    peer_forget();
    peer_fail("PUT b/large?2", 403, 1, false);
    CHECK(upload_run(&upload, &end, &why) == ERR_DENIED && file_exists(journal));
    CHECK(upload_run(&upload, &end, &why) == OK && end == UPLOAD_END_SENT &&
          progressed == upload.size);
    CHECK(peer_count("PUT b/large?1") == 1 && peer_count("uploads") == 1 && !file_exists(journal));
    CHECK(upload_run(&upload, &end, &why) == OK && end == UPLOAD_END_THERE);
    (void)close(upload.fd);

    /* The end was done, its answer lost: the store knows the upload no more, but the object. */
    upload = upload_of(s3, "large2", 'q', PART + 7);
    peer_forget();
    peer_fail("?end", 404, 1, false);
    peer.fault.code = "NoSuchUpload";
    CHECK(upload_run(&upload, &end, &why) == ERR_NOT_FOUND && file_exists(journal));
    (void)peer_put("b/large2", span_of("x", 1)); /* somebody else's */
    CHECK(upload_run(&upload, &end, &why) == ERR_CONFLICT);
    peer_drop("b/large2");
    /* The store has given the upload up: it is begun anew. */
    for (size_t i = 0; i < PEER_THINGS_MAX; i++) {
        if (strncmp(peer.things[i].name, "up/", 3) == 0) { peer_drop(peer.things[i].name); }
    }
    peer_forget();
    CHECK(upload_run(&upload, &end, &why) == OK && end == UPLOAD_END_SENT &&
          peer_count("uploads") == 1);
    (void)close(upload.fd);
}

/* Whatever stands in the journal: what is not of this file is as if it were not there. */
static void test_journal(struct s3 *s3)
{
    enum upload_end end = UPLOAD_END_UNSEEN;
    struct why why = {""};
    struct upload upload = upload_of(s3, "large3", 'r', PART + 7);
    char lines[4][512] = {"upload 00\n0 00\n"};
    (void)snprintf(lines[1], sizeof *lines, "upload %s 77 id\n", digest.sha256);
    (void)snprintf(lines[2], sizeof *lines, "upload %s %d nobody-knows\n0 zz\n99 %s\n1 %s0\n",
                   digest.sha256, PART, digest.md5, digest.md5);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        peer_forget();
        peer_drop("b/large3");
        CHECK(file_write(journal, span_text(lines[i]), 0600, NULL) == OK);
        CHECK(upload_run(&upload, &end, &why) == OK && end == UPLOAD_END_SENT);
        CHECK(peer_count("uploads") == 1);
    }
    (void)close(upload.fd);
}

int main(void)
{
    if (!mkdtemp(folder) || file_join(journal, folder, "journal", NULL)) { abort(); }
    peer_open();
    struct s3 *s3 = peer_client(4);
    test_whole(s3);
    test_write_only(s3);
    test_parts(s3);
    test_journal(s3);
    s3_close(s3);
    peer_close();
    peer_end_clients();
    scratch_remove(folder);
    return CHECK_DONE();
}
