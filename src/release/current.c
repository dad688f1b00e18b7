#include "release/current.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/value.h"

enum { CURRENT_FORMAT = 1 };

/* A name that can stand behind any URL's last slash. */
static bool name_valid(const char *name)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    const size_t size = strlen(name);
    return size > 0 && name[0] != '.' && strspn(name, letters) == size;
}

static bool sha256_valid(const char *text)
{
    return strlen(text) == RELEASE_SHA256_SIZE - 1 &&
           strspn(text, "0123456789abcdef") == RELEASE_SHA256_SIZE - 1;
}

enum err release_name(struct release *release, const char *prefix, const char *sha256,
                      struct why *why)
{
    if (!name_valid(prefix) || strlen(prefix) > 64 || !sha256_valid(sha256)) {
        return why_set(why, ERR_RANGE, "\"%.80s\" is no prefix of an archive's name", prefix);
    }
    (void)snprintf(release->archive, sizeof release->archive, "%s-%s.pmtiles", prefix, sha256);
    (void)snprintf(release->sha256, sizeof release->sha256, "%s", sha256);
    return OK;
}

/* ---- as text ---- */

static void set_release(struct value *object, const struct release *release)
{
    value_set_text(object, "archive", release->archive);
    value_set_text(object, "sha256", release->sha256);
    value_set_integer(object, "size", release->size);
    value_set_time(object, "published_at", release->published_us);
}

void current_write(const struct current *current, struct text *out)
{
    CLEANUP(value_free_p) struct value *json = value_object();
    value_set_integer(json, "format", CURRENT_FORMAT);
    set_release(json, &current->releases[current->now]);
    value_set_time(json, "changed_at", current->changed_us);
    struct value *list = value_array();
    for (size_t i = 0; i < current->count; i++) {
        struct value *release = value_object();
        set_release(release, &current->releases[i]);
        value_append(list, release);
    }
    value_set(json, "releases", list);
    value_write(json, out);
    text_add_char(out, '\n');
}

static enum err read_release(struct release *release, const struct value *json, struct why *why)
{
    int64_t range[2] = {1, INT64_MAX};
    enum err err = value_need_text(json, "archive", release->archive, sizeof release->archive, why);
    if (!err) {
        err = value_need_text(json, "sha256", release->sha256, sizeof release->sha256, why);
    }
    if (!err) { err = value_need_integer(json, "size", range, &release->size, why); }
    if (!err) { err = value_need_time(json, "published_at", &release->published_us, why); }
    if (!err && (!name_valid(release->archive) || !sha256_valid(release->sha256))) {
        err = why_set(why, ERR_MALFORMED, "\"%.100s\" is no archive's name with its SHA-256",
                      release->archive);
    }
    return err;
}

static enum err read_members(struct current *current, const struct value *json, struct why *why)
{
    int64_t formats[2] = {CURRENT_FORMAT, CURRENT_FORMAT};
    int64_t format = 0;
    struct release now;
    enum err err = value_need_integer(json, "format", formats, &format, why);
    if (!err) { err = read_release(&now, json, why); }
    if (!err) { err = value_need_time(json, "changed_at", &current->changed_us, why); }
    const struct value *list = value_get(json, "releases");
    const size_t count = list && value_kind(list) == VALUE_KIND_ARRAY ? value_count(list) : 0;
    if (!err && (count == 0 || count > CURRENT_RELEASES_MAX)) {
        err = why_set(why, ERR_MALFORMED, "\"releases\" lists 1 to %d archives",
                      CURRENT_RELEASES_MAX);
    }
    current->now = count;
    for (size_t i = 0; !err && i < count; i++) {
        err = read_release(&current->releases[i], value_at(list, i), why);
        if (!err && strcmp(current->releases[i].sha256, now.sha256) == 0) { current->now = i; }
    }
    current->count = count;
    if (!err && current->now == count) {
        err = why_set(why, ERR_MALFORMED, "the current archive is not among \"releases\"");
    }
    return err;
}

enum err current_read(struct current *out, struct span json, struct why *why)
{
    struct current current = {0};
    CLEANUP(value_free_p) struct value *value = NULL;
    enum err err = value_parse(&value, json, CURRENT_SIZE_MAX, why);
    if (!err) { err = read_members(&current, value, why); }
    if (err) { return why_prefix(why, err, "current.json"); }
    *out = current;
    return OK;
}

/* ---- forth and back ---- */

bool current_advance(struct current *current, const struct release *release, size_t keep,
                     struct release dropped[static CURRENT_RELEASES_MAX + 1], size_t *dropped_count)
{
    *dropped_count = 0;
    if (current->count > 0 &&
        strcmp(current->releases[current->now].sha256, release->sha256) == 0) {
        return false;
    }
    struct release all[CURRENT_RELEASES_MAX + 1] = {*release};
    size_t count = 1;
    for (size_t i = 0; i < current->count; i++) {
        if (strcmp(current->releases[i].sha256, release->sha256) == 0) { continue; }
        all[count++] = current->releases[i];
    }
    keep = keep < 2 ? 2 : keep;
    keep = keep > CURRENT_RELEASES_MAX ? CURRENT_RELEASES_MAX : keep;
    for (size_t i = keep; i < count; i++) {
        dropped[(*dropped_count)++] = all[i];
    }
    current->count = count < keep ? count : keep;
    memcpy(current->releases, all, current->count * sizeof *all);
    current->now = 0;
    current->changed_us = release->published_us;
    return true;
}

/* How many kept releases begin with `sha256`; `*found` is the last of them. */
static size_t count_beginning(const struct current *current, const char *sha256, size_t *found)
{
    const size_t size = strlen(sha256);
    size_t count = 0;
    for (size_t i = 0; i < current->count; i++) {
        if (strncmp(current->releases[i].sha256, sha256, size) != 0) { continue; }
        *found = i;
        count++;
    }
    return count;
}

enum err current_go_back(struct current *current, const char *sha256, int64_t now_us,
                         struct why *why)
{
    size_t found = current->now + 1;
    if (!sha256 && found >= current->count) {
        return why_set(why, ERR_NOT_FOUND, "no release before the current one is kept");
    }
    const size_t count = sha256 ? count_beginning(current, sha256, &found) : 1;
    if (count > 1) {
        return why_set(why, ERR_CONFLICT, "more than one kept release begins with %.64s", sha256);
    }
    if (count == 0) {
        return why_set(why, ERR_NOT_FOUND, "no kept release begins with %.64s", sha256);
    }
    current->now = found;
    current->changed_us = now_us;
    return OK;
}
