#include "evidence/media.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "lib/scratch.h"
#include "migrations/edge.h"
#include "system/file.h"

static char folder[64];

static void put_file(const char *name)
{
    char path[FILE_PATH_SIZE];
    CHECK(file_join(path, folder, name, NULL) == OK);
    CHECK(file_write(path, span_text("bytes"), 0600, NULL) == OK);
}

static void test_paths(void)
{
    CHECK(media_path_valid("gate/20261122/0192.mp4"));
    CHECK(media_path_valid("a.jpg"));
    CHECK(!media_path_valid(""));
    CHECK(!media_path_valid("/etc/passwd"));
    CHECK(!media_path_valid("../secret"));
    CHECK(!media_path_valid("gate/../../secret"));
    CHECK(!media_path_valid("gate//x"));
    CHECK(!media_path_valid("gate/"));
    CHECK(!media_path_valid(".hidden"));
    CHECK(!media_path_valid("a/b/c/d/e"));
    CHECK(!media_path_valid("gate/x y"));
    char path[MEDIA_PATH_SIZE + 1];
    memset(path, 'a', sizeof path);
    path[MEDIA_PATH_SIZE] = '\0';
    CHECK(!media_path_valid(path));
}

static void test_index(void)
{
    CLEANUP(database_close_p) struct database *database = NULL;
    char file[FILE_PATH_SIZE];
    CHECK(file_join(file, folder, "edge.db", NULL) == OK);
    CHECK(database_open(&database, &(struct database_config){.path = file}, NULL) == OK);
    CHECK(database_migrate(database, MIGRATIONS_EDGE, ARRAY_LEN(MIGRATIONS_EDGE), NULL) == OK);
    CLEANUP(media_index_close_p) struct media_index *index = NULL;
    CHECK(media_index_open(&index, database, NULL) == OK);
    const struct id id = id_new(CLOCK_DAY_US);
    char path[MEDIA_PATH_SIZE];
    struct why why = {0};
    CHECK(media_index_find(index, id.text, MEDIA_KIND_CLIP, path, &why) == ERR_NOT_FOUND);
    CHECK(media_index_put(index, id.text, "../x.mp4", NULL, &why) == ERR_MALFORMED);
    CHECK(media_index_put(index, id.text, NULL, "gate/x.jpg", NULL) == OK);
    CHECK(media_index_find(index, id.text, MEDIA_KIND_CLIP, path, NULL) == ERR_NOT_FOUND);
    CHECK(media_index_put(index, id.text, "gate/x.mp4", NULL, NULL) == OK);
    CHECK(media_index_find(index, id.text, MEDIA_KIND_SNAPSHOT, path, NULL) == OK);
    CHECK_TEXT(path, "gate/x.jpg"); /* a later NULL took nothing away */
    int64_t clips = 0;
    CHECK(media_index_clips(index, &clips, NULL) == OK && clips == 1);
    CHECK(media_index_forget(index, id.text, NULL) == OK);
    CHECK(media_index_find(index, id.text, MEDIA_KIND_SNAPSHOT, path, NULL) == ERR_NOT_FOUND);
}

static void test_open_follows_nothing(void)
{
    char path[FILE_PATH_SIZE];
    CHECK(file_join(path, folder, "gate/day", NULL) == OK);
    CHECK(file_make_folder(path, 0700, NULL) == OK);
    put_file("gate/day/clip.mp4");
    put_file("secret");
    int fd = -1;
    struct why why = {0};
    CHECK(media_open(&fd, folder, "gate/day/clip.mp4", &why) == OK && fd >= 0);
    (void)close(fd);
    CHECK(file_join(path, folder, "gate/link.mp4", NULL) == OK);
    CHECK(symlink("../secret", path) == 0);
    CHECK(media_open(&fd, folder, "gate/link.mp4", &why) == ERR_NOT_FOUND);
    CHECK(file_join(path, folder, "linked", NULL) == OK);
    CHECK(symlink("gate", path) == 0);
    CHECK(media_open(&fd, folder, "linked/day/clip.mp4", &why) == ERR_NOT_FOUND);
    CHECK(media_open(&fd, folder, "gate/day", &why) == ERR_NOT_FOUND); /* a folder */
    CHECK(file_join(path, folder, "pipe", NULL) == OK);
    CHECK(mkfifo(path, 0600) == 0);
    CHECK(media_open(&fd, folder, "pipe", &why) == ERR_NOT_FOUND); /* and it does not block */
    CHECK(media_open(&fd, folder, "../x", &why) == ERR_NOT_FOUND);
    CHECK(media_open(&fd, "/nonexistent", "x", &why) == ERR_NOT_FOUND);
}

int main(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/tocsin-media-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    test_paths();
    test_index();
    test_open_follows_nothing();
    enum media_kind kind = MEDIA_KIND_CLIP;
    CHECK(media_kind_parse(&kind, "snapshot", NULL) == OK && kind == MEDIA_KIND_SNAPSHOT);
    CHECK(media_kind_parse(&kind, "audio", NULL) == ERR_MALFORMED);
    scratch_remove(folder);
    return CHECK_DONE();
}
