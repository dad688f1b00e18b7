#include "release/shelf.h"

#include <unistd.h>

#include "check.h"
#include "lib/scratch.h"
#include "system/file.h"
#include "unit/release/archives.h"

static char folder[] = "/tmp/tocsin-shelf-XXXXXX";
static char path[FILE_PATH_SIZE];

static const struct edition *take(struct shelf *shelf, const char *word)
{
    const struct edition *edition = NULL;
    size_t index = 99;
    return shelf_take(shelf, span_text(word), &index, &edition) && index == 0 ? edition : NULL;
}

static void test_names(struct shelf *shelf)
{
    struct why why = {""};
    CHECK(shelf_name_valid("town-2_B") && !shelf_name_valid("") && !shelf_name_valid("a/b"));
    CHECK(!shelf_name_valid("a.b"));
    CHECK(shelf_add(shelf, "a b", path, false, &why) == ERR_RANGE);
    CHECK(shelf_add(shelf, "town", path, false, &why) == OK);
    CHECK(shelf_add(shelf, "town", path, false, &why) == ERR_RANGE);
    CHECK(shelf_add(shelf, "none", "/nonexistent", true, &why) == ERR_NOT_FOUND);
    CHECK(shelf_count(shelf) == 2 && shelf_is_private(shelf, 1) && !shelf_is_private(shelf, 0));
    size_t index = 0;
    const struct edition *edition = NULL;
    CHECK(!shelf_take(shelf, span_text("tow"), &index, &edition));
    CHECK(shelf_take(shelf, span_text("none"), &index, &edition) && index == 1 && !edition);
}

static void test_editions(struct shelf *shelf)
{
    struct why why = {""};
    char words[3][128];
    const struct edition *held[3];
    CHECK(!shelf_refresh(shelf, 0, &why) && !why.text[0]);
    for (size_t i = 0; i < 3; i++) {
        if (i > 0) {
            archives_make(path, i == 1 ? "two" : "three");
            CHECK(shelf_refresh(shelf, 0, &why));
        }
        held[i] = take(shelf, "town");
        CHECK(held[i] != NULL);
        (void)snprintf(words[i], sizeof words[i], "town-%s", edition_facts(held[i])->sha256);
    }
    CHECK(take(shelf, words[2]) == held[2]);
    shelf_give_back(shelf, held[2]);
    CHECK(take(shelf, words[1]) == held[1]); /* the one before is still there */
    shelf_give_back(shelf, held[1]);
    CHECK(!take(shelf, words[0]));           /* the one before that is not, */
    CHECK(edition_facts(held[0])->size > 0); /* but whoever has it keeps it */
    for (size_t i = 0; i < 3; i++) {
        shelf_give_back(shelf, held[i]);
    }
    /* The same bytes in another file: the edition before stays the one before. */
    archives_make(path, "three");
    CHECK(shelf_refresh(shelf, 0, &why));
    const struct edition *twin = take(shelf, words[2]);
    CHECK(twin != NULL && take(shelf, words[1]) == held[1]);
    shelf_give_back(shelf, held[1]);
    shelf_give_back(shelf, twin);
    shelf_give_back(shelf, NULL);
}

static void test_damage(struct shelf *shelf)
{
    struct why why = {""};
    const struct edition *before = take(shelf, "town");
    CHECK(file_write(path, span_text("not a map"), 0600, NULL) == OK);
    CHECK(!shelf_refresh(shelf, 0, &why) && strstr(why.text, "town"));
    CHECK(!shelf_refresh(shelf, 0, &why) && !why.text[0]); /* said once */
    CHECK(take(shelf, "town") == before && edition_intact(before));
    CHECK(unlink(path) == 0 && !shelf_refresh(shelf, 0, &why) && !why.text[0]);
    shelf_give_back(shelf, before);
    shelf_give_back(shelf, before);
}

/* What says that it is private is open on no public shelf, not even after a public one. */
static void test_private(void)
{
    CLEANUP(shelf_free_p) struct shelf *shelf = shelf_new();
    struct why why = {""};
    archives_make(path, "plain");
    CHECK(shelf_add(shelf, "field", path, true, &why) == OK);
    CHECK(shelf_add(shelf, "open", path, false, &why) == OK);
    archives_make_with(path, "{\"private\":true}");
    CHECK(shelf_refresh(shelf, 0, &why));
    CHECK(!shelf_refresh(shelf, 1, &why) && strstr(why.text, "says that it is private"));
    const struct edition *edition = NULL;
    size_t index = 0;
    CHECK(shelf_take(shelf, span_text("open"), &index, &edition) &&
          !edition_facts(edition)->is_private);
    shelf_give_back(shelf, edition);
    CHECK(shelf_add(shelf, "other", path, false, &why) == ERR_DENIED);
}

int main(void)
{
    if (!mkdtemp(folder) || file_join(path, folder, "town.pmtiles", NULL)) { abort(); }
    archives_make(path, "one");
    struct shelf *shelf = shelf_new();
    test_names(shelf);
    test_editions(shelf);
    test_damage(shelf);
    shelf_free(shelf);
    test_private();
    scratch_remove(folder);
    return CHECK_DONE();
}
