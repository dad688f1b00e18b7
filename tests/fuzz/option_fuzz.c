/*
 * Whatever a configuration file or --set says, options that were read are whole: texts end, numbers
 * lie in their ranges, elements have names; a refusal says why.
 */
#include "base/option.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct eye {
    char name[OPTION_TEXT_SIZE], url[OPTION_TEXT_SIZE];
    bool detect;
};

struct settings {
    char site[OPTION_TEXT_SIZE];
    int64_t port;
    double share;
    struct eye eyes[3];
    size_t eye_count;
};

#define ROW(key_, kind_, owner, member, fallback_)                                                 \
    {                                                                                              \
        .key = (key_), .kind = OPTION_KIND_##kind_, .offset = offsetof(struct owner, member),      \
        .least = 1, .most = 99, .fallback = (fallback_), .sentence = "x"                           \
    }

static const struct option rows[] = {
    ROW("a.site", TEXT, settings, site, NULL),
    ROW("a.port", INTEGER, settings, port, "80"),
    ROW("a.share", REAL, settings, share, "1.5"),
};
static const struct option eye_rows[] = {
    ROW("url", TEXT, eye, url, NULL),
    ROW("detect", BOOLEAN, eye, detect, "yes"),
};
static const struct option_group groups[] = {{
    .section = "eye",
    .array_offset = offsetof(struct settings, eyes),
    .count_offset = offsetof(struct settings, eye_count),
    .element_size = sizeof(struct eye),
    .name_offset = offsetof(struct eye, name),
    .count_max = 3,
    .options = eye_rows,
    .option_count = ARRAY_LEN(eye_rows),
}};
static const struct option_table table = {
    .program = "x",
    .sentence = "x",
    .options = rows,
    .option_count = ARRAY_LEN(rows),
    .groups = groups,
    .group_count = ARRAY_LEN(groups),
};

static void must(bool truth)
{
    if (!truth) { abort(); }
}

static bool is_text(const char text[static OPTION_TEXT_SIZE])
{
    return *text && memchr(text, '\0', OPTION_TEXT_SIZE);
}

static void load(const char *path, const char *const words[])
{
    static struct settings settings;
    struct why why = {0};
    memset(&settings, 0, sizeof settings);
    if (option_load(&settings, &table, path, words, &why)) {
        must(why.text[0] && memchr(why.text, '\0', sizeof why.text));
        return;
    }
    must(is_text(settings.site) && settings.eye_count <= 3);
    must(settings.port >= 1 && settings.port <= 99);
    must(settings.share >= 1 && settings.share <= 99);
    for (size_t i = 0; i < settings.eye_count; i++) {
        must(is_text(settings.eyes[i].name) && is_text(settings.eyes[i].url));
    }
}

/* The file lies in memory: no disk is asked a thousand times a second. */
static void load_file(const uint8_t *data, size_t size)
{
    static int file = -1;
    if (file < 0) { file = memfd_create("ini", MFD_CLOEXEC); }
    char path[32];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    must(file >= 0 && ftruncate(file, 0) == 0);
    must(pwrite(file, data, size, 0) == (ssize_t)size);
    load(path, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    load_file(data, size);
    CLEANUP(mem_free_p) char *word = MEM_ARRAY(char, size + 1);
    memcpy(word, data, size);
    const char *const words[] = {"a.site=town", word, NULL};
    load(NULL, words);
    return 0;
}
