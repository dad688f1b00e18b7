/*
 * The header that opens media. An even first byte: the rest is the envelope's JSON, or the header
 * itself; an odd one: the rest is the content, which real control signs, so that what lies behind
 * the signature is reached too.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encode.h"
#include "evidence/stream.h"
#include "migrations/edge.h"
#include "system/file.h"
#include "trust/authority.h"
#include "trust/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct stream *stream;
static struct signer *control;
static const int64_t now_us = INT64_C(1795312229000000);

static void need(enum err err)
{
    if (err) { abort(); }
}

static void set_up(void)
{
    static char folder[] = "/tmp/tocsin-fuzz-XXXXXX";
    char paths[4][FILE_PATH_SIZE];
    if (!mkdtemp(folder)) { abort(); }
    static const char *const names[] = {"ca.key", "ca.crt", "main.key", "main.crt"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        need(file_join(paths[i], folder, names[i], NULL));
    }
    CLEANUP(authority_close_p) struct authority *authority = NULL;
    need(authority_new(&authority, "park", KEY_KIND_ED25519, now_us, NULL));
    need(authority_save(authority, paths[0], paths[1], NULL, NULL));
    struct authority_issued issued = {0};
    const struct authority_request request = {.role = ROLE_CONTROL, .name = "main"};
    need(authority_issue(&issued, authority, &request, now_us, NULL));
    need(authority_issued_save(&issued, folder, "main", NULL));
    authority_issued_deinit(&issued);
    need(signer_open(&control, paths[2], paths[3], NULL));
    static struct database *database;
    char file[FILE_PATH_SIZE];
    need(file_join(file, folder, "edge.db", NULL));
    need(database_open(&database, &(struct database_config){.path = file}, NULL));
    need(database_migrate(database, MIGRATIONS_EDGE, ARRAY_LEN(MIGRATIONS_EDGE), NULL));
    const struct stream_config config = {
        .site = "park", .device = "north-1", .ca_path = paths[1], .media_folder = folder};
    need(stream_new(&stream, database, &config, NULL));
}

static void ask(const char *token)
{
    const struct stream_request request = {.principal = "spiffe://park/control/main",
                                           .token = token,
                                           .event_id = "019ac9a5-1c60-7000-8000-000000000001",
                                           .kind = MEDIA_KIND_CLIP,
                                           .now_us = now_us};
    struct stream_media media;
    enum stream_answer answer = STREAM_ANSWER_MALFORMED;
    const enum err err = stream_open(stream, &request, &answer, &media, NULL);
    if (err == OK && answer == STREAM_ANSWER_OPENED) { abort(); } /* there is no media at all */
}

static void ask_encoded(struct span json)
{
    CLEANUP(text_deinit) struct text token = text_limited(2 * ENVELOPE_SIZE_MAX);
    encode_base64_url(&token, json);
    ask(text_c(&token));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!stream) { set_up(); }
    if (size < 2 || size > STREAM_TOKEN_SIZE_MAX) { return 0; }
    const struct span rest = span_of(data + 1, size - 1);
    if (data[0] % 2 == 0) {
        CLEANUP(mem_free_p) char *header = mem_text_of((const char *)rest.data, rest.size);
        ask(header);
        ask_encoded(rest);
        return 0;
    }
    struct value *content = NULL;
    if (value_parse(&content, rest, STREAM_TOKEN_SIZE_MAX, NULL)) { return 0; }
    CLEANUP(text_deinit) struct text json = text_limited(ENVELOPE_SIZE_MAX);
    if (envelope_sign(control, &(struct envelope_draft){.now_us = now_us, .content = content},
                      &json, NULL) == OK) {
        ask_encoded(text_span(&json));
    }
    return 0;
}
