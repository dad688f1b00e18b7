#include "wire/s3_parts.h"

#include <pthread.h>
#include <stdio.h>

#include "base/encode.h"
#include "system/worker.h"
#include "wire/s3_answer.h"

enum { NUMBER_SIZE = 24, PART_XML_SIZE = 128 };

size_t s3_parts_count(const struct s3_parts *parts)
{
    return (size_t)((parts->size + parts->part_size - 1) / parts->part_size);
}

uint64_t s3_parts_size(uint64_t file_size, uint64_t wanted)
{
    const uint64_t least = (file_size + S3_PARTS_MAX - 1) / S3_PARTS_MAX;
    const uint64_t step = UINT64_C(1) << 20;
    wanted = wanted < S3_PART_SIZE_LEAST ? S3_PART_SIZE_LEAST : wanted;
    return wanted >= least ? wanted : (least + step - 1) / step * step;
}

/* An answer that is not what was hoped for. */
static enum err refused(const struct s3_request *request, const struct s3_answer *answer,
                        struct why *why)
{
    const enum err err = s3_refused(request, answer, why);
    const bool gone =
        strcmp(answer->code, "NoSuchUpload") == 0 || strcmp(answer->code, "InvalidPart") == 0;
    return gone ? ERR_NOT_FOUND : err;
}

enum err s3_parts_begin(struct s3 *s3, struct s3_parts *parts, const char *content_type,
                        const char *cache_control, struct why *why)
{
    static const struct s3_pair query[] = {{"uploads", ""}};
    const struct s3_request request = {.method = "POST",
                                       .key = parts->key,
                                       .query = query,
                                       .query_count = ARRAY_LEN(query),
                                       .content_type = content_type,
                                       .cache_control = cache_control};
    struct s3_answer answer;
    enum err err = s3_ask(s3, &request, &answer, why);
    if (err) { return err; }
    if (answer.status != 200) {
        err = refused(&request, &answer, why);
    } else if (!s3_answer_element(text_span(&answer.body), "UploadId", parts->upload_id,
                                  sizeof parts->upload_id)) {
        err = why_set(why, ERR_MALFORMED, "the store's answer has no UploadId");
    }
    s3_answer_deinit(&answer);
    return err;
}

/* ---- parts, several at once ---- */

struct sending {
    struct s3 *s3;
    struct s3_parts *parts;
    pthread_mutex_t lock; /* for what follows, and parts->md5 */
    size_t next;
    enum err err; /* the first */
    struct why why;
};

static enum err send_part(struct s3 *s3, const struct s3_parts *parts, size_t part,
                          struct digest *digest, struct why *why)
{
    char number[NUMBER_SIZE];
    (void)snprintf(number, sizeof number, "%zu", part + 1);
    const struct s3_pair query[] = {{"partNumber", number}, {"uploadId", parts->upload_id}};
    const uint64_t offset = part * parts->part_size;
    const uint64_t left = parts->size - offset;
    const uint64_t size = left < parts->part_size ? left : parts->part_size;
    enum err err = digest_file(digest, parts->fd, offset, size, why);
    if (err) { return err; }
    const struct s3_request request = {.method = "PUT",
                                       .key = parts->key,
                                       .query = query,
                                       .query_count = ARRAY_LEN(query),
                                       .fd = parts->fd,
                                       .offset = offset,
                                       .size = size,
                                       .digest = digest};
    struct s3_answer answer;
    err = s3_ask(s3, &request, &answer, why);
    if (err) { return err; }
    if (answer.status != 200) {
        err = refused(&request, &answer, why);
    } else if (strcmp(answer.etag, digest->md5) != 0) {
        err = why_set(why, ERR_IO, "part %zu of %.80s arrived as something else: ETag \"%.40s\"",
                      part + 1, parts->key, answer.etag);
    }
    s3_answer_deinit(&answer);
    return err;
}

/* The next part that is missing; false: there is none, or another thread has failed. */
static bool take_part(struct sending *sending, size_t *part)
{
    const size_t count = s3_parts_count(sending->parts);
    (void)pthread_mutex_lock(&sending->lock);
    while (sending->next < count && sending->parts->md5[sending->next][0]) {
        sending->next++;
    }
    const bool any = sending->next < count && !sending->err;
    *part = any ? sending->next++ : 0;
    (void)pthread_mutex_unlock(&sending->lock);
    return any;
}

static void tell_part(struct sending *sending, size_t part, enum err err,
                      const struct digest *digest, const struct why *why)
{
    struct s3_parts *parts = sending->parts;
    (void)pthread_mutex_lock(&sending->lock);
    if (!err) {
        memcpy(parts->md5[part], digest->md5, sizeof digest->md5);
        if (parts->arrived) { parts->arrived(parts->context, part); }
    } else if (!sending->err) {
        sending->err = err;
        sending->why = *why;
    }
    (void)pthread_mutex_unlock(&sending->lock);
}

static void send_parts(void *context)
{
    struct sending *sending = context;
    size_t part = 0;
    while (take_part(sending, &part)) {
        struct why why = {""};
        struct digest digest;
        const enum err err = send_part(sending->s3, sending->parts, part, &digest, &why);
        tell_part(sending, part, err, &digest, &why);
    }
}

enum err s3_parts_send(struct s3 *s3, struct s3_parts *parts, struct why *why)
{
    struct sending sending = {.s3 = s3, .parts = parts};
    if (pthread_mutex_init(&sending.lock, NULL)) { abort(); }
    struct worker *workers[S3_PARTS_AT_ONCE_MAX] = {NULL};
    size_t count = parts->at_once < S3_PARTS_AT_ONCE_MAX ? parts->at_once : S3_PARTS_AT_ONCE_MAX;
    for (size_t i = 1; i < count; i++) { /* fewer threads are slower, no failure */
        if (worker_start(&workers[i], "s3.part", send_parts, &sending, NULL)) { break; }
    }
    send_parts(&sending);
    for (size_t i = 1; i < count; i++) {
        worker_join(workers[i]);
    }
    (void)pthread_mutex_destroy(&sending.lock);
    if (sending.err && why) { *why = sending.why; }
    return sending.err;
}

/* ---- the end ---- */

/* What a store calls an object of these parts: the MD5 of their MD5s, and how many. */
static enum err expect_etag(const struct s3_parts *parts, char etag[static S3_ETAG_SIZE],
                            struct why *why)
{
    const size_t count = s3_parts_count(parts);
    CLEANUP(mem_free_p) uint8_t *all = mem_zeroed_array(count, DIGEST_MD5_SIZE);
    for (size_t i = 0; i < count; i++) {
        size_t size = 0;
        const enum err err =
            decode_hex(all + i * DIGEST_MD5_SIZE, DIGEST_MD5_SIZE, &size, parts->md5[i], why);
        if (err || size != DIGEST_MD5_SIZE) {
            return why_set(why, ERR_MALFORMED, "part %zu has no MD5", i + 1);
        }
    }
    struct digest digest;
    digest_bytes(&digest, span_of(all, count * DIGEST_MD5_SIZE));
    (void)snprintf(etag, S3_ETAG_SIZE, "%s-%zu", digest.md5, count);
    return OK;
}

static enum err judge_end(const struct s3_request *request, const struct s3_answer *answer,
                          const char *expected, struct why *why)
{
    char etag[S3_ETAG_SIZE] = "";
    const struct span body = text_span(&answer->body);
    /* An answer of 200 may still carry an error: it begins before the work is done. */
    if (answer->status != 200 || answer->code[0]) { return refused(request, answer, why); }
    if (!s3_answer_element(body, "ETag", etag, sizeof etag) || !strstr(etag, expected)) {
        return why_set(why, ERR_IO, "%.80s arrived as something else: ETag %.60s, not %.60s",
                       request->key, etag, expected);
    }
    return OK;
}

enum err s3_parts_complete(struct s3 *s3, const struct s3_parts *parts, bool create_only,
                           char etag[static S3_ETAG_SIZE], struct why *why)
{
    const size_t count = s3_parts_count(parts);
    enum err err = expect_etag(parts, etag, why);
    if (err) { return err; }
    CLEANUP(text_deinit) struct text xml = text_limited((count + 2) * PART_XML_SIZE);
    text_add(&xml, "<CompleteMultipartUpload>");
    for (size_t i = 0; i < count; i++) {
        text_format(&xml, "<Part><PartNumber>%zu</PartNumber><ETag>\"%s\"</ETag></Part>", i + 1,
                    parts->md5[i]);
    }
    text_add(&xml, "</CompleteMultipartUpload>");
    const struct s3_pair query[] = {{"uploadId", parts->upload_id}};
    const struct s3_request request = {.method = "POST",
                                       .key = parts->key,
                                       .query = query,
                                       .query_count = ARRAY_LEN(query),
                                       .body = text_span(&xml),
                                       .content_type = "application/xml",
                                       .if_none_match = create_only ? "*" : NULL};
    struct s3_answer answer;
    err = s3_ask(s3, &request, &answer, why);
    if (err) { return err; }
    err = judge_end(&request, &answer, etag, why);
    s3_answer_deinit(&answer);
    return err;
}

void s3_parts_abort(struct s3 *s3, const struct s3_parts *parts)
{
    const struct s3_pair query[] = {{"uploadId", parts->upload_id}};
    const struct s3_request request = {
        .method = "DELETE", .key = parts->key, .query = query, .query_count = ARRAY_LEN(query)};
    struct s3_answer answer;
    if (!s3_ask(s3, &request, &answer, NULL)) { s3_answer_deinit(&answer); }
}
