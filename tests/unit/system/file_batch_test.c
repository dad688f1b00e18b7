#include "system/file_batch.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#include "check.h"
#include "lib/scratch.h"
#include "system/file.h"

static size_t count_files(const char *folder)
{
    size_t count = 0;
    DIR *open = opendir(folder);
    for (const struct dirent *file = readdir(open); file; file = readdir(open)) {
        count += file->d_name[0] != '.';
    }
    (void)closedir(open);
    return count;
}

static bool holds(const char *path, const char *words)
{
    CLEANUP(text_deinit) struct text bytes = text_limited(4096);
    return file_read(&bytes, path, NULL) == OK && strcmp(text_c(&bytes), words) == 0;
}

int main(void)
{
    char folder[] = "/tmp/tocsin-batch-XXXXXX";
    if (!mkdtemp(folder)) { return 1; }
    char path[FILE_PATH_SIZE];
    CHECK(file_join(path, folder, "one", NULL) == OK);
    CHECK(file_write(path, span_text("old"), 0600, NULL) == OK);
    struct file_batch *batch = file_batch_new();
    CHECK(file_batch_add(batch, path, span_text("new"), 0640, NULL) == OK);
    CHECK(holds(path, "old")); /* until it is settled */
    CHECK(file_batch_settle(batch, NULL) == OK);
    CHECK(holds(path, "new"));
    struct stat about;
    CHECK(stat(path, &about) == 0 && (about.st_mode & 0777) == 0640);
    CHECK(file_batch_settle(batch, NULL) == OK); /* nothing waits */

    /* More than wait at once: the first ones are settled on the way. */
    for (int i = 0; i < FILE_BATCH_MAX + 3; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "many-%d", i);
        if (file_join(path, folder, name, NULL) ||
            file_batch_add(batch, path, span_text(name), 0600, NULL)) {
            abort();
        }
    }
    CHECK(count_files(folder) == 1 + FILE_BATCH_MAX + 3);
    CHECK(file_join(path, folder, "many-0", NULL) == OK && holds(path, "many-0"));
    CHECK(file_join(path, folder, "many-66", NULL) == OK && !file_exists(path));
    file_batch_free(batch); /* drops the three that were not settled */
    CHECK(count_files(folder) == 1 + FILE_BATCH_MAX);

    batch = file_batch_new();
    struct why why = {""};
    CHECK(file_join(path, folder, "none/file", NULL) == OK);
    CHECK(file_batch_add(batch, path, span_text("x"), 0600, &why) == ERR_IO && *why.text);
    file_batch_free(batch);
    scratch_remove(folder);
    return CHECK_DONE();
}
