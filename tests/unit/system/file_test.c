#include "system/file.h"

#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "system/worker.h"

enum { WRITE_COUNT = 40 };

static void write_often(void *context)
{
    int failed = 0;
    for (int i = 0; i < WRITE_COUNT; i++) {
        failed += file_write(context, span_text("whole"), 0600, NULL) != OK;
    }
    if (failed) { abort(); }
}

/* Two threads write the same file: each time it is whole, and nothing is left beside it. */
static void writes_from_two_threads(char *path)
{
    struct worker *workers[2] = {NULL, NULL};
    struct text content = text_limited(64);
    for (int i = 0; i < 2; i++) {
        CHECK(worker_start(&workers[i], "writer", write_often, path, NULL) == OK);
    }
    for (int i = 0; i < 2; i++) {
        worker_join(workers[i]);
    }
    CHECK(file_read(&content, path, NULL) == OK);
    CHECK_TEXT(text_c(&content), "whole");
    text_deinit(&content);
}

int main(void)
{
    char folder[] = "/tmp/tocsin-file-XXXXXX";
    CHECK(mkdtemp(folder) != NULL);
    char nested[FILE_PATH_SIZE];
    char path[FILE_PATH_SIZE];
    struct why why = {.text = ""};
    CHECK(file_join(nested, folder, "a/b/c", &why) == OK);
    CHECK(file_make_folder(nested, 0700, &why) == OK);
    CHECK(file_make_folder(nested, 0700, &why) == OK);
    CHECK(file_join(path, nested, "name", &why) == OK);
    CHECK(!file_exists(path));

    CLEANUP(text_deinit) struct text content = text_limited(5);
    CHECK(file_read(&content, path, &why) == ERR_NOT_FOUND && strstr(why.text, "name"));
    CHECK(file_write(path, span_text("first"), 0600, &why) == OK);
    CHECK(file_write(path, span_text("12345"), 0640, &why) == OK);
    CHECK(file_read(&content, path, &why) == OK);
    CHECK_TEXT(text_c(&content), "12345");
    struct stat info;
    CHECK(stat(path, &info) == 0 && (info.st_mode & 0777) == 0640);
    CHECK(file_write(path, span_text("123456"), 0600, &why) == OK);
    text_clear(&content);
    CHECK(file_read(&content, path, &why) == ERR_LIMIT && strstr(why.text, "larger than 5"));

    /* The mode is what was asked for, whatever the umask. */
    const mode_t mask = umask(077);
    CHECK(file_write(path, span_text("x"), 0644, &why) == OK);
    (void)umask(mask);
    CHECK(stat(path, &info) == 0 && (info.st_mode & 0777) == 0644);
    CHECK(file_write(path, span_of(NULL, 0), 0600, &why) == OK); /* empty is a content too */
    CHECK(stat(path, &info) == 0 && info.st_size == 0 && (info.st_mode & 0777) == 0600);
    CHECK(file_make_folder("", 0700, &why) == ERR_MALFORMED);
    writes_from_two_threads(path);

    /* A failed write leaves the old content and no temporary file. */
    char missing[FILE_PATH_SIZE];
    CHECK(file_join(missing, folder, "none/name", &why) == OK);
    CHECK(file_write(missing, span_text("x"), 0600, &why) == ERR_NOT_FOUND);
    CHECK(file_make_folder(path, 0700, &why) != OK && strstr(why.text, "name")); /* a file */

    static char huge[FILE_PATH_SIZE + 8];
    memset(huge, 'x', sizeof huge - 1);
    CHECK(file_join(missing, folder, huge, &why) == ERR_LIMIT);
    CHECK(file_make_folder(huge, 0700, &why) == ERR_LIMIT);

    CHECK(unlink(path) == 0 && rmdir(nested) == 0);
    for (int i = 0; i < 2; i++) {
        *strrchr(nested, '/') = '\0';
        CHECK(rmdir(nested) == 0);
    }
    CHECK(rmdir(folder) == 0);
    return CHECK_DONE();
}
