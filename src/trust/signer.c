#include <assert.h>
#include <openssl/x509.h>
#include <pthread.h>

#include "base/clock.h"
#include "base/encode.h"
#include "system/file.h"
#include "trust/canonical.h"
#include "trust/envelope.h"
#include "trust/key.h"
#include "trust/signature.h"
#include "trust/x509.h"

/* One key and its chain. */
struct seal {
    struct seal *before;      /* owned: what was renewed may still be in somebody's hand */
    struct signing_key *key;  /* owned */
    struct certificate *leaf; /* owned */
    struct text chain;        /* the JSON array, ready to be sent */
};

/* What a renewal changes; behind a pointer, so that whoever signs may have a constant signer. */
struct current {
    pthread_mutex_t lock;
    struct seal *seal; /* owned, the newest */
};

struct signer {
    struct current *current; /* owned */
    struct identity identity;
};

/* What the two files hold. */
struct files {
    struct key *key;                            /* owned */
    struct certificate *chain[CHAIN_COUNT_MAX]; /* owned */
    size_t count;
};

static void files_deinit(struct files *files)
{
    key_free(files->key);
    for (size_t i = 0; i < files->count; i++) {
        certificate_free(files->chain[i]);
    }
}

static enum err read_chain(struct files *files, const char *path, struct why *why)
{
    CLEANUP(text_deinit) struct text pem = text_limited(ENVELOPE_SIZE_MAX);
    const enum err err = file_read(&pem, path, why);
    return err ? err
               : certificate_chain_from_pem(files->chain, &files->count, text_span(&pem), why);
}

static void write_chain(struct seal *seal, const struct files *files)
{
    seal->chain = text_limited(ENVELOPE_SIZE_MAX);
    for (size_t i = 0; i < files->count; i++) {
        /* Receivers have the site CA; a chain file may hold it for other programs' sake. */
        const struct certificate *certificate = files->chain[i];
        if (i > 0 && X509_self_signed(x509_of(certificate), 0) == 1) { continue; }
        text_add(&seal->chain, i == 0 ? "[\"" : ",\"");
        encode_base64(&seal->chain, certificate_der(certificate));
        text_add_char(&seal->chain, '"');
    }
    text_add_char(&seal->chain, ']');
}

/* Fills `seal` from what the files hold, when they fit together. */
static enum err assemble(struct seal *seal, struct files *files, struct why *why)
{
    uint8_t certified[PUBLIC_KEY_SIZE];
    uint8_t own[PUBLIC_KEY_SIZE];
    CLEANUP(secret_free_p) struct secret *seed = NULL;
    enum err err = key_seed(files->key, &seed, why);
    if (!err) { err = signing_key_new(&seal->key, seed, why); }
    if (!err) { err = certificate_public_key(files->chain[0], certified, why); }
    if (err) { return err; }
    if (!certificate_identity(files->chain[0])) {
        return why_set(why, ERR_MALFORMED, "the first certificate is a CA's, expected the leaf");
    }
    signing_key_public(seal->key, own);
    if (memcmp(own, certified, sizeof own) != 0) {
        return why_set(why, ERR_MALFORMED, "the key and the certificate do not belong together");
    }
    write_chain(seal, files);
    seal->leaf = TAKE(files->chain[0]);
    return OK;
}

static void seal_free(struct seal *seal)
{
    while (seal) {
        struct seal *before = seal->before;
        signing_key_free(seal->key);
        certificate_free(seal->leaf);
        text_deinit(&seal->chain);
        free(seal);
        seal = before;
    }
}
CLEANUP_FOR(struct seal, seal_free)

static enum err seal_open(struct seal **out, const char *key_path, const char *chain_path,
                          struct why *why)
{
    CLEANUP(files_deinit) struct files files = {0};
    enum err err = key_load(&files.key, key_path, NULL, why);
    if (err) { return err; }
    CLEANUP(seal_free_p) struct seal *seal = MEM_NEW(struct seal);
    err = read_chain(&files, chain_path, why);
    if (!err) { err = assemble(seal, &files, why); }
    if (err == ERR_MALFORMED || err == ERR_LIMIT) { return why_prefix(why, err, chain_path); }
    if (err) { return err; }
    *out = TAKE(seal);
    return OK;
}

enum err signer_open(struct signer **out, const char *key_path, const char *chain_path,
                     struct why *why)
{
    struct seal *seal = NULL;
    const enum err err = seal_open(&seal, key_path, chain_path, why);
    if (err) { return err; }
    assert(seal); /* with OK there is one */
    struct signer *signer = MEM_NEW(struct signer);
    signer->current = MEM_NEW(struct current);
    signer->current->seal = seal;
    signer->identity = *certificate_identity(seal->leaf);
    if (pthread_mutex_init(&signer->current->lock, NULL)) { abort(); }
    *out = signer;
    return OK;
}

static const struct seal *current_seal(const struct signer *signer)
{
    struct current *current = signer->current;
    (void)pthread_mutex_lock(&current->lock);
    const struct seal *seal = current->seal;
    (void)pthread_mutex_unlock(&current->lock);
    return seal;
}

static bool same_identity(const struct identity *a, const struct identity *b)
{
    return a->role == b->role && strcmp(a->name, b->name) == 0 && strcmp(a->site, b->site) == 0;
}

enum err signer_renew(struct signer *signer, const char *key_path, const char *chain_path,
                      struct why *why)
{
    CLEANUP(seal_free_p) struct seal *seal = NULL;
    const enum err err = seal_open(&seal, key_path, chain_path, why);
    if (err) { return err; }
    assert(seal);
    if (!same_identity(certificate_identity(seal->leaf), &signer->identity)) {
        return why_set(why, ERR_DENIED, "%.150s is of another than %s", chain_path,
                       signer->identity.name);
    }
    struct current *current = signer->current;
    (void)pthread_mutex_lock(&current->lock);
    seal->before = current->seal;
    current->seal = TAKE(seal);
    (void)pthread_mutex_unlock(&current->lock);
    return OK;
}

void signer_close(struct signer *signer)
{
    if (!signer) { return; }
    seal_free(signer->current->seal);
    (void)pthread_mutex_destroy(&signer->current->lock);
    free(signer->current);
    free(signer);
}

const struct identity *signer_identity(const struct signer *signer)
{
    return &signer->identity;
}

const struct certificate *signer_certificate(const struct signer *signer)
{
    return current_seal(signer)->leaf;
}

static enum err check_content(const struct value *content, struct why *why)
{
    char type[ENVELOPE_TYPE_SIZE];
    if (value_kind(content) != VALUE_KIND_OBJECT) {
        return why_set(why, ERR_MALFORMED, "content must be an object");
    }
    const enum err err = value_need_text(content, "type", type, sizeof type, why);
    if (err) { return err; }
    return *type ? OK : why_set(why, ERR_MALFORMED, "content's \"type\" must not be empty");
}

/* Appends the signed body, open at its end, with the members that are not signed. */
static enum err compose(const struct seal *seal, const struct text *body, struct text *out,
                        struct why *why)
{
    uint8_t signature[SIGNATURE_SIZE];
    signature_make(seal->key, text_span(body), signature);
    CLEANUP(text_deinit) struct text whole = text_limited(ENVELOPE_SIZE_MAX);
    text_add_bytes(&whole, span_of(body->data, body->size - 1)); /* without its last brace */
    text_add(&whole, ",\"signature\":\"");
    encode_base64(&whole, span_of(signature, sizeof signature));
    text_add(&whole, "\",\"certificate_chain\":");
    text_add_bytes(&whole, text_span(&seal->chain));
    text_add_char(&whole, '}');
    if (whole.overflow) {
        return why_set(why, ERR_LIMIT, "the message is longer than %d bytes", ENVELOPE_SIZE_MAX);
    }
    text_add_bytes(out, text_span(&whole));
    return out->overflow
               ? why_set(why, ERR_LIMIT, "the message is longer than %zu bytes", out->size_max)
               : OK;
}

enum err envelope_sign(const struct signer *signer, const struct envelope_draft *draft,
                       struct text *out, struct why *why)
{
    CLEANUP(value_free_p) struct value *whole = value_object();
    value_set(whole, "content", draft->content);
    enum err err = check_content(value_get(whole, "content"), why);
    if (err) { return err; }
    const struct id id = id_new(draft->now_us);
    value_set_text(whole, "message_id", id.text);
    value_set_text(whole, "tier", tier_name(draft->tier));
    value_set_time(whole, "timestamp", draft->now_us);
    CLEANUP(text_deinit) struct text body = text_limited(ENVELOPE_SIZE_MAX);
    err = canonical_write(whole, &body, why);
    return err ? err : compose(current_seal(signer), &body, out, why);
}

enum err signer_approve(const struct signer *signer, const struct value *content,
                        struct value **approval, struct why *why)
{
    CLEANUP(text_deinit) struct text words = text_limited(APPROVAL_TEXT_SIZE_MAX);
    CLEANUP(text_deinit) struct text signature = text_limited((size_t)2 * SIGNATURE_SIZE);
    const struct seal *seal = current_seal(signer);
    uint8_t bytes[SIGNATURE_SIZE];
    struct value *chain = NULL;
    enum err err = approval_text(&words, signer->identity.site, content, why);
    if (!err) { err = value_parse(&chain, text_span(&seal->chain), ENVELOPE_SIZE_MAX, why); }
    if (err) { return err; }
    signature_make(seal->key, text_span(&words), bytes);
    encode_base64(&signature, span_of(bytes, sizeof bytes));
    *approval = value_object();
    value_set_text(*approval, "signature", text_c(&signature));
    value_set(*approval, "certificate_chain", chain);
    return OK;
}
