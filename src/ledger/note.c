#include "ledger/note.h"

#include <sodium.h>
#include <stdio.h>

#include "base/cursor.h"
#include "base/encode.h"

enum { ID_SIZE = 4, ID_TEXT = 2 * ID_SIZE, TIME_SIZE = 8, SIGNATURE_BYTES_MAX = 8 * 1024 };

static const char dash[] = "\xe2\x80\x94 "; /* U+2014 and a space */

static const char *const verdicts[] = {
    [NOTE_VERDICT_GOOD] = "good",           [NOTE_VERDICT_MALFORMED] = "malformed",
    [NOTE_VERDICT_UNSIGNED] = "unsigned",   [NOTE_VERDICT_FORGED] = "forged",
    [NOTE_VERDICT_AMBIGUOUS] = "ambiguous",
};

const char *note_verdict_name(enum note_verdict verdict)
{
    return verdicts[verdict];
}

/* ---- words ---- */

/* How many bytes the letter that begins with `first` has; 0: none begins so. */
static size_t utf8_size(uint8_t first)
{
    if (first < 0x80) { return 1; }
    if (first < 0xc2 || first > 0xf4) { return 0; }
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* The size of the UTF-8 letter at `bytes`, 0 when it is none. `*letter` is its code point. */
static size_t utf8_letter(struct span bytes, uint32_t *letter)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t first = bytes.data[0];
    const size_t size = utf8_size(first);
    if (size == 0 || size > bytes.size) { return 0; }
    uint32_t read = size == 1 ? first : first & (0x7fU >> size);
    for (size_t i = 1; i < size; i++) {
        if ((bytes.data[i] & 0xc0) != 0x80) { return 0; }
        read = read << 6 | (bytes.data[i] & 0x3fU);
    }
    const bool surrogate = read >= 0xd800 && read <= 0xdfff;
    if (surrogate || read > 0x10ffff || read < least[size]) { return 0; }
    *letter = read;
    return size;
}

/* Unicode's White_Space. */
static bool is_space(uint32_t letter)
{
    return letter == ' ' || (letter >= 0x09 && letter <= 0x0d) || letter == 0x85 ||
           letter == 0xa0 || letter == 0x1680 || (letter >= 0x2000 && letter <= 0x200a) ||
           letter == 0x2028 || letter == 0x2029 || letter == 0x202f || letter == 0x205f ||
           letter == 0x3000;
}

static bool name_valid(struct span name)
{
    if (name.size == 0 || name.size >= NOTE_NAME_SIZE) { return false; }
    while (name.size > 0) {
        uint32_t letter = 0;
        const size_t size = utf8_letter(name, &letter);
        if (size == 0 || is_space(letter) || letter == '+' || letter < 0x20) { return false; }
        name = span_of(name.data + size, name.size - size);
    }
    return true;
}

/* Valid UTF-8 without control characters but the newline. */
static bool text_valid(struct span text)
{
    while (text.size > 0) {
        uint32_t letter = 0;
        const size_t size = utf8_letter(text, &letter);
        if (size == 0 || (letter < 0x20 && letter != '\n')) { return false; }
        text = span_of(text.data + size, text.size - size);
    }
    return true;
}

/* ---- keys ---- */

static uint32_t id_of(const struct note_key *key)
{
    uint8_t words[NOTE_NAME_SIZE + 2 + PUBLIC_KEY_SIZE];
    const size_t size = strlen(key->name);
    memcpy(words, key->name, size);
    words[size] = '\n';
    words[size + 1] = (uint8_t)key->kind;
    memcpy(words + size + 2, key->public_key, PUBLIC_KEY_SIZE);
    uint8_t hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, words, size + 2 + PUBLIC_KEY_SIZE);
    struct cursor cursor = cursor_over(span_of(hash, sizeof hash));
    return cursor_u32(&cursor);
}

enum err note_key_make(struct note_key *key, enum note_kind kind, const char *name,
                       const uint8_t public_key[static PUBLIC_KEY_SIZE], struct why *why)
{
    if (!name_valid(span_text(name))) {
        return why_set(why, ERR_MALFORMED,
                       "\"%.60s\" is no name of a key; expected 1..%d bytes without spaces and "
                       "plus",
                       name, NOTE_NAME_SIZE - 1);
    }
    struct note_key made = {.kind = kind};
    (void)!text_copy(made.name, sizeof made.name, name);
    memcpy(made.public_key, public_key, PUBLIC_KEY_SIZE);
    made.id = id_of(&made);
    *key = made;
    return OK;
}

static enum err refuse_vkey(const char *vkey, const char *what, struct why *why)
{
    return why_set(why, ERR_MALFORMED, "the key \"%.60s\" %s; expected NAME+ID+BASE64", vkey, what);
}

enum err note_key_parse(struct note_key *key, const char *vkey, struct why *why)
{
    const char *first = strchr(vkey, '+');
    const char *second = first ? strchr(first + 1, '+') : NULL;
    if (!second) { return refuse_vkey(vkey, "has no three parts", why); }
    char name[NOTE_NAME_SIZE] = "";
    char hex[ID_TEXT + 1] = "";
    uint8_t id[ID_SIZE];
    uint8_t bytes[1 + PUBLIC_KEY_SIZE];
    size_t size = 0;
    if (first - vkey >= NOTE_NAME_SIZE) { return refuse_vkey(vkey, "has too long a name", why); }
    memcpy(name, vkey, (size_t)(first - vkey));
    if (second - first - 1 != ID_TEXT) {
        return refuse_vkey(vkey, "has an id that is not 8 digits", why);
    }
    memcpy(hex, first + 1, ID_TEXT);
    if (strspn(hex, "0123456789abcdef") != ID_TEXT || decode_hex(id, ID_SIZE, &size, hex, NULL)) {
        return refuse_vkey(vkey, "has an id that is not hexadecimal", why);
    }
    if (decode_base64(bytes, sizeof bytes, &size, second + 1, NULL) || size != sizeof bytes ||
        (bytes[0] != NOTE_KIND_ED25519 && bytes[0] != NOTE_KIND_COSIGNATURE)) {
        return refuse_vkey(vkey, "is of no kind known here", why);
    }
    struct note_key read = {.id = 0};
    const enum err err = note_key_make(&read, (enum note_kind)bytes[0], name, bytes + 1, why);
    if (err != OK) { return err; }
    struct cursor cursor = cursor_over(span_of(id, sizeof id));
    if (cursor_u32(&cursor) != read.id) { return refuse_vkey(vkey, "does not fit its id", why); }
    *key = read;
    return OK;
}

void note_key_write(const struct note_key *key, char vkey[static NOTE_VKEY_SIZE])
{
    uint8_t bytes[1 + PUBLIC_KEY_SIZE] = {(uint8_t)key->kind};
    memcpy(bytes + 1, key->public_key, PUBLIC_KEY_SIZE);
    CLEANUP(text_deinit) struct text base64 = text_limited(64);
    encode_base64(&base64, span_of(bytes, sizeof bytes));
    (void)snprintf(vkey, NOTE_VKEY_SIZE, "%s+%08x+%s", key->name, key->id, text_c(&base64));
}

bool note_key_equal(const struct note_key *a, const struct note_key *b)
{
    return a->id == b->id && a->kind == b->kind && strcmp(a->name, b->name) == 0 &&
           memcmp(a->public_key, b->public_key, PUBLIC_KEY_SIZE) == 0;
}

/* ---- signatures ---- */

/* What a cosignature is over: C2SP tlog-cosignature, cosignature/v1. */
static void cosigned_text(struct text *out, struct span text, uint64_t time_s)
{
    text_format(out, "cosignature/v1\ntime %llu\n", (unsigned long long)time_s);
    text_add_bytes(out, text);
}

enum err note_sign(const struct note_signer *signer, struct span text, int64_t time_s,
                   struct text *out, struct why *why)
{
    if (text.size == 0 || text.size > NOTE_TEXT_MAX || text.data[text.size - 1] != '\n' ||
        !text_valid(text)) {
        return why_set(why, ERR_MALFORMED,
                       "a note's text must be UTF-8, end in a newline and have at most %d bytes",
                       NOTE_TEXT_MAX);
    }
    const struct note_key *key = &signer->key;
    uint8_t bytes[ID_SIZE + TIME_SIZE + SIGNATURE_SIZE];
    size_t size = 0;
    for (int shift = 24; shift >= 0; shift -= 8) {
        bytes[size++] = (uint8_t)(key->id >> shift);
    }
    if (key->kind == NOTE_KIND_COSIGNATURE) {
        CLEANUP(text_deinit) struct text message = text_limited(NOTE_TEXT_MAX + 64);
        cosigned_text(&message, text, (uint64_t)time_s);
        for (int shift = 56; shift >= 0; shift -= 8) {
            bytes[size++] = (uint8_t)((uint64_t)time_s >> shift);
        }
        signature_make(signer->secret, text_span(&message), bytes + size);
    } else {
        signature_make(signer->secret, text, bytes + size);
    }
    text_format(out, "%s%s ", dash, key->name);
    encode_base64(out, span_of(bytes, size + SIGNATURE_SIZE));
    text_add_char(out, '\n');
    return out->overflow ? why_set(why, ERR_LIMIT, "the note is too large") : OK;
}

/* One signature line, taken apart. */
struct line {
    struct span name;
    uint32_t id;
    struct span signature; /* behind the id; borrowed from `bytes` */
    uint8_t bytes[SIGNATURE_BYTES_MAX];
};

static bool fits(const struct note_key *key, struct span text, struct span signature,
                 int64_t *time_s)
{
    if (key->kind == NOTE_KIND_ED25519) {
        return signature.size == SIGNATURE_SIZE &&
               signature_fits(key->public_key, text, signature.data);
    }
    struct cursor cursor = cursor_over(signature);
    const uint64_t time = cursor_u64(&cursor);
    if (signature.size != TIME_SIZE + SIGNATURE_SIZE || time > INT64_MAX) { return false; }
    CLEANUP(text_deinit) struct text message = text_limited(NOTE_TEXT_MAX + 64);
    cosigned_text(&message, text, time);
    *time_s = (int64_t)time;
    return !message.overflow &&
           signature_fits(key->public_key, text_span(&message), signature.data + TIME_SIZE);
}

static bool parse_line(struct line *line, struct span words)
{
    const size_t lead = strlen(dash);
    if (words.size <= lead || memcmp(words.data, dash, lead) != 0) { return false; }
    words = span_of(words.data + lead, words.size - lead);
    const uint8_t *space = memchr(words.data, ' ', words.size);
    if (!space) { return false; }
    line->name = span_of(words.data, (size_t)(space - words.data));
    CLEANUP(mem_free_p)
    char *base64 = mem_text_of((const char *)space + 1, words.size - line->name.size - 1);
    size_t size = 0;
    if (!name_valid(line->name) ||
        decode_base64(line->bytes, sizeof line->bytes, &size, base64, NULL) || size <= ID_SIZE) {
        return false;
    }
    struct cursor cursor = cursor_over(span_of(line->bytes, size));
    line->id = cursor_u32(&cursor);
    line->signature = cursor.rest;
    return true;
}

/* ---- opening ---- */

static enum note_verdict refuse(enum note_verdict verdict, const char *words, struct why *why)
{
    (void)why_set(why, ERR_DENIED, "the note %s", words);
    return verdict;
}

static bool names(const struct note_key *key, const struct line *line)
{
    return key->id == line->id && span_equal(line->name, span_text(key->name));
}

/* Judges one line against the known keys. */
static enum note_verdict judge_line(const struct line *line, const struct note_key *keys,
                                    size_t count, struct note_opened *opened, struct why *why)
{
    size_t found = count;
    for (size_t i = 0; i < count; i++) {
        if (!names(&keys[i], line)) { continue; }
        if (found != count) {
            return refuse(NOTE_VERDICT_AMBIGUOUS, "is signed under a name and id of two keys", why);
        }
        found = i;
    }
    if (found == count || opened->by[found]) {
        opened->unknown++;
        return NOTE_VERDICT_GOOD;
    }
    if (!fits(&keys[found], opened->text, line->signature, &opened->at_s[found])) {
        (void)why_set(why, ERR_DENIED, "the note's signature of %.100s is wrong", keys[found].name);
        return NOTE_VERDICT_FORGED;
    }
    opened->by[found] = true;
    opened->known++;
    return NOTE_VERDICT_GOOD;
}

/* Splits at the last empty line. */
static bool split(struct span note, struct note_opened *opened)
{
    if (note.size < 2 || note.size > NOTE_SIZE_MAX || !text_valid(note)) { return false; }
    for (size_t i = note.size - 1; i > 0; i--) {
        if (note.data[i] != '\n' || note.data[i - 1] != '\n') { continue; }
        opened->text = span_of(note.data, i);
        opened->signatures = span_of(note.data + i + 1, note.size - i - 1);
        return opened->text.size <= NOTE_TEXT_MAX && opened->signatures.size > 0 &&
               note.data[note.size - 1] == '\n';
    }
    return false;
}

enum note_verdict note_open(struct span note, const struct note_key *keys, size_t count,
                            struct note_opened *opened, struct why *why)
{
    struct note_opened read = {.known = 0};
    if (count > NOTE_KEYS_MAX || !split(note, &read)) {
        return refuse(NOTE_VERDICT_MALFORMED, "is not text, an empty line and signatures", why);
    }
    CLEANUP(mem_free_p) struct line *line = MEM_NEW(struct line);
    struct span rest = read.signatures;
    for (size_t number = 0; rest.size > 0; number++) {
        const uint8_t *end = memchr(rest.data, '\n', rest.size);
        const size_t size = (size_t)(end - rest.data);
        if (number == NOTE_SIGNATURES_MAX || !parse_line(line, span_of(rest.data, size))) {
            return refuse(NOTE_VERDICT_MALFORMED, "has too many or bad signature lines", why);
        }
        const enum note_verdict verdict = judge_line(line, keys, count, &read, why);
        if (verdict != NOTE_VERDICT_GOOD) { return verdict; }
        rest = span_of(end + 1, rest.size - size - 1);
    }
    if (read.known == 0) {
        return refuse(NOTE_VERDICT_UNSIGNED, "has no signature of a key that is known", why);
    }
    *opened = read;
    return NOTE_VERDICT_GOOD;
}
