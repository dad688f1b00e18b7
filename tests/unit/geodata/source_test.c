#include "geodata/source.h"

#include <stdlib.h>
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

int main(void)
{
    char folder[] = "/tmp/tocsin-source-XXXXXX";
    if (!mkdtemp(folder)) { return 1; }
    test_guess(folder);
    (void)rmdir(folder);
    return CHECK_DONE();
}
