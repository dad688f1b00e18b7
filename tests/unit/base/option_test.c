#include "base/option.h"

#include "check.h"

#include <stdio.h>
#include <unistd.h>

struct eye {
    char name[OPTION_TEXT_SIZE];
    char url[OPTION_TEXT_SIZE];
    int64_t fps;
};

struct settings {
    char site[OPTION_TEXT_SIZE];
    int64_t port;
    double gain;
    bool loud;
    struct eye eyes[2];
    size_t eye_count;
};

static const struct option OPTIONS[] = {
    {"site.name", OPTION_KIND_TEXT, offsetof(struct settings, site), 0, 0, NULL, "The site."},
    {"http.port", OPTION_KIND_INTEGER, offsetof(struct settings, port), 1, 65535, "8080", "Port."},
    {"sound.gain", OPTION_KIND_REAL, offsetof(struct settings, gain), 0, 2, "0.5", "Gain."},
    {"sound.loud", OPTION_KIND_BOOLEAN, offsetof(struct settings, loud), 0, 0, "no", "Loud."},
};

static const struct option EYE_OPTIONS[] = {
    {"url", OPTION_KIND_TEXT, offsetof(struct eye, url), 0, 0, NULL, "Where."},
    {"fps", OPTION_KIND_INTEGER, offsetof(struct eye, fps), 1, 60, "10", "How fast."},
};

static const struct option_group GROUPS[] = {
    {"eye", offsetof(struct settings, eyes), offsetof(struct settings, eye_count),
     sizeof(struct eye), offsetof(struct eye, name), 2, EYE_OPTIONS, ARRAY_LEN(EYE_OPTIONS)},
};

static const struct option_table TABLE = {
    "tocsin-test", "tests options", OPTIONS, ARRAY_LEN(OPTIONS), GROUPS, ARRAY_LEN(GROUPS), NULL};

static struct why why;

/* Loads `ini` from a file; the settings are those of the last call. */
static enum err load(struct settings *out, const char *ini)
{
    char path[] = "/tmp/tocsin-option-XXXXXX";
    const int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    (void)fputs(ini, file);
    (void)fclose(file);
    memset(out, 0, sizeof *out);
    why.text[0] = '\0';
    const enum err err = option_load(out, &TABLE, path, NULL, &why);
    (void)unlink(path);
    return err;
}

static void reads_a_file(void)
{
    static struct settings settings;
    CHECK(load(&settings, "[site]\nname = town\n[sound]\nloud=yes\ngain=1.5\n"
                          "[eye gate]\nurl=rtsp://a\n[eye hall]\nurl=rtsp://b\nfps=5\n") == OK);
    CHECK_TEXT(settings.site, "town");
    CHECK(settings.port == 8080 && settings.loud && settings.gain == 1.5);
    CHECK(settings.eye_count == 2 && settings.eyes[0].fps == 10 && settings.eyes[1].fps == 5);
    CHECK_TEXT(settings.eyes[1].name, "hall");
}

static void says_what_is_wrong(void)
{
    static struct settings settings;
    CHECK(load(&settings, "") == ERR_MALFORMED && strstr(why.text, "site.name must be set"));
    CHECK(load(&settings, "[site]\nname=x\nnmae=y\n") == ERR_MALFORMED);
    CHECK(strstr(why.text, ":3: unknown key \"site.nmae\""));
    CHECK(load(&settings, "[site]\nname=x\n[http]\nport=0\n") == ERR_RANGE);
    CHECK(strstr(why.text, "http.port is \"0\", expected a whole number from 1 to 65535"));
    CHECK(load(&settings, "[site]\nname=x\n[http]\nport=80x\n") == ERR_RANGE);
    CHECK(load(&settings, "[site]\nname=x\n[sound]\ngain=nan\n") == ERR_RANGE);
    CHECK(load(&settings, "[site]\nname=x\n[sound]\nloud=maybe\n") == ERR_RANGE);
    CHECK(load(&settings, "[site]\nname=x\n[eye gate]\nfps=3\n") == ERR_MALFORMED);
    CHECK(strstr(why.text, "[eye gate] url must be set"));
    CHECK(load(&settings, "[site]\nname=x\n[eye a]\nurl=1\n[eye b]\nurl=2\n[eye c]\nurl=3\n") ==
          ERR_LIMIT);
    CHECK(load(&settings, "[site]\nname=x\nthis is no pair\n") == ERR_MALFORMED);
    CHECK(option_load(&settings, &TABLE, "/nonexistent/file", NULL, &why) == ERR_IO);
}

/* What inih would do by itself: cut a long line in two, join an indented one to the one above. */
static void takes_lines_as_written(void)
{
    static struct settings settings;
    static char ini[OPTION_FILE_SIZE_MAX + 100];
    CHECK(load(&settings, "  [site]\n  name = town\n[http]\n\tport = 99\n\n   # remark\n") == OK);
    CHECK_TEXT(settings.site, "town");
    CHECK(settings.port == 99);
    CHECK(load(&settings, "[site]\nname = town\n  more of it\n") == ERR_MALFORMED);
    CHECK(load(&settings, "[site]\nname = town") == OK); /* no newline at the end */
    CHECK_TEXT(settings.site, "town");
    for (size_t size = 150; size < 260; size++) {
        (void)snprintf(ini, sizeof ini, "[site]\nname = %0*d\n", (int)size, 7);
        const enum err err = load(&settings, ini);
        CHECK(err == OK ? strlen(settings.site) == size : err == ERR_LIMIT);
        CHECK(err == OK || strstr(why.text, ":2: line is longer"));
    }
    (void)snprintf(ini, sizeof ini, "[site]\nname = %0190d  ;x=1\n", 7);
    CHECK(load(&settings, ini) == ERR_LIMIT); /* the rest of the line would have been a remark */
    memset(ini, '\n', sizeof ini - 1);
    CHECK(load(&settings, ini) == ERR_LIMIT && strstr(why.text, "larger than"));
}

static void settings_come_after_the_file(void)
{
    static struct settings settings;
    const char *words[] = {"site.name=town", "http.port=99", "eye gate.url=rtsp://x", NULL};
    CHECK(option_load(&settings, &TABLE, NULL, words, &why) == OK);
    CHECK(settings.port == 99 && settings.eye_count == 1);
    CHECK_TEXT(settings.eyes[0].url, "rtsp://x");
    const char *wrong[] = {"site.name", NULL};
    CHECK(option_load(&settings, &TABLE, NULL, wrong, &why) == ERR_MALFORMED);
}

static void reads_a_command_line(void)
{
    static struct settings settings;
    char *const run[] = {(char[]){"x"}, (char[]){"--set"}, (char[]){"site.name=a"}};
    CHECK(option_command_line(&settings, &TABLE, 3, run, &why) == OPTION_OUTCOME_RUN);
    char *const check[] = {(char[]){"x"}, (char[]){"--check"}, (char[]){"--set"},
                           (char[]){"site.name=a"}};
    CHECK(option_command_line(&settings, &TABLE, 4, check, &why) == OPTION_OUTCOME_DONE);
    char *const wrong[] = {(char[]){"x"}, (char[]){"--config"}};
    CHECK(option_command_line(&settings, &TABLE, 2, wrong, &why) == OPTION_OUTCOME_REFUSED);
    static struct settings unnamed;
    CHECK(option_command_line(&unnamed, &TABLE, 1, run, &why) == OPTION_OUTCOME_REFUSED);
}

static enum err no_even_port(const void *read, struct why *said)
{
    const struct settings *settings = read;
    return settings->port % 2 ? OK : why_set(said, ERR_RANGE, "an odd port is expected");
}

/* What rows cannot say is said before a program starts, and to who only asks. */
static void asks_the_program_last(void)
{
    static struct settings settings;
    struct option_table table = TABLE;
    table.check = no_even_port;
    char *const odd[] = {(char[]){"x"}, (char[]){"--set"}, (char[]){"site.name=a"},
                         (char[]){"--set"}, (char[]){"http.port=99"}};
    CHECK(option_command_line(&settings, &table, 5, odd, &why) == OPTION_OUTCOME_RUN);
    char *const even[] = {(char[]){"x"}, (char[]){"--set"}, (char[]){"site.name=a"},
                          (char[]){"--check"}};
    static struct settings other;
    CHECK(option_command_line(&other, &table, 4, even, &why) == OPTION_OUTCOME_REFUSED);
    CHECK_TEXT(why.text, "an odd port is expected");
}

int main(void)
{
    asks_the_program_last();
    takes_lines_as_written();
    reads_a_file();
    says_what_is_wrong();
    settings_come_after_the_file();
    reads_a_command_line();
    CLEANUP(text_deinit) struct text page = text_limited(1 << 16);
    option_explain(&TABLE, true, &page);
    CHECK(strstr(text_c(&page), "| `http.port` | whole number, 1 to 65535 | 8080 | Port. |"));
    CHECK(strstr(text_c(&page), "[eye NAME]"));
    return CHECK_DONE();
}
