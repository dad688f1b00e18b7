#include "release/pointer.h"

#include <unistd.h>

#include "check.h"
#include "lib/scratch.h"
#include "system/file.h"
#include "unit/wire/store_peer.h"

#define OBJECT "b/m/current.json"

static char folder[] = "/tmp/tocsin-pointer-XXXXXX";
static struct pointer pointer;

/* Loads, makes a release with this letter the map, stores. */
static enum err move(char letter, struct why *why)
{
    static struct release dropped[CURRENT_RELEASES_MAX + 1];
    struct release release = {.size = 5, .published_us = clock_wall_us()};
    size_t count = 0;
    char sha256[RELEASE_SHA256_SIZE];
    memset(sha256, letter, sizeof sha256 - 1);
    sha256[sizeof sha256 - 1] = '\0';
    enum err err = release_name(&release, "t", sha256, why);
    if (!err) { err = pointer_load(&pointer, why); }
    if (err) { return err; }
    (void)current_advance(&pointer.current, &release, 4, dropped, &count);
    return pointer_store(&pointer, why);
}

static bool shows(char letter)
{
    static struct current current;
    const struct peer_thing *thing = peer_find(OBJECT);
    return thing && current_read(&current, span_of(thing->data, thing->size), NULL) == OK &&
           current.releases[current.now].sha256[0] == letter;
}

static void test_conditions(void)
{
    struct why why = {""};
    CHECK(move('a', &why) == OK && shows('a') && peer_count("PUT " OBJECT "? if= none=*") == 1);
    char match[128];
    (void)snprintf(match, sizeof match, "if=\"%s\"", peer_find(OBJECT)->etag);
    CHECK(move('b', &why) == OK && shows('b') && peer_count(match) == 1);
    CHECK(pointer_load(&pointer, &why) == OK && pointer.current.count == 2 && !pointer.unsettled);
    /* Somebody replaces it between our reading and our writing. */
    (void)peer_put(OBJECT, span_text("{}"));
    CHECK(pointer_store(&pointer, &why) == ERR_CONFLICT && strstr(why.text, "another publisher"));
    CHECK(pointer_load(&pointer, &why) == ERR_MALFORMED); /* that was no pointer */
    peer_drop(OBJECT);
    CHECK(move('c', &why) == OK && pointer.current.count == 1);
    peer_fail("PUT", 503, 1, true); /* done, but the answer was lost */
    CHECK(move('d', &why) == OK && shows('d'));
    peer_fail("GET", 400, 1, false);
    CHECK(pointer_load(&pointer, &why) == ERR_IO);
    pointer.conditional = false;
    peer_forget();
    CHECK(move('e', &why) == OK && shows('e') && peer_count("PUT " OBJECT "? if= none=") == 1 &&
          peer_count("*") == 0);
    pointer.conditional = true;
}

static void test_write_only(void)
{
    struct why why = {""};
    peer.write_only = true;
    CHECK(move('f', &why) == OK && shows('f'));
    /* Killed between the note and the store: what is meant is not there. */
    CHECK(pointer_load(&pointer, &why) == OK && !pointer.unsettled);
    peer_fail("PUT", 403, 1, false);
    CHECK(move('9', &why) == ERR_DENIED && shows('f'));
    CHECK(pointer_load(&pointer, &why) == OK && pointer.unsettled &&
          pointer.current.releases[0].sha256[0] == '9');
    CHECK(pointer_store(&pointer, &why) == OK && shows('9'));
    /* Killed between the store and the note that it is there. */
    char known[FILE_PATH_SIZE];
    CLEANUP(text_deinit) struct text before = text_limited(CURRENT_SIZE_MAX);
    CHECK(file_join(known, folder, "current-known.json", NULL) == OK &&
          file_read(&before, known, NULL) == OK);
    CHECK(move('8', &why) == OK && file_write(known, text_span(&before), 0600, NULL) == OK);
    CHECK(pointer_load(&pointer, &why) == OK && pointer.unsettled &&
          pointer_store(&pointer, &why) == OK && shows('8'));
    /* Of the very first, nothing is known yet. */
    CHECK(unlink(known) == 0 && pointer_load(&pointer, &why) == OK && pointer.unsettled);
    CHECK(pointer_store(&pointer, &why) == OK && shows('8'));
    char empty[] = "/tmp/tocsin-pointer-XXXXXX";
    if (!mkdtemp(empty)) { abort(); }
    pointer.folder = empty; /* a machine that has never published */
    CHECK(pointer_load(&pointer, &why) == OK && pointer.current.count == 0 && !pointer.unsettled);
    CHECK(move('7', &why) == ERR_CONFLICT && shows('8'));
    CHECK(file_write(known, span_text("damage"), 0600, NULL) == OK);
    pointer.folder = folder;
    CHECK(pointer_load(&pointer, &why) == ERR_MALFORMED);
    scratch_remove(empty);
    peer.write_only = false;
}

int main(void)
{
    if (!mkdtemp(folder)) { abort(); }
    peer_open();
    struct s3 *s3 = peer_client(3);
    pointer = (struct pointer){
        .s3 = s3, .key = "m/current.json", .folder = folder, .conditional = true, .cache_s = 60};
    test_conditions();
    test_write_only();
    s3_close(s3);
    peer_close();
    peer_end_clients();
    scratch_remove(folder);
    return CHECK_DONE();
}
