#include "ledger/entry.h"

#include <sodium.h>

#include "base/clock.h"
#include "base/encode.h"
#include "trust/canonical.h"

enum { SEAL_TEXT_SIZE = 45, CUT_SIZE_MAX = 512, AGENT_SIZE = 256, ADDRESS_SIZE = 64 };

void entry_deinit(struct entry *entry)
{
    text_deinit(&entry->bytes);
    text_deinit(&entry->sealed);
    sodium_memzero(entry->salt, sizeof entry->salt);
}

void entry_words_deinit(struct entry_words *words)
{
    value_free(TAKE(words->whole));
}

/* Sets a text of at most `size` - 1 bytes; what is longer is cut, what is cut stays UTF-8. */
static void set_cut(struct value *object, const char *key, const char *text, size_t size)
{
    char cut[CUT_SIZE_MAX];
    if (!text) {
        value_set_text(object, key, NULL);
        return;
    }
    const size_t length = strnlen(text, size - 1);
    memcpy(cut, text, length);
    cut[length] = '\0';
    text_scrub(cut);
    value_set_text(object, key, cut);
}

static struct value *copy_or_null(const struct value *value)
{
    return value ? value_copy(value) : value_null();
}

static void commit_to(const uint8_t salt[static ENTRY_SALT_SIZE], struct span sealed,
                      char text[static SEAL_TEXT_SIZE])
{
    struct merkle_hash hash;
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, salt, ENTRY_SALT_SIZE);
    crypto_hash_sha256_update(&state, sealed.data, sealed.size);
    crypto_hash_sha256_final(&state, hash.bytes);
    (void)sodium_bin2base64(text, SEAL_TEXT_SIZE, hash.bytes, sizeof hash.bytes,
                            sodium_base64_VARIANT_ORIGINAL);
}

/* Fills entry->sealed and ->salt, and sets the commitment. */
static enum err seal(struct entry *entry, const struct entry_fact *fact, struct value *whole,
                     struct why *why)
{
    if (!fact->address && !fact->agent && !fact->sensitive) {
        value_set_text(whole, "sealed", NULL);
        return OK;
    }
    CLEANUP(value_free_p) struct value *kept = value_object();
    set_cut(kept, "address", fact->address, ADDRESS_SIZE);
    set_cut(kept, "agent", fact->agent, AGENT_SIZE);
    value_set(kept, "details", copy_or_null(fact->sensitive));
    const enum err err = canonical_write(kept, &entry->sealed, why);
    if (err != OK) { return err; }
    char commitment[SEAL_TEXT_SIZE];
    randombytes_buf(entry->salt, sizeof entry->salt);
    commit_to(entry->salt, text_span(&entry->sealed), commitment);
    value_set_text(whole, "sealed", commitment);
    return OK;
}

enum err entry_write(struct entry *entry, const struct entry_fact *fact, struct why *why)
{
    CLEANUP(entry_deinit)
    struct entry made = {.id = id_new(fact->at_us),
                         .bytes = text_limited(ENTRY_BYTES_MAX),
                         .sealed = text_limited(ENTRY_BYTES_MAX)};
    CLEANUP(value_free_p) struct value *whole = value_object();
    value_set_text(whole, "id", made.id.text);
    value_set_time(whole, "time", fact->at_us);
    set_cut(whole, "user", fact->user, ENTRY_WORD_SIZE);
    set_cut(whole, "action", fact->action, ENTRY_WORD_SIZE);
    set_cut(whole, "resource", fact->resource, ENTRY_RESOURCE_SIZE);
    set_cut(whole, "authorisation", fact->authorisation, ENTRY_WORD_SIZE);
    value_set(whole, "details", copy_or_null(fact->details));
    enum err err = seal(&made, fact, whole, why);
    if (err == OK) { err = canonical_write(whole, &made.bytes, why); }
    if (err != OK) { return why_prefix(why, err, "an audit entry"); }
    *entry = made;
    made = (struct entry){.bytes = {0}};
    return OK;
}

/* A member that is text of its size, or null. */
static bool read_text(const struct value *whole, const char *key, char *text, size_t size)
{
    const struct value *member = value_get(whole, key);
    text[0] = '\0';
    if (!member) { return false; }
    if (value_kind(member) == VALUE_KIND_NULL) { return true; }
    const char *words = value_text_or(member, NULL);
    return words && text_copy(text, size, words);
}

static enum err check_form(const struct value *whole, struct span bytes, struct why *why)
{
    CLEANUP(text_deinit) struct text again = text_limited(ENTRY_BYTES_MAX);
    const enum err err = canonical_write(whole, &again, why);
    if (err != OK || !span_equal(text_span(&again), bytes)) {
        return why_set(why, ERR_MALFORMED, "the entry is not in its canonical form (RFC 8785)");
    }
    return OK;
}

enum err entry_read(struct entry_words *words, struct span bytes, struct why *why)
{
    struct entry_words read = {.at_us = 0};
    char ignored[ENTRY_WORD_SIZE];
    enum err err = value_parse(&read.whole, bytes, ENTRY_BYTES_MAX, why);
    if (err != OK) { return err; }
    CLEANUP(entry_words_deinit) struct entry_words held = read;
    if (value_kind(read.whole) != VALUE_KIND_OBJECT || value_count(read.whole) != 8 ||
        !read_text(read.whole, "id", read.id, sizeof read.id) || !id_valid(read.id) ||
        !read_text(read.whole, "user", read.user, sizeof read.user) ||
        !read_text(read.whole, "action", read.action, sizeof read.action) || !*read.action ||
        !read_text(read.whole, "resource", read.resource, sizeof read.resource) ||
        !read_text(read.whole, "authorisation", ignored, sizeof ignored) ||
        !read_text(read.whole, "sealed", ignored, sizeof ignored) ||
        !value_get(read.whole, "details") ||
        value_need_time(read.whole, "time", &read.at_us, NULL) != OK) {
        return why_set(why, ERR_MALFORMED, "the entry lacks a member, or has one of another form");
    }
    err = check_form(read.whole, bytes, why);
    if (err != OK) { return err; }
    *words = read;
    held.whole = NULL;
    return OK;
}

bool entry_seal_fits(const struct value *whole, struct span salt, struct span sealed)
{
    char commitment[SEAL_TEXT_SIZE];
    if (salt.size != ENTRY_SALT_SIZE) { return false; }
    commit_to(salt.data, sealed, commitment);
    return strcmp(value_text_or(value_get(whole, "sealed"), ""), commitment) == 0;
}
