/*
 * value_parse against JSONTestSuite (nst/JSONTestSuite, MIT): y_ must be read, n_ must be refused,
 * of i_ RFC 8259 leaves the choice to us, and ours is listed here.
 *
 * Where we differ on purpose, each a limit that RFC 8259 section 9 allows: a member that comes
 * twice is refused (y_object_duplicated_key*), and so is NUL in a text or a member's name
 * (y_object_escaped_null_in_key, y_string_null_escape, both written backslash u0000).
 */
#include <dirent.h>

#include "base/value.h"
#include "check.h"
#include "system/file.h"

enum { FILE_SIZE_MAX = 1024 * 1024 };

#define DATA SHARED_DATA "/alerting/json/JSONTestSuite"

static bool read_whole(struct span json)
{
    struct value *value = NULL;
    const enum err err = value_parse(&value, json, FILE_SIZE_MAX, NULL);
    value_free(value);
    return !err;
}

static bool listed(const char *name, const char *const list[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, list[i]) == 0) { return true; }
    }
    return false;
}

/* What must come of the file `name`. */
static bool expected(const char *name)
{
    static const char *const refused_by_choice[] = {
        "y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json",
        "y_object_escaped_null_in_key.json", "y_string_null_escape.json"};
    /* Too small for a double is zero; all other i_ files are refused. */
    static const char *const read_by_choice[] = {"i_number_double_huge_neg_exp.json",
                                                 "i_number_real_underflow.json"};
    if (name[0] == 'i') { return listed(name, read_by_choice, ARRAY_LEN(read_by_choice)); }
    return name[0] == 'y' && !listed(name, refused_by_choice, ARRAY_LEN(refused_by_choice));
}

/* A few of the suite's own files, so that this test never runs empty. */
static void test_embedded(void)
{
    static const char *const accepted[] = {"[]",
                                           "[1e-2]",
                                           "[-0]",
                                           "[\"\\u0060\\u012a\\u12AB\"]",
                                           "[\"\\uD834\\uDD1E\"]",
                                           "\"\"",
                                           "{\"a\":[]}",
                                           "[null, 1, \"1\", {}]",
                                           " true ",
                                           "[123.456e78]",
                                           "[\"\xEF\xBF\xBF\"]"};
    static const char *const refused[] = {"[1 true]",    "[\"\": 1]",  "[1,]",           "[-01]",
                                          "[.123]",      "[1.]",       "[0x1]",          "[NaN]",
                                          "[+1]",        "{a: \"b\"}", "{\"a\":1,}",     "['x']",
                                          "[\"\\x00\"]", "[\"\t\"]",   "[1]x",           "{\"a\"}",
                                          "nul",         "",           "[\"\\uD800\\\"]"};
    for (size_t i = 0; i < ARRAY_LEN(accepted); i++) {
        CHECK(read_whole(span_text(accepted[i])));
    }
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        CHECK(!read_whole(span_text(refused[i])));
    }
}

int main(void)
{
    test_embedded();
    DIR *folder = opendir(DATA);
    if (!folder) {
        printf("# skipped: " DATA " is not here\n");
        return CHECK_DONE();
    }
    size_t wrong = 0;
    size_t count = 0;
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        char path[1024];
        CLEANUP(text_deinit) struct text json = text_limited(FILE_SIZE_MAX);
        (void)snprintf(path, sizeof path, DATA "/%s", entry->d_name);
        if (entry->d_name[0] == '.' || file_read(&json, path, NULL)) { continue; }
        const bool read = read_whole(text_span(&json));
        if (read != expected(entry->d_name)) {
            printf("# %s is %s\n", entry->d_name, read ? "read" : "refused");
            wrong++;
        }
        count++;
    }
    (void)closedir(folder);
    printf("# %zu files\n", count);
    CHECK(wrong == 0 && count > 300);
    return CHECK_DONE();
}
