#include "evidence/stream.h"

#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "queries/evidence_stream.h"
#include "trust/envelope.h"

struct stream {
    struct media_index *index;          /* owned */
    struct verifier *verifier;          /* owned; knows tokens only */
    struct statement *use, *forget;     /* owned by the connection */
    char *site, *device, *media_folder; /* owned */
};

/* What a token says, once its signature was found good. */
struct token {
    char id[ID_TEXT_SIZE], event_id[ID_TEXT_SIZE];
    char operation[16];
    char device[IDENTITY_NAME_SIZE];
    char subject[STREAM_SUBJECT_SIZE];
    int64_t not_after_us;
};

const char *stream_answer_name(enum stream_answer answer)
{
    switch (answer) {
    case STREAM_ANSWER_OPENED: return "opened";
    case STREAM_ANSWER_ABSENT: return "absent";
    case STREAM_ANSWER_MALFORMED: return "malformed";
    case STREAM_ANSWER_FORGED: return "forged";
    case STREAM_ANSWER_UNTRUSTED: return "untrusted";
    case STREAM_ANSWER_EXPIRED: return "expired";
    case STREAM_ANSWER_OTHER_DEVICE: return "other_device";
    case STREAM_ANSWER_OTHER_EVENT: return "other_event";
    case STREAM_ANSWER_USED: return "used";
    }
    abort(); /* unreachable: -Wswitch-enum keeps the list complete */
}

enum err stream_new(struct stream **out, struct database *database,
                    const struct stream_config *config, struct why *why)
{
    CLEANUP(stream_free_p) struct stream *stream = MEM_NEW(struct stream);
    stream->site = mem_text(config->site);
    stream->device = mem_text(config->device);
    stream->media_folder = mem_text(config->media_folder);
    const struct verifier_config trust = {.site = config->site,
                                          .ca_path = config->ca_path,
                                          .revocations = config->revocations,
                                          .age_max_us = STREAM_LIFE_MAX_S * CLOCK_SECOND_US};
    enum err err = media_index_open(&stream->index, database, why);
    if (!err) { err = verifier_open(&stream->verifier, &trust, why); }
    if (!err) { err = database_prepare(&stream->use, database, SQL_STREAM_USE, why); }
    if (!err) { err = database_prepare(&stream->forget, database, SQL_STREAM_FORGET, why); }
    if (!err) { *out = TAKE(stream); }
    return err;
}

void stream_free(struct stream *stream)
{
    if (!stream) { return; }
    media_index_close(stream->index);
    verifier_close(stream->verifier);
    free(stream->site);
    free(stream->device);
    free(stream->media_folder);
    free(stream);
}

static enum stream_answer refuse(struct why *why, enum stream_answer answer, const char *sentence)
{
    (void)why_set(why, ERR_DENIED, "%s", sentence);
    return answer;
}

/* Whether the identity is a control server of this site. */
static bool is_control(const struct stream *stream, const struct identity *identity)
{
    return identity->role == ROLE_CONTROL && strcmp(identity->site, stream->site) == 0;
}

static bool peer_is_control(const struct stream *stream, const char *principal)
{
    struct identity peer;
    return principal && identity_parse(&peer, principal, NULL) == OK && is_control(stream, &peer);
}

static enum stream_answer answer_to(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_ADMIT: return STREAM_ANSWER_OPENED;
    case VERDICT_OVERSIZED:
    case VERDICT_MALFORMED: return STREAM_ANSWER_MALFORMED;
    case VERDICT_UNSIGNED:
    case VERDICT_FORGED: return STREAM_ANSWER_FORGED;
    case VERDICT_UNTRUSTED:
    case VERDICT_REVOKED:
    case VERDICT_WRONG_KEY:
    case VERDICT_OVER_TIER:
    case VERDICT_MISPLACED: return STREAM_ANSWER_UNTRUSTED;
    case VERDICT_STALE: return STREAM_ANSWER_EXPIRED;
    case VERDICT_REPLAYED: return STREAM_ANSWER_USED;
    }
    abort(); /* unreachable: -Wswitch-enum keeps the list complete */
}

static enum err token_read(struct token *token, const struct envelope *envelope, struct why *why)
{
    const struct value *content = envelope->content;
    if (strcmp(envelope->type, "stream_token") != 0) {
        return why_set(why, ERR_MALFORMED, "a message of type \"%s\", not stream_token",
                       envelope->type);
    }
    enum err err = value_need_text(content, "token_id", token->id, sizeof token->id, why);
    if (!err) {
        err = value_need_text(content, "event_id", token->event_id, sizeof token->event_id, why);
    }
    if (!err) {
        err = value_need_text(content, "operation", token->operation, sizeof token->operation, why);
    }
    if (!err) {
        err = value_need_text(content, "device", token->device, sizeof token->device, why);
    }
    if (!err) {
        err = value_need_text(content, "subject", token->subject, sizeof token->subject, why);
    }
    if (!err) { err = value_need_time(content, "not_after", &token->not_after_us, why); }
    if (err) { return err; }
    if (!id_valid(token->id)) { return why_set(why, ERR_MALFORMED, "token_id is not a UUIDv7"); }
    if (token->not_after_us - envelope->timestamp_us > STREAM_LIFE_MAX_S * CLOCK_SECOND_US) {
        return why_set(why, ERR_MALFORMED, "not_after is more than %d s after the timestamp",
                       STREAM_LIFE_MAX_S);
    }
    return OK;
}

/* Signature, chain, role and form; fills `token` when it answers OPENED. */
static enum stream_answer judge_envelope(struct stream *stream,
                                         const struct stream_request *request, struct token *token,
                                         struct why *why)
{
    uint8_t json[STREAM_TOKEN_SIZE_MAX];
    size_t size = 0;
    if (!request->token || strlen(request->token) > STREAM_TOKEN_SIZE_MAX ||
        decode_base64_url(json, sizeof json, &size, request->token, NULL)) {
        return refuse(why, STREAM_ANSWER_MALFORMED, "the header is not one base64url text");
    }
    CLEANUP(envelope_deinit) struct envelope envelope = {0};
    const enum stream_answer answer = answer_to(
        verifier_judge(stream->verifier, span_of(json, size), request->now_us, &envelope, why));
    if (answer != STREAM_ANSWER_OPENED) { return answer; }
    if (!is_control(stream, &envelope.signer)) {
        return refuse(why, STREAM_ANSWER_UNTRUSTED, "only control may sign a token");
    }
    return token_read(token, &envelope, why) ? STREAM_ANSWER_MALFORMED : STREAM_ANSWER_OPENED;
}

/* Whether the token is for this request, by what it says. */
static enum stream_answer judge_token(const struct stream *stream,
                                      const struct stream_request *request,
                                      const struct token *token, struct why *why)
{
    if (strcmp(token->device, stream->device) != 0) {
        return refuse(why, STREAM_ANSWER_OTHER_DEVICE, "the token is for another device");
    }
    if (strcmp(token->event_id, request->event_id) != 0) {
        return refuse(why, STREAM_ANSWER_OTHER_EVENT, "the token is for another event");
    }
    if (strcmp(token->operation, media_kind_name(request->kind)) != 0) {
        return refuse(why, STREAM_ANSWER_OTHER_EVENT, "the token is for another operation");
    }
    if (token->not_after_us <= request->now_us) {
        return refuse(why, STREAM_ANSWER_EXPIRED, "the token has run out; ask control for another");
    }
    return STREAM_ANSWER_OPENED;
}

/* Uses the token up, on disk, before anything is opened. */
static enum err use_up(struct stream *stream, const struct token *token, int64_t now_us,
                       bool *first, struct why *why)
{
    statement_bind_integer(stream->forget, ":now_us", now_us);
    enum err err = statement_run(stream->forget, NULL, why);
    if (err) { return err; }
    int64_t changed = 0;
    statement_bind_text(stream->use, ":token_id", token->id);
    statement_bind_integer(stream->use, ":not_after_us", token->not_after_us);
    err = statement_run(stream->use, &changed, why);
    *first = changed > 0;
    return err;
}

static enum err open_file(struct stream *stream, const struct stream_request *request,
                          enum stream_answer *answer, struct stream_media *media, struct why *why)
{
    char path[MEDIA_PATH_SIZE];
    enum err err = media_index_find(stream->index, request->event_id, request->kind, path, why);
    if (!err) { err = media_open(&media->fd, stream->media_folder, path, why); }
    *answer = err ? STREAM_ANSWER_ABSENT : STREAM_ANSWER_OPENED;
    media->type = request->kind == MEDIA_KIND_CLIP ? "video/mp4" : "image/jpeg";
    return err == ERR_NOT_FOUND ? OK : err;
}

enum err stream_open(struct stream *stream, const struct stream_request *request,
                     enum stream_answer *answer, struct stream_media *media, struct why *why)
{
    *media = (struct stream_media){.fd = -1};
    if (!peer_is_control(stream, request->principal)) {
        *answer = refuse(why, STREAM_ANSWER_UNTRUSTED, "media are for this site's control only");
        return OK;
    }
    struct token token = {0};
    *answer = judge_envelope(stream, request, &token, why);
    if (*answer != STREAM_ANSWER_OPENED) { return OK; }
    memcpy(media->subject, token.subject, sizeof media->subject);
    *answer = judge_token(stream, request, &token, why);
    if (*answer != STREAM_ANSWER_OPENED) { return OK; }
    bool first = false;
    const enum err err = use_up(stream, &token, request->now_us, &first, why);
    if (err) { return err; }
    if (!first) {
        *answer = refuse(why, STREAM_ANSWER_USED, "the token was used before");
        return OK;
    }
    return open_file(stream, request, answer, media, why);
}
