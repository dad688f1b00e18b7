#include "release/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "system/file.h"
#include "wire/s3_parts.h"

#define TYPE "application/vnd.pmtiles"
#define FOR_EVER "public, max-age=31536000, immutable"

enum { JOURNAL_SIZE_MAX = 1 << 20, LINE_SIZE = S3_UPLOAD_ID_SIZE + 160 };

static const size_t sha256_digits = (size_t)DIGEST_SHA256_SIZE * 2;
static const size_t md5_digits = (size_t)DIGEST_MD5_SIZE * 2;

/* An upload in parts under way. */
struct journal {
    const struct upload *upload;
    struct s3_parts parts;
    uint64_t done; /* bytes that are there */
    int fd;        /* of the journal, for one more line */
};

/* ---- what is there ---- */

enum there { THERE_NOT, THERE_SAME, THERE_OTHER, THERE_UNSEEN };

/* An object of this size whose ETag is either our MD5 or one of parts, which are checked when sent.
 */
static bool is_ours(const struct upload *upload, const struct s3_answer *answer)
{
    const bool parts = strchr(answer->etag, '-') != NULL;
    return answer->size == (int64_t)upload->size &&
           (parts || strcmp(answer->etag, upload->digest->md5) == 0);
}

static enum err look(const struct upload *upload, enum there *there, struct why *why)
{
    const struct s3_request request = {.method = "HEAD", .key = upload->key};
    struct s3_answer answer;
    enum err err = s3_ask(upload->s3, &request, &answer, why);
    if (err) { return err; }
    switch (answer.status) {
    case 200: *there = is_ours(upload, &answer) ? THERE_SAME : THERE_OTHER; break;
    case 404: *there = THERE_NOT; break;
    case 403: *there = THERE_UNSEEN; break;
    default: err = s3_refused(&request, &answer, why);
    }
    s3_answer_deinit(&answer);
    return err;
}

static enum err other_is_there(const struct upload *upload, struct why *why)
{
    return why_set(why, ERR_CONFLICT, "%.120s is there with another content", upload->key);
}

/* ---- in one request ---- */

static void show_sent(void *context, uint64_t so_far)
{
    const struct upload *upload = context;
    if (upload->progress) { upload->progress(upload->context, so_far, upload->size); }
}

/* Puts the whole under one condition: `*status` is 200, 412 or an error's. */
static enum err put_whole(const struct upload *upload, const char *if_match, bool create_only,
                          int *status, struct why *why)
{
    const struct s3_request request = {.method = "PUT",
                                       .key = upload->key,
                                       .fd = upload->fd,
                                       .size = upload->size,
                                       .digest = upload->digest,
                                       .content_type = TYPE,
                                       .cache_control = FOR_EVER,
                                       .if_match = if_match,
                                       .if_none_match = create_only ? "*" : NULL,
                                       .context = (void *)(uintptr_t)upload,
                                       .sent = show_sent};
    struct s3_answer answer;
    enum err err = s3_ask(upload->s3, &request, &answer, why);
    if (err) { return err; }
    *status = answer.status;
    if (answer.status == 200 && strcmp(answer.etag, upload->digest->md5) != 0) {
        err = why_set(why, ERR_IO, "%.80s arrived as something else: ETag \"%.60s\"", upload->key,
                      answer.etag);
    } else if (answer.status != 200 && answer.status != 412) {
        err = s3_refused(&request, &answer, why);
    }
    s3_answer_deinit(&answer);
    return err;
}

/*
 * Something is there, perhaps by an attempt of ours whose answer was lost. Who may not look can
 * still ask to replace it by itself.
 */
static enum err judge_whole(const struct upload *upload, enum upload_end *end, struct why *why)
{
    char etag[DIGEST_MD5_SIZE * 2 + 3];
    enum there there = THERE_UNSEEN;
    int status = 0;
    enum err err = look(upload, &there, why);
    if (err) { return err; }
    if (there == THERE_UNSEEN) {
        (void)snprintf(etag, sizeof etag, "\"%s\"", upload->digest->md5);
        err = put_whole(upload, etag, false, &status, why);
        if (err) { return err; }
        there = status == 200 ? THERE_SAME : THERE_OTHER;
    }
    *end = UPLOAD_END_THERE;
    return there == THERE_SAME ? OK : other_is_there(upload, why);
}

static enum err send_whole(const struct upload *upload, enum upload_end *end, struct why *why)
{
    int status = 0;
    const enum err err = put_whole(upload, NULL, upload->conditional, &status, why);
    if (err) { return err; }
    *end = UPLOAD_END_SENT;
    return status == 412 ? judge_whole(upload, end, why) : OK;
}

/* ---- the journal: a line for the upload, then one for each part ---- */

static void forget(const struct upload *upload)
{
    (void)unlink(upload->journal);
}

static enum err begin_journal(struct journal *journal, struct why *why)
{
    const struct upload *upload = journal->upload;
    CLEANUP(text_deinit) struct text line = text_limited(LINE_SIZE);
    text_format(&line, "upload %s %llu %s\n", upload->digest->sha256,
                (unsigned long long)journal->parts.part_size, journal->parts.upload_id);
    return file_write(upload->journal, text_span(&line), 0600, why);
}

static void on_arrived(void *context, size_t part)
{
    struct journal *journal = context;
    const struct upload *upload = journal->upload;
    char line[DIGEST_MD5_SIZE * 2 + 32];
    const int size = snprintf(line, sizeof line, "%zu %s\n", part, journal->parts.md5[part]);
    const bool written = write(journal->fd, line, (size_t)size) == size;
    (void)(written && fdatasync(journal->fd)); /* what is not written down is sent again */
    const uint64_t left = upload->size - part * journal->parts.part_size;
    journal->done += left < journal->parts.part_size ? left : journal->parts.part_size;
    if (upload->progress) { upload->progress(upload->context, journal->done, upload->size); }
}

/* One line of a part; what is cut off, or of another size of parts, is passed over. */
static void read_part(struct journal *journal, const char *line)
{
    char *end = NULL;
    const unsigned long part = strtoul(line, &end, 10);
    const char *md5 = end + 1;
    if (end == line || *end != ' ' || part >= s3_parts_count(&journal->parts) ||
        strspn(md5, "0123456789abcdef") != md5_digits || md5[md5_digits]) {
        return;
    }
    if (!journal->parts.md5[part][0]) {
        const uint64_t left = journal->upload->size - part * journal->parts.part_size;
        journal->done += left < journal->parts.part_size ? left : journal->parts.part_size;
    }
    memcpy(journal->parts.md5[part], md5, md5_digits + 1);
}

/* The first line: of which file, in parts of which size, under which id. */
static bool read_begin(struct journal *journal, const char *line)
{
    static const char word[] = "upload ";
    if (strncmp(line, word, strlen(word)) != 0) { return false; }
    line += strlen(word);
    if (strncmp(line, journal->upload->digest->sha256, sha256_digits) != 0 ||
        line[sha256_digits] != ' ') {
        return false;
    }
    char *end = NULL;
    const uint64_t part_size = strtoull(line + sha256_digits + 1, &end, 10);
    if (*end != ' ' || part_size != journal->parts.part_size) { return false; }
    return text_copy(journal->parts.upload_id, sizeof journal->parts.upload_id, end + 1);
}

/* Whether there is an upload of this file to go on with. */
static bool read_journal(struct journal *journal)
{
    CLEANUP(text_deinit) struct text text = text_limited(JOURNAL_SIZE_MAX);
    if (file_read(&text, journal->upload->journal, NULL)) { return false; }
    bool begun = false;
    char *line = text.data;
    for (char *end = NULL; line && (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        if (begun) {
            read_part(journal, line);
        } else if (!read_begin(journal, line)) {
            return false;
        }
        begun = true;
    }
    return begun;
}

/* ---- in parts ---- */

static enum err begin_parts(struct journal *journal, struct why *why)
{
    const size_t count = s3_parts_count(&journal->parts);
    memset(journal->parts.md5, 0, count * sizeof *journal->parts.md5);
    journal->done = 0;
    const enum err err = s3_parts_begin(journal->upload->s3, &journal->parts, TYPE, FOR_EVER, why);
    return err ? err : begin_journal(journal, why);
}

static enum err send_missing(struct journal *journal, char etag[static S3_ETAG_SIZE],
                             struct why *why)
{
    const struct upload *upload = journal->upload;
    CLEANUP(file_close_p) const int fd = open(upload->journal, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd < 0) {
        return why_set(why, ERR_IO, "cannot write %.150s: error %d", upload->journal, errno);
    }
    journal->fd = fd;
    const enum err err = s3_parts_send(upload->s3, &journal->parts, why);
    return err ? err
               : s3_parts_complete(upload->s3, &journal->parts, upload->conditional, etag, why);
}

/* The upload has ended, though not by this answer: perhaps by an earlier one that was lost. */
static enum err judge_parts(const struct upload *upload, enum err ended, enum upload_end *end,
                            struct why *why)
{
    enum there there = THERE_UNSEEN;
    const enum err err = look(upload, &there, why);
    if (err) { return err; }
    if (there == THERE_OTHER) { return other_is_there(upload, why); }
    *end = there == THERE_UNSEEN ? UPLOAD_END_UNSEEN : UPLOAD_END_THERE;
    const bool is_there = there == THERE_SAME || (there == THERE_UNSEEN && ended == ERR_CONFLICT);
    return is_there ? OK : ended;
}

static enum err send_and_judge(struct journal *journal, enum upload_end *end, struct why *why)
{
    char etag[S3_ETAG_SIZE];
    *end = UPLOAD_END_SENT;
    const enum err err = send_missing(journal, etag, why);
    const bool ended = err == ERR_NOT_FOUND || err == ERR_CONFLICT;
    return ended ? judge_parts(journal->upload, err, end, why) : err;
}

static enum err run_parts(struct journal *journal, enum upload_end *end, struct why *why)
{
    const bool going_on = read_journal(journal);
    enum err err = going_on ? OK : begin_parts(journal, why);
    if (!err) { err = send_and_judge(journal, end, why); }
    if (err != ERR_NOT_FOUND || !going_on) { return err; }
    err = begin_parts(journal, why); /* the store has given the old upload up */
    return err ? err : send_and_judge(journal, end, why);
}

static enum err send_parts(const struct upload *upload, uint64_t part_size, enum upload_end *end,
                           struct why *why)
{
    CLEANUP(mem_free_p) struct journal *journal = MEM_NEW(struct journal);
    journal->upload = upload;
    journal->parts = (struct s3_parts){.key = upload->key,
                                       .fd = upload->fd,
                                       .size = upload->size,
                                       .part_size = part_size,
                                       .at_once = upload->at_once,
                                       .context = journal,
                                       .arrived = on_arrived};
    journal->parts.md5 =
        mem_zeroed_array(s3_parts_count(&journal->parts), sizeof *journal->parts.md5);
    const enum err err = run_parts(journal, end, why);
    free(journal->parts.md5);
    if (!err) { forget(upload); }
    return err;
}

/* What was sent must be there, whole. Who may not look has the ETags of the parts. */
static enum err confirm(const struct upload *upload, struct why *why)
{
    enum there there = THERE_UNSEEN;
    const enum err err = look(upload, &there, why);
    if (err) { return err; }
    if (there == THERE_NOT) {
        return why_set(why, ERR_IO, "%.120s was taken, but is not there", upload->key);
    }
    return there == THERE_OTHER ? other_is_there(upload, why) : OK;
}

enum err upload_run(const struct upload *upload, enum upload_end *end, struct why *why)
{
    enum there there = THERE_UNSEEN;
    enum err err = look(upload, &there, why);
    if (err) { return err; }
    if (there == THERE_OTHER) { return other_is_there(upload, why); }
    if (there == THERE_SAME) {
        forget(upload);
        *end = UPLOAD_END_THERE;
        return OK;
    }
    const uint64_t part_size = s3_parts_size(upload->size, upload->part_size);
    err = upload->size <= part_size ? send_whole(upload, end, why)
                                    : send_parts(upload, part_size, end, why);
    return err || *end != UPLOAD_END_SENT ? err : confirm(upload, why);
}
