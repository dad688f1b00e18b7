#include "geodata/source.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "system/file.h"

static enum err count_one(void *context, struct feature *feature, struct why *why)
{
    (void)feature;
    (void)why;
    ++*(size_t *)context;
    return OK;
}

/* The contents decide, whatever the name says. */
static void test_guess(const char *folder)
{
    static const char *const texts[] = {
        "lon,lat\n1,2\n",
        " \n{\"type\":\"Point\",\"coordinates\":[1,2]}",
        "\x1e{\"type\":\"Point\",\"coordinates\":[1,2]}\n",
        "\xef\xbb\xbflat,lon\n1,2\n",
    };
    char path[FILE_PATH_SIZE];
    CHECK(file_join(path, folder, "any.name", NULL) == OK);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        size_t count = 0;
        struct schema schema = {0};
        struct reading reading = {.schema = &schema, .taker = {count_one, &count}};
        CHECK(file_write(path, span_text(texts[i]), 0600, NULL) == OK);
        CHECK(source_read(path, &reading, NULL) == OK && count == 1);
        schema_deinit(&schema);
    }
    (void)unlink(path);
    struct reading reading = {0};
    CHECK(source_read(path, &reading, NULL) == ERR_NOT_FOUND);
}

/* All files of a folder, in the order of their names. */
static void test_folder(const char *folder)
{
    static const char *const names[] = {"b.csv", "a.json", ".hidden"};
    static const char *const texts[] = {"lon,lat\n1,2\n3,4\n",
                                        "{\"type\":\"Point\",\"coordinates\":[1,2]}", "nonsense"};
    char path[FILE_PATH_SIZE];
    size_t count = 0;
    struct schema schema = {0};
    struct reading reading = {.schema = &schema, .taker = {count_one, &count}};
    struct why why = {0};
    CHECK(source_read(folder, &reading, &why) == ERR_NOT_FOUND);
    CHECK(strstr(why.text, "contains no file") != NULL);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CHECK(file_join(path, folder, names[i], NULL) == OK);
        CHECK(file_write(path, span_text(texts[i]), 0600, NULL) == OK);
    }
    CHECK(file_join(path, folder, "c", NULL) == OK && mkdir(path, 0700) == 0);
    CHECK(source_read(folder, &reading, NULL) == OK && count == 3 && reading.tally.read == 3);
    (void)rmdir(path);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CHECK(file_join(path, folder, names[i], NULL) == OK && unlink(path) == 0);
    }
    schema_deinit(&schema);
}

int main(void)
{
    char folder[] = "/tmp/tocsin-source-XXXXXX";
    if (!mkdtemp(folder)) { return 1; }
    test_guess(folder);
    test_folder(folder);
    (void)rmdir(folder);
    return CHECK_DONE();
}
