#include "release/edition.h"

#include <fcntl.h>
#include <unistd.h>

#include "check.h"
#include "lib/scratch.h"
#include "system/file.h"
#include "unit/release/archives.h"

static char folder[] = "/tmp/tocsin-edition-XXXXXX";
static char path[FILE_PATH_SIZE];

static void test_facts(void)
{
    CLEANUP(edition_free_p) struct edition *edition = NULL;
    struct why why = {""};
    archives_make(path, "one");
    CHECK(edition_open(&edition, path, &why) == OK);
    const struct edition_facts *facts = edition_facts(edition);
    CLEANUP(text_deinit) struct text file = text_limited(1 << 20);
    struct digest digest;
    CHECK(file_read(&file, path, NULL) == OK);
    digest_bytes(&digest, text_span(&file));
    CHECK_TEXT(facts->sha256, digest.sha256);
    CHECK(facts->size == file.size && facts->searchable);
    CHECK(facts->etag[0] == '"' && strlen(facts->etag) == 66 && facts->etag[65] == '"');
    CHECK(strstr(facts->tilejson, "\"tilejson\":\"3.0.0\"") != NULL);
    CHECK(strstr(facts->tilejson, "\"name\":\"one\"") != NULL);
    CHECK(strstr(facts->tilejson, "\"vector_layers\":[{\"id\":\"a\"}]") != NULL);
    CHECK(facts->tilejson[strlen(facts->tilejson) - 1] != '}');

    struct pmtiles_section found = {0};
    uint8_t bytes[64];
    CHECK(edition_find(edition, tile_of_id(2), &found));
    CHECK(found.size < sizeof bytes &&
          pread(facts->fd, bytes, (size_t)found.size, (off_t)found.offset) == (ssize_t)found.size &&
          bytes[0] == 0x1f && bytes[1] == 0x8b);
    CHECK(!edition_find(edition, (struct tile){0, 0, 0}, &found));
    CHECK(!edition_find(edition, tile_of_id(4), &found));
    CHECK(!edition_find(edition, (struct tile){9, 100, 100}, &found));
}

/* Another file at the path is not this edition; a change in place is seen. */
static void test_changes(void)
{
    CLEANUP(edition_free_p) struct edition *edition = NULL;
    struct why why = {""};
    struct stat about;
    archives_make(path, "one");
    CHECK(edition_open(&edition, path, &why) == OK);
    CHECK(stat(path, &about) == 0 && edition_is(edition, &about) && edition_intact(edition));
    archives_make(path, "two"); /* by rename */
    CHECK(stat(path, &about) == 0 && !edition_is(edition, &about) && edition_intact(edition));

    CLEANUP(edition_free_p) struct edition *other = NULL;
    CHECK(edition_open(&other, path, &why) == OK);
    CHECK(strcmp(edition_facts(edition)->sha256, edition_facts(other)->sha256) != 0);
    const int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    CHECK(fd >= 0 && write(fd, "x", 1) == 1);
    (void)close(fd);
    CHECK(!edition_intact(other) && edition_intact(edition));
}

static void test_refused(void)
{
    struct edition *edition = NULL;
    struct why why = {""};
    CHECK(edition_open(&edition, "/nonexistent", &why) == ERR_NOT_FOUND);
    CHECK(edition_open(&edition, folder, &why) == ERR_MALFORMED);
    CHECK(file_write(path, span_text("PMTiles"), 0600, NULL) == OK);
    CHECK(edition_open(&edition, path, &why) == ERR_MALFORMED);
    archives_make(path, "cut");
    CHECK(truncate(path, 200) == 0);
    CHECK(edition_open(&edition, path, &why) != OK && why.text[0]);
    CHECK(!edition);
}

int main(void)
{
    if (!mkdtemp(folder) || file_join(path, folder, "town.pmtiles", NULL)) { abort(); }
    test_facts();
    test_changes();
    test_refused();
    scratch_remove(folder);
    return CHECK_DONE();
}
