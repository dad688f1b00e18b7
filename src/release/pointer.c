#include "release/pointer.h"

#include <stdio.h>

#include "system/file.h"
#include "wire/digest.h"

#define MEANT "current.json"
#define KNOWN "current-known.json"

enum { QUOTED_SIZE = S3_ETAG_SIZE + 2, CACHE_SIZE = 64 };

static enum err keep(const struct pointer *pointer, const char *name, const struct text *json,
                     struct why *why)
{
    char path[FILE_PATH_SIZE];
    const enum err err = file_join(path, pointer->folder, name, why);
    return err ? err : file_write(path, text_span(json), 0600, why);
}

/* Notes the ETag of `json` among those that may be there now. */
static void note_etag(struct pointer *pointer, struct span json)
{
    struct digest digest;
    digest_bytes(&digest, json);
    (void)snprintf(pointer->etags[pointer->etag_count++], S3_ETAG_SIZE, "%s", digest.md5);
}

/* Without the right to read: what was known to be there, or what was meant to be, when a kill came
 * between. */
static enum err recall(struct pointer *pointer, struct why *why)
{
    static const char *const names[] = {KNOWN, MEANT};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[FILE_PATH_SIZE];
        CLEANUP(text_deinit) struct text json = text_limited(CURRENT_SIZE_MAX);
        enum err err = file_join(path, pointer->folder, names[i], why);
        if (!err && !file_exists(path)) { continue; }
        if (!err) { err = file_read(&json, path, why); }
        if (!err) { err = current_read(&pointer->current, text_span(&json), why); }
        if (err) { return err; }
        note_etag(pointer, text_span(&json));
    }
    pointer->unsettled =
        pointer->etag_count == 1 || strcmp(pointer->etags[0], pointer->etags[1]) != 0;
    if (pointer->etag_count == 1) { pointer->etags[pointer->etag_count++][0] = '\0'; }
    if (pointer->etag_count == 0) { /* "": nothing is there */
        pointer->etag_count = 1;
        pointer->unsettled = false;
    }
    return OK;
}

static enum err judge(struct pointer *pointer, const struct s3_request *request,
                      const struct s3_answer *answer, struct why *why)
{
    if (answer->status == 404) {
        pointer->etag_count = 1;
        return OK;
    }
    if (answer->status == 403 && strcmp(answer->code, "AccessDenied") == 0) {
        return recall(pointer, why);
    }
    if (answer->status != 200) { return s3_refused(request, answer, why); }
    (void)snprintf(pointer->etags[0], S3_ETAG_SIZE, "%s", answer->etag);
    pointer->etag_count = 1;
    return current_read(&pointer->current, text_span(&answer->body), why);
}

enum err pointer_load(struct pointer *pointer, struct why *why)
{
    const struct s3_request request = {.method = "GET", .key = pointer->key};
    struct s3_answer answer;
    pointer->current = (struct current){0};
    memset(pointer->etags, 0, sizeof pointer->etags);
    pointer->etag_count = 0;
    pointer->unsettled = false;
    enum err err = s3_ask(pointer->s3, &request, &answer, why);
    if (err) { return err; }
    err = judge(pointer, &request, &answer, why);
    s3_answer_deinit(&answer);
    return err;
}

/* Puts `json` where `etag` is ("": where nothing is). `*met` is false on 412. */
static enum err put(const struct pointer *pointer, const struct text *json, const char *etag,
                    bool *met, struct why *why)
{
    char quoted[QUOTED_SIZE];
    char cache[CACHE_SIZE];
    (void)snprintf(quoted, sizeof quoted, "\"%s\"", etag);
    (void)snprintf(cache, sizeof cache, "public, max-age=%d", (int)pointer->cache_s);
    const bool conditional = pointer->conditional;
    const struct s3_request request = {.method = "PUT",
                                       .key = pointer->key,
                                       .body = text_span(json),
                                       .content_type = "application/json",
                                       .cache_control = cache,
                                       .if_match = conditional && *etag ? quoted : NULL,
                                       .if_none_match = conditional && !*etag ? "*" : NULL};
    struct s3_answer answer;
    enum err err = s3_ask(pointer->s3, &request, &answer, why);
    if (err) { return err; }
    *met = answer.status == 200;
    if (answer.status != 200 && answer.status != 412) { err = s3_refused(&request, &answer, why); }
    s3_answer_deinit(&answer);
    return err;
}

static enum err replace(const struct pointer *pointer, const struct text *json, struct why *why)
{
    struct digest digest;
    digest_bytes(&digest, text_span(json));
    bool met = false;
    enum err err = OK;
    for (size_t i = 0; !err && !met && i < pointer->etag_count; i++) {
        err = put(pointer, json, pointer->etags[i], &met, why);
    }
    /* Or it is there already: an earlier attempt was done, its answer lost. */
    if (!err && !met) { err = put(pointer, json, digest.md5, &met, why); }
    if (!err && !met) {
        err = why_set(why, ERR_CONFLICT, "%.100s was replaced by another publisher meanwhile",
                      pointer->key);
    }
    return err;
}

enum err pointer_store(struct pointer *pointer, struct why *why)
{
    CLEANUP(text_deinit) struct text json = text_limited(CURRENT_SIZE_MAX);
    current_write(&pointer->current, &json);
    if (json.overflow) { return why_set(why, ERR_LIMIT, "current.json would be too large"); }
    enum err err = keep(pointer, MEANT, &json, why);
    if (!err) { err = replace(pointer, &json, why); }
    if (!err) { err = keep(pointer, KNOWN, &json, why); }
    return err;
}
