#include "geodata/ogr.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "system/file.h"

static char folder[] = "/tmp/tocsin-ogr-XXXXXX";

static enum err count_one(void *context, struct feature *feature, struct why *why)
{
    (void)why;
    *(size_t *)context += feature->shape.count;
    return OK;
}

static void test_signs(void)
{
    CHECK(ogr_is(span_of("SQLite format 3\0\x10", 17)) && ogr_is(span_text("<?xml ")));
    CHECK(ogr_is(span_of("\0\0\x27\x0a\0", 5)) && ogr_is(span_text("fgb\x03")));
    CHECK(!ogr_is(span_text("SQLite")) && !ogr_is(span_text("lon,lat")) && !ogr_is(span_text("")));
}

/* Puts a program called ogr2ogr into PATH that does what `script` says. */
static void pretend(const char *script)
{
    char path[FILE_PATH_SIZE];
    char text[600];
    CHECK(file_join(path, folder, "ogr2ogr", NULL) == OK);
    (void)snprintf(text, sizeof text, "#!/bin/sh\n%s\n", script);
    CHECK(file_write(path, span_text(text), 0700, NULL) == OK);
}

static enum err read_it(const char *path, size_t *count, struct why *why)
{
    struct schema schema = {0};
    struct reading reading = {.schema = &schema, .taker = {count_one, count}};
    *count = 0;
    const enum err err = ogr_read(path, &reading, why);
    schema_deinit(&schema);
    return err;
}

#define POINT "echo '{\"type\":\"Point\",\"coordinates\":[1,2]}'"

static void test_reading(void)
{
    size_t count = 0;
    struct why why = {0};
    pretend("test \"$5\" = EPSG:4326 && test \"$7\" = ./-name.gpkg && " POINT);
    check_(read_it("-name.gpkg", &count, &why) == OK && count == 1, why.text, __FILE__, __LINE__);
    pretend(POINT "\nexit 3");
    CHECK(read_it("a.gpkg", &count, &why) == ERR_MALFORMED && strstr(why.text, "status 3"));
    pretend("exit 1");
    CHECK(read_it("a.gpkg", &count, &why) == ERR_MALFORMED && strstr(why.text, "a.gpkg"));
    pretend("echo nonsense; exec sleep 100"); /* it is not waited for */
    CHECK(read_it("a.gpkg", &count, &why) == ERR_MALFORMED && strstr(why.text, "feature 1"));
}

int main(void)
{
    char path[FILE_PATH_SIZE];
    char search[FILE_PATH_SIZE + 32];
    size_t count = 0;
    struct why why = {0};
    if (!mkdtemp(folder) || file_join(path, folder, "ogr2ogr", NULL)) { return 1; }
    test_signs();
    (void)setenv("PATH", folder, 1); /* NOLINT(concurrency-mt-unsafe): one thread */
    CHECK(read_it("a.gpkg", &count, &why) == ERR_UNAVAILABLE);
    CHECK(strstr(why.text, "a.gpkg") && strstr(why.text, "gdal-bin"));
    (void)snprintf(search, sizeof search, "%s:/usr/bin:/bin", folder);
    (void)setenv("PATH", search, 1); /* NOLINT(concurrency-mt-unsafe): one thread */
    test_reading();
    (void)unlink(path);
    (void)rmdir(folder);
    return CHECK_DONE();
}
