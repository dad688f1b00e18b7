/*
 * What an identity provider, or whoever plays it, sends: metadata, keys, the answer to a code, an
 * ID token. The first byte says which.
 */
#include "people/jws.h"
#include "provider/id_token.h"
#include "provider/metadata.h"
#include "provider/token_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct key_set *keys;

static void set_up(void)
{
    static const char set[] = "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"a\","
                              "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}";
    if (jws_begin(NULL) || key_set_read(&keys, span_text(set), NULL)) { abort(); }
}

static void try_metadata(struct span json)
{
    struct metadata metadata;
    if (metadata_read(&metadata, json, "https://id.example", NULL)) { return; }
    if (!address_valid(metadata.token) || !address_valid(metadata.keys)) { abort(); }
}

static void try_keys(struct span json)
{
    CLEANUP(key_set_free_p) struct key_set *set = NULL;
    if (key_set_read(&set, json, NULL)) { return; }
    for (int i = 0; i < JWS_ALGORITHM_COUNT; i++) {
        (void)key_set_find(set, NULL, (enum jws_algorithm)i);
        (void)key_set_find(set, "a", (enum jws_algorithm)i);
    }
}

static void try_answer(struct span json, int status)
{
    CLEANUP(token_answer_deinit) struct token_answer answer = {.body = NULL};
    if (!token_answer_read(&answer, status, json, NULL) && !answer.id_token) { abort(); }
}

static void try_token(struct span letters)
{
    CLEANUP(mem_free_p) char *token = mem_text_of((const char *)letters.data, letters.size);
    struct id_token person;
    const struct id_token_expected expected = {.issuer = "https://id.example",
                                               .client_id = "c",
                                               .nonce = "n",
                                               .access_token = "a",
                                               .algorithms = 0xf,
                                               .now_us = INT64_C(1800000000000000)};
    if (!id_token_verify(token, keys, &expected, &person, NULL)) { abort(); } /* guessed */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!keys) { set_up(); }
    if (size == 0) { return 0; }
    const struct span rest = span_of(data + 1, size - 1);
    switch (data[0] % 4) {
    case 0: try_metadata(rest); break;
    case 1: try_keys(rest); break;
    case 2: try_answer(rest, data[0] & 4 ? 200 : 400); break;
    default: try_token(rest); break;
    }
    return 0;
}
