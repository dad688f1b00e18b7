#include "evidence/stream.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encode.h"
#include "check.h"
#include "lib/scratch.h"
#include "migrations/edge.h"
#include "system/file.h"
#include "trust/authority.h"
#include "trust/envelope.h"

static char folder[64];
static char ca_path[FILE_PATH_SIZE];
static struct authority *authority;
static struct database *database;
static struct stream *stream;
static struct media_index *media_index;
static const int64_t now_us = INT64_C(1795312229000000); /* 2026-11-22 */
static struct id event_id;

static const char control_uri[] = "spiffe://park/control/main";

static struct signer *signer_of(enum role role, const char *name)
{
    struct authority_issued issued = {0};
    const struct authority_request request = {.role = role, .name = name};
    CHECK(authority_issue(&issued, authority, &request, now_us, NULL) == OK);
    CHECK(authority_issued_save(&issued, folder, name, NULL) == OK);
    authority_issued_deinit(&issued);
    char key[FILE_PATH_SIZE];
    char chain[FILE_PATH_SIZE];
    (void)snprintf(key, sizeof key, "%s/%s.key", folder, name);
    (void)snprintf(chain, sizeof chain, "%s/%s.crt", folder, name);
    struct signer *signer = NULL;
    CHECK(signer_open(&signer, key, chain, NULL) == OK);
    return signer;
}

static struct stream *opened(void)
{
    struct stream *made = NULL;
    struct why why = {0};
    const struct stream_config config = {
        .site = "park", .device = "north-1", .ca_path = ca_path, .media_folder = folder};
    CHECK(stream_new(&made, database, &config, &why) == OK);
    return made;
}

static struct value *content_for(const char *device, const char *operation, int64_t life_s)
{
    struct value *content = value_object();
    value_set_text(content, "type", "stream_token");
    value_set_text(content, "token_id", id_new(now_us).text);
    value_set_text(content, "event_id", event_id.text);
    value_set_text(content, "operation", operation);
    value_set_text(content, "device", device);
    value_set_text(content, "subject", "admin");
    value_set_time(content, "not_after", now_us + life_s * CLOCK_SECOND_US);
    return content;
}

/* A token as base64url; the caller frees it. */
static char *token_by(const struct signer *signer, struct value *content)
{
    CLEANUP(text_deinit) struct text json = text_limited(ENVELOPE_SIZE_MAX);
    struct text token = text_limited(ENVELOPE_SIZE_MAX);
    CHECK(envelope_sign(signer, &(struct envelope_draft){.now_us = now_us, .content = content},
                        &json, NULL) == OK);
    encode_base64_url(&token, text_span(&json));
    return text_take(&token);
}

static enum stream_answer ask(const struct stream_request *request)
{
    struct stream_media media;
    enum stream_answer answer = STREAM_ANSWER_OPENED;
    struct why why = {0};
    CHECK(stream_open(stream, request, &answer, &media, &why) == OK);
    CHECK((answer == STREAM_ANSWER_OPENED) == (media.fd >= 0));
    CHECK(answer == STREAM_ANSWER_OPENED || why.text[0]);
    if (media.fd >= 0) {
        CHECK_TEXT(media.subject, "admin");
        (void)close(media.fd);
    }
    return answer;
}

static enum stream_answer ask_with(char *token, const char *principal)
{
    CLEANUP(mem_free_p) char *held = token;
    return ask(&(struct stream_request){principal, held, event_id.text, MEDIA_KIND_CLIP, now_us});
}

static void test_opens_once_also_after_a_restart(const struct signer *control)
{
    CLEANUP(mem_free_p) char *token = token_by(control, content_for("north-1", "clip", 60));
    const struct stream_request request = {control_uri, token, event_id.text, MEDIA_KIND_CLIP,
                                           now_us};
    CHECK(ask(&request) == STREAM_ANSWER_OPENED);
    CHECK(ask(&request) == STREAM_ANSWER_USED);
    stream_free(stream);
    stream = opened();
    CHECK(ask(&request) == STREAM_ANSWER_USED);
}

static void test_every_refusal(const struct signer *control)
{
    CLEANUP(signer_close_p) struct signer *edge = signer_of(ROLE_EDGE, "north-2");
    CHECK(ask_with(mem_text("!!"), control_uri) == STREAM_ANSWER_MALFORMED);
    CHECK(ask_with(NULL, control_uri) == STREAM_ANSWER_MALFORMED);
    CHECK(ask_with(mem_text("e30"), control_uri) == STREAM_ANSWER_MALFORMED);
    CHECK(ask_with(token_by(control, content_for("north-2", "clip", 60)), control_uri) ==
          STREAM_ANSWER_OTHER_DEVICE);
    CHECK(ask_with(token_by(control, content_for("north-1", "snapshot", 60)), control_uri) ==
          STREAM_ANSWER_OTHER_EVENT);
    CHECK(ask_with(token_by(control, content_for("north-1", "clip", 0)), control_uri) ==
          STREAM_ANSWER_EXPIRED);
    CHECK(ask_with(token_by(control, content_for("north-1", "clip", 3600)), control_uri) ==
          STREAM_ANSWER_MALFORMED);
    CHECK(ask_with(token_by(edge, content_for("north-1", "clip", 60)), control_uri) ==
          STREAM_ANSWER_UNTRUSTED);
    struct value *other_event = content_for("north-1", "clip", 60);
    value_set_text(other_event, "event_id", id_new(now_us).text);
    CHECK(ask_with(token_by(control, other_event), control_uri) == STREAM_ANSWER_OTHER_EVENT);
    struct value *other_type = content_for("north-1", "clip", 60);
    value_set_text(other_type, "type", "confirm");
    CHECK(ask_with(token_by(control, other_type), control_uri) == STREAM_ANSWER_MALFORMED);
    CHECK(ask_with(token_by(control, content_for("north-1", "clip", 60)), NULL) ==
          STREAM_ANSWER_UNTRUSTED);
    CHECK(ask_with(token_by(control, content_for("north-1", "clip", 60)),
                   "spiffe://park/edge/north-2") == STREAM_ANSWER_UNTRUSTED);
    CHECK(ask_with(token_by(control, content_for("north-1", "clip", 60)),
                   "spiffe://zoo/control/main") == STREAM_ANSWER_UNTRUSTED);
}

static void test_forged_and_late(const struct signer *control)
{
    CLEANUP(text_deinit) struct text json = text_limited(ENVELOPE_SIZE_MAX);
    CHECK(envelope_sign(control,
                        &(struct envelope_draft){.now_us = now_us,
                                                 .content = content_for("north-1", "clip", 60)},
                        &json, NULL) == OK);
    char *subject = strstr(json.data, "admin");
    CHECK(subject != NULL);
    if (subject) { subject[0] = 'b'; }
    struct text token = text_limited(ENVELOPE_SIZE_MAX);
    encode_base64_url(&token, text_span(&json));
    CHECK(ask_with(text_take(&token), control_uri) == STREAM_ANSWER_FORGED);
    CLEANUP(mem_free_p) char *late = token_by(control, content_for("north-1", "clip", 60));
    CHECK(ask(&(struct stream_request){control_uri, late, event_id.text, MEDIA_KIND_CLIP,
                                       now_us + CLOCK_HOUR_US}) == STREAM_ANSWER_EXPIRED);
}

static void test_absent(const struct signer *control)
{
    CHECK(media_index_forget(media_index, event_id.text, NULL) == OK);
    CHECK(ask_with(token_by(control, content_for("north-1", "clip", 60)), control_uri) ==
          STREAM_ANSWER_ABSENT);
    CHECK(media_index_put(media_index, event_id.text, "gone.mp4", NULL, NULL) == OK);
    CHECK(ask_with(token_by(control, content_for("north-1", "clip", 60)), control_uri) ==
          STREAM_ANSWER_ABSENT);
}

static void set_up(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/tocsin-stream-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    char path[FILE_PATH_SIZE];
    (void)snprintf(ca_path, sizeof ca_path, "%s/ca.crt", folder);
    (void)snprintf(path, sizeof path, "%s/ca.key", folder);
    CHECK(authority_new(&authority, "park", KEY_KIND_ED25519, now_us, NULL) == OK);
    CHECK(authority_save(authority, path, ca_path, NULL, NULL) == OK);
    (void)snprintf(path, sizeof path, "%s/clip.mp4", folder);
    CHECK(file_write(path, span_text("ftyp"), 0600, NULL) == OK);
    (void)snprintf(path, sizeof path, "%s/edge.db", folder);
    CHECK(database_open(&database, &(struct database_config){.path = path}, NULL) == OK);
    CHECK(database_migrate(database, MIGRATIONS_EDGE, ARRAY_LEN(MIGRATIONS_EDGE), NULL) == OK);
    CHECK(media_index_open(&media_index, database, NULL) == OK);
    event_id = id_new(now_us);
    CHECK(media_index_put(media_index, event_id.text, "clip.mp4", NULL, NULL) == OK);
    stream = opened();
}

int main(void)
{
    set_up();
    struct signer *control = signer_of(ROLE_CONTROL, "main");
    test_opens_once_also_after_a_restart(control);
    test_every_refusal(control);
    test_forged_and_late(control);
    test_absent(control);
    signer_close(control);
    stream_free(stream);
    media_index_close(media_index);
    database_close(database);
    authority_close(authority);
    scratch_remove(folder);
    return CHECK_DONE();
}
