#include "release/clearance.h"

#include "check.h"
#include "lib/scratch.h"
#include "system/file.h"
#include "unit/release/archives.h"

#define RULE "{\"rule\":{\"premises\":5},\"periods\":[]}"
#define LAYERS                                                                                     \
    "\"vector_layers\":[{\"id\":\"a\",\"fields\":{\"category\":\"String\",\"count\":\"Number\"}}]"

static char folder[] = "/tmp/tocsin-clearance-XXXXXX";
static char path[FILE_PATH_SIZE];

static enum err check(const char *metadata, struct why *why)
{
    CLEANUP(pmtiles_reader_free_p) struct pmtiles_reader *reader = NULL;
    why->text[0] = '\0';
    archives_make_with(path, metadata);
    const enum err err = pmtiles_reader_open(&reader, path, why);
    return err ? err : clearance_check(reader, why);
}

static void test_public(void)
{
    struct why why;
    CHECK(check("{" LAYERS ",\"anonymised\":{\"a\":" RULE "}}", &why) == OK);
    CHECK(check("{" LAYERS ",\"private\":false,\"anonymised\":{\"a\":" RULE "}}", &why) == OK);
    CHECK(check("{" LAYERS ",\"anonymised\":{\"empty\":" RULE "}}", &why) == OK);
}

static void test_refused(void)
{
    static const struct {
        const char *metadata, *why;
    } cases[] = {
        {"{}", "does not say"},
        {"[]", "does not say"},
        {"{\"anonymised\":{}}", "does not say"},
        {"{\"anonymised\":true}", "does not say"},
        {"{\"anonymised\":[" RULE "]}", "does not say"},
        {"{\"anonymised\":{\"a\":true}}", "layer a does not say by which rule"},
        {"{\"anonymised\":{\"a\":{\"rule\":{\"premises\":5}}}}", "does not say by which rule"},
        {"{\"anonymised\":{\"a\":{\"rule\":{},\"periods\":[]}}}", "does not say by which rule"},
        {"{\"anonymised\":{\"a\":" RULE ",\"b\":null}}", "layer b"},
        {"{\"anonymised\":{\"a\":" RULE "},\"private\":true}", "says that it is private"},
        {"{\"anonymised\":{\"a\":" RULE "},\"private\":\"no\"}", "says that it is private"},
        {"{\"anonymised\":{\"a\":" RULE "},\"private\":null}", "says that it is private"},
        {"{\"anonymised\":{\"a\":" RULE "},\"vector_layers\":[{\"id\":\"b\"},{\"id\":\"a\","
         "\"fields\":{\"count\":\"Number\",\"time\":\"String\"}}]}",
         "attribute \"time\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct why why;
        const enum err err = check(cases[i].metadata, &why);
        CHECK(err == ERR_DENIED && strstr(why.text, cases[i].why));
        if (err != ERR_DENIED) { printf("# %s: %s\n", cases[i].metadata, why.text); }
    }
    struct why why;
    CHECK(check("{\"anonymised\":", &why) == ERR_MALFORMED);
}

int main(void)
{
    if (!mkdtemp(folder) || file_join(path, folder, "archive", NULL)) { abort(); }
    test_public();
    test_refused();
    CHECK(!clearance_is_private(NULL));
    scratch_remove(folder);
    return CHECK_DONE();
}
