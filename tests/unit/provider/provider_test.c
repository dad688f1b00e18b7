/*
 * The provider as it is seen from here, played by this test: what is asked of it when, and what an
 * answer is worth.
 */
#include "provider/provider.h"

#include "base/encode.h"
#include "check.h"
#include "tables.h"
#include "unit/provider/provider_keys.h"

#include <pthread.h>
#include <sodium.h>

#define ISSUER "https://id.town.example"
#define REDIRECT "https://tocsin.example/auth/provider/callback"

static const struct provider_moment NOW = {1800000060 * CLOCK_SECOND_US, CLOCK_DAY_US};

/* What the provider is like at the moment, and what has been asked of it. */
static struct {
    bool down, mute, names_issuer, post_secret;
    const char *key; /* public JWK that it shows */
    const char *claims;
    const char *error; /* of the token endpoint */
    int status;
    int metadata_asked, keys_asked, token_asked;
    struct text form, credentials;
} peer;

static enum err answer_metadata(struct text *body)
{
    peer.metadata_asked++;
    text_format(body,
                "{\"issuer\":\"" ISSUER "\",\"authorization_endpoint\":\"" ISSUER "/authorize\","
                "\"token_endpoint\":\"" ISSUER "/token\",\"jwks_uri\":\"" ISSUER "/keys\","
                "\"response_types_supported\":[\"code\"],"
                "\"id_token_signing_alg_values_supported\":[\"EdDSA\",\"ES256\"],"
                "\"authorization_response_iss_parameter_supported\":%s,"
                "\"token_endpoint_auth_methods_supported\":[\"%s\"]}",
                peer.names_issuer ? "true" : "false",
                peer.post_secret ? "client_secret_post" : "client_secret_basic");
    return OK;
}

static enum err answer_keys(struct text *body)
{
    CLEANUP(value_free_p) struct value *set = value_object();
    struct value *list = value_array();
    peer.keys_asked++;
    value_append(list, json(peer.key));
    value_set(set, "keys", list);
    value_write(set, body);
    return OK;
}

static enum err answer_token(const struct provider_request *request, int *status, struct text *body)
{
    peer.token_asked++;
    text_clear(&peer.form);
    text_clear(&peer.credentials);
    text_add(&peer.form, text_c(request->form));
    text_add(&peer.credentials, request->credentials ? request->credentials : "");
    if (peer.error) {
        *status = peer.status;
        text_format(body, "{\"error\":\"%s\"}", peer.error);
        return OK;
    }
    const bool curve = peer.key == EC_PUBLIC;
    CLEANUP(value_free_p) struct value *key = json(curve ? EC_PRIVATE : ED_PRIVATE);
    CLEANUP(value_free_p) struct value *claims = json(peer.claims);
    CLEANUP(text_deinit) struct text payload = text_limited(4096);
    CLEANUP(text_deinit) struct text token = text_limited(8192);
    value_write(claims, &payload);
    const struct jws_draft draft = {.algorithm = curve ? JWS_ALGORITHM_ES256 : JWS_ALGORITHM_EDDSA,
                                    .key = key,
                                    .type = "JWT",
                                    .key_id = curve ? "ec" : "ed",
                                    .payload = text_span(&payload)};
    CHECK(jws_sign(&draft, &token, NULL) == OK);
    text_format(body, "{\"id_token\":\"%s\",\"access_token\":\"a\",\"token_type\":\"Bearer\"}",
                text_c(&token));
    return OK;
}

static enum err ask(void *context, const struct provider_request *request, int *status,
                    struct text *body, struct why *why)
{
    (void)context;
    if (peer.down) { return why_set(why, ERR_UNAVAILABLE, "connection refused"); }
    if (peer.mute) { return why_set(why, ERR_TIMEOUT, "no answer in time"); }
    *status = 200;
    if (strcmp(request->url, ISSUER "/.well-known/openid-configuration") == 0) {
        return answer_metadata(body);
    }
    if (strcmp(request->url, ISSUER "/keys") == 0) { return answer_keys(body); }
    CHECK_TEXT(request->url, ISSUER "/token");
    return answer_token(request, status, body);
}

static struct provider *open_provider(const struct secret *secret)
{
    struct provider *provider = NULL;
    const struct provider_config config = {.issuer = ISSUER,
                                           .client_id = "tocsin desk",
                                           .redirect = REDIRECT,
                                           .secret = secret,
                                           .port = {.ask = ask},
                                           .at_once_max = 2};
    text_deinit(&peer.form);
    text_deinit(&peer.credentials);
    memset(&peer, 0, sizeof peer);
    peer.key = ED_PUBLIC;
    peer.claims = "{'iss':'" ISSUER "','aud':'tocsin desk','sub':'ann','nonce':'n',"
                  "'iat':1800000000,'exp':1800000300}";
    peer.form = text_limited(4096);
    peer.credentials = text_limited(4096);
    CHECK(provider_new(&provider, &config, NULL) == OK);
    return provider;
}

static struct provider_moment later(int64_t seconds)
{
    return (struct provider_moment){NOW.wall_us, NOW.monotonic_us + seconds * CLOCK_SECOND_US};
}

static enum err go_there(struct provider *provider, struct provider_moment now)
{
    CLEANUP(text_deinit) struct text url = text_limited(4096);
    const struct provider_question question = {
        .state = "s", .nonce = "n", .verifier = "v", .now = now};
    return provider_ask(provider, &question, &url, NULL);
}

static enum err come_back(struct provider *provider, const char *nonce, struct provider_moment now)
{
    struct id_token person = {.subject = ""};
    struct why why = {""};
    const struct provider_code code = {
        .code = "c/d", .nonce = nonce, .verifier = "the verifier", .now = now};
    const enum err err = provider_redeem(provider, &code, &person, &why);
    if (err) { printf("# %s: %s\n", err_name(err), why.text); }
    CHECK_TEXT(person.subject, err ? "" : "ann");
    return err;
}

/* The verifier and challenge of RFC 7636, appendix B. */
static void test_question(void)
{
    CLEANUP(provider_free_p) struct provider *provider = open_provider(NULL);
    CLEANUP(text_deinit) struct text url = text_limited(4096);
    const struct provider_question question = {.state = "st",
                                               .nonce = "no",
                                               .verifier =
                                                   "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
                                               .now = NOW};
    CHECK(provider_ask(provider, &question, &url, NULL) == OK);
    CHECK_TEXT(text_c(&url),
               ISSUER "/authorize?response_type=code&client_id=tocsin%20desk&redirect_uri=https%3A"
                      "%2F%2Ftocsin.example%2Fauth%2Fprovider%2Fcallback&scope=openid%20profile"
                      "%20email&state=st&nonce=no&code_challenge="
                      "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256");
    CHECK(strstr(text_c(&url), "dBjftJeZ") == NULL); /* the verifier stays here */
}

/* A site whose desks are shared has everybody asked anew. */
static void test_max_age(void)
{
    struct provider *provider = NULL;
    CLEANUP(text_deinit) struct text url = text_limited(4096);
    const struct provider_config config = {.issuer = ISSUER,
                                           .client_id = "tocsin desk",
                                           .redirect = REDIRECT,
                                           .port = {.ask = ask},
                                           .max_age_s = 600,
                                           .at_once_max = 2};
    provider_free(open_provider(NULL)); /* the peer as it is at first */
    CHECK(provider_new(&provider, &config, NULL) == OK);
    const struct provider_question question = {
        .state = "s", .nonce = "n", .verifier = "v", .now = NOW};
    CHECK(provider_ask(provider, &question, &url, NULL) == OK);
    CHECK(strstr(text_c(&url), "&max_age=600") != NULL);
    CHECK(come_back(provider, "n", NOW) == ERR_DENIED);
    peer.claims = "{'iss':'" ISSUER "','aud':'tocsin desk','sub':'ann','nonce':'n',"
                  "'auth_time':1799999900,'iat':1800000000,'exp':1800000300}";
    CHECK(come_back(provider, "n", NOW) == OK);
    provider_free(provider);
}

static void test_public_client(void)
{
    CLEANUP(provider_free_p) struct provider *provider = open_provider(NULL);
    CHECK(come_back(provider, "n", NOW) == OK);
    CHECK_TEXT(
        text_c(&peer.form),
        "grant_type=authorization_code&code=c%2Fd&redirect_uri=https%3A%2F%2Ftocsin.example"
        "%2Fauth%2Fprovider%2Fcallback&code_verifier=the%20verifier&client_id=tocsin%20desk");
    CHECK_TEXT(text_c(&peer.credentials), "");
}

static void test_secret(void)
{
    CLEANUP(secret_free_p) struct secret *secret = NULL;
    CHECK(secret_new(&secret, span_text("s:p&x"), NULL) == OK);
    struct provider *provider = open_provider(secret);
    CHECK(come_back(provider, "n", NOW) == OK);
    CHECK_TEXT(text_c(&peer.credentials), "tocsin%20desk:s%3Ap%26x");
    CHECK(strstr(text_c(&peer.form), "client_") == NULL);
    provider_free(provider);
    provider = open_provider(secret);
    peer.post_secret = true;
    CHECK(come_back(provider, "n", NOW) == OK);
    CHECK(strstr(text_c(&peer.form), "&client_id=tocsin%20desk&client_secret=s%3Ap%26x") != NULL);
    CHECK_TEXT(text_c(&peer.credentials), "");
    provider_free(provider);
}

/* Metadata and keys are asked for once an hour, not once a person. */
static void test_kept(void)
{
    CLEANUP(provider_free_p) struct provider *provider = open_provider(NULL);
    for (int i = 0; i < 5; i++) {
        CHECK(go_there(provider, later(i * 600)) == OK);
        CHECK(come_back(provider, "n", later(i * 600)) == OK);
    }
    CHECK(peer.metadata_asked == 1 && peer.keys_asked == 1 && peer.token_asked == 5);
    CHECK(come_back(provider, "n", later(3601)) == OK);
    CHECK(peer.metadata_asked == 2 && peer.keys_asked == 2);
}

/* A new key is fetched when a token names it, but strangers make no traffic. */
static void test_rotation(void)
{
    CLEANUP(provider_free_p) struct provider *provider = open_provider(NULL);
    CHECK(come_back(provider, "n", NOW) == OK && peer.keys_asked == 1);
    peer.key = EC_PUBLIC;
    CHECK(come_back(provider, "n", later(59)) == ERR_DENIED && peer.keys_asked == 1);
    CHECK(come_back(provider, "n", later(61)) == OK && peer.keys_asked == 2);
    CHECK(come_back(provider, "n", later(62)) == OK && peer.keys_asked == 2);
    peer.key = RSA_PUBLIC; /* and its tokens are signed with a key that it does not show */
    for (int i = 0; i < 20; i++) {
        CHECK(come_back(provider, "n", later(130 + i)) == ERR_DENIED);
    }
    CHECK(peer.keys_asked == 3);
}

static void test_refusals(void)
{
    CLEANUP(provider_free_p) struct provider *provider = open_provider(NULL);
    CHECK(come_back(provider, "another", NOW) == ERR_DENIED);
    peer.error = "invalid_grant";
    peer.status = 400;
    CHECK(come_back(provider, "n", NOW) == ERR_DENIED);
    peer.status = 500;
    CHECK(come_back(provider, "n", NOW) == ERR_UNAVAILABLE);
    peer.error = NULL;
    peer.claims = "{'iss':'https://other.example','aud':'tocsin desk','sub':'ann','nonce':'n',"
                  "'iat':1800000000,'exp':1800000300}";
    CHECK(come_back(provider, "n", NOW) == ERR_DENIED);
}

/* Down, it is asked again after some seconds; what was known before serves meanwhile. */
static void test_down(void)
{
    CLEANUP(provider_free_p) struct provider *provider = open_provider(NULL);
    peer.down = true;
    CHECK(go_there(provider, NOW) == ERR_UNAVAILABLE);
    peer.down = false;
    CHECK(go_there(provider, later(4)) == ERR_UNAVAILABLE && peer.metadata_asked == 0);
    CHECK(go_there(provider, later(6)) == OK && peer.metadata_asked == 1);
    peer.mute = true;
    CHECK(come_back(provider, "n", later(7)) == ERR_UNAVAILABLE);
    peer.mute = false;
    CHECK(come_back(provider, "n", later(8)) == OK);
    peer.down = true;
    CHECK(go_there(provider, later(4000)) == OK); /* to where it was an hour ago */
}

static enum err come_from(struct provider *provider, const char *issuer)
{
    struct id_token person = {.subject = ""};
    const struct provider_code code = {
        .issuer = issuer, .code = "c", .nonce = "n", .verifier = "v", .now = NOW};
    return provider_redeem(provider, &code, &person, NULL);
}

/* Another issuer's code is not even shown to this one. */
static void test_issuer(void)
{
    struct provider *provider = open_provider(NULL);
    CHECK(come_from(provider, NULL) == OK);
    CHECK(come_from(provider, ISSUER) == OK && peer.token_asked == 2);
    CHECK(come_from(provider, "https://other.example") == ERR_DENIED);
    CHECK(come_from(provider, "") == ERR_DENIED);
    CHECK(come_from(provider, ISSUER "/") == ERR_DENIED);
    CHECK(peer.token_asked == 2);
    provider_free(provider);
    provider = open_provider(NULL);
    peer.names_issuer = true;
    CHECK(come_from(provider, NULL) == ERR_DENIED && peer.token_asked == 0); /* RFC 9207, 2.4 */
    CHECK(come_from(provider, ISSUER) == OK);
    provider_free(provider);
}

static void test_config(void)
{
    static const char *const bad[] = {"http://id.town.example", "", "https://id.example/?a=b",
                                      "https://id.example#x"};
    struct provider *provider = NULL;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const struct provider_config config = {.issuer = bad[i], .client_id = "c", .redirect = "r"};
        CHECK(provider_new(&provider, &config, NULL) == ERR_RANGE && !provider);
    }
}

/* ---- a slow provider keeps two threads, and no third one ---- */

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t moved = PTHREAD_COND_INITIALIZER;
static int inside;
static bool gate_open;

static enum err ask_slowly(void *context, const struct provider_request *request, int *status,
                           struct text *body, struct why *why)
{
    (void)pthread_mutex_lock(&gate);
    inside++;
    (void)pthread_cond_broadcast(&moved);
    while (!gate_open) {
        (void)pthread_cond_wait(&moved, &gate);
    }
    (void)pthread_mutex_unlock(&gate);
    return ask(context, request, status, body, why);
}

static void *go_slowly(void *context)
{
    return go_there(context, NOW) == OK ? context : NULL;
}

static void test_crowd(void)
{
    struct provider *provider = NULL;
    const struct provider_config config = {.issuer = ISSUER,
                                           .client_id = "c",
                                           .redirect = REDIRECT,
                                           .port = {.ask = ask_slowly},
                                           .at_once_max = 1};
    CHECK(provider_new(&provider, &config, NULL) == OK);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, go_slowly, provider) == 0);
    (void)pthread_mutex_lock(&gate);
    while (inside == 0) {
        (void)pthread_cond_wait(&moved, &gate);
    }
    (void)pthread_mutex_unlock(&gate);
    CHECK(go_there(provider, NOW) == ERR_LIMIT);
    CHECK(come_back(provider, "n", NOW) == ERR_LIMIT);
    (void)pthread_mutex_lock(&gate);
    gate_open = true;
    (void)pthread_cond_broadcast(&moved);
    (void)pthread_mutex_unlock(&gate);
    void *went = NULL;
    CHECK(pthread_join(thread, &went) == 0 && went == provider);
    CHECK(go_there(provider, NOW) == OK);
    provider_free(provider);
}

int main(void)
{
    if (sodium_init() < 0 || jws_begin(NULL)) { abort(); }
    test_question();
    test_max_age();
    test_public_client();
    test_secret();
    test_kept();
    test_rotation();
    test_refusals();
    test_down();
    test_issuer();
    test_config();
    test_crowd();
    text_deinit(&peer.form);
    text_deinit(&peer.credentials);
    return CHECK_DONE();
}
