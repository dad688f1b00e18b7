#include "wire/s3_sign.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "base/encode.h"
#include "wire/digest.h"

enum { CANONICAL_SIZE_MAX = 32 * 1024, SIGNED_SIZE_MAX = 512, SCOPE_SIZE = 160, DAY_SIZE = 9 };

void s3_encode(struct text *out, const char *text, bool keep_slash)
{
    static const char digits[] = "0123456789ABCDEF";
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                           (c >= '0' && c <= '9') || (strchr("-._~", c) != NULL);
        if (plain || (c == '/' && keep_slash)) {
            text_add_char(out, (char)c);
        } else {
            text_add_char(out, '%');
            text_add_char(out, digits[c >> 4]);
            text_add_char(out, digits[c & 15]);
        }
    }
}

/* ---- the query ---- */

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void s3_write_query(struct text *out, const struct s3_pair *pairs, size_t count)
{
    char *members[S3_PAIRS_MAX];
    if (count > S3_PAIRS_MAX) { abort(); }
    for (size_t i = 0; i < count; i++) {
        /* '=' sorts behind '%', digits and '-', so pairs are compared with a lower one between. */
        struct text member = text_limited(S3_PATH_SIZE_MAX);
        s3_encode(&member, pairs[i].name, false);
        text_add_char(&member, '\1');
        s3_encode(&member, pairs[i].value, false);
        if (member.overflow) { out->overflow = true; }
        members[i] = text_take(&member);
    }
    qsort(members, count, sizeof *members, compare_text);
    for (size_t i = 0; i < count; i++) {
        char *between = strchr(members[i], '\1');
        if (between) { *between = '='; }
        if (i > 0) { text_add_char(out, '&'); }
        text_add(out, members[i]);
        free(members[i]);
    }
}

/* ---- headers ---- */

static int compare_name(const void *a, const void *b)
{
    return strcasecmp((*(const struct s3_pair *const *)a)->name,
                      (*(const struct s3_pair *const *)b)->name);
}

static void add_lower(struct text *out, const char *name)
{
    for (; *name; name++) {
        text_add_char(out, (char)tolower((unsigned char)*name));
    }
}

/* Without spaces at its ends; rows of spaces within become one. */
static void add_trimmed(struct text *out, const char *value)
{
    value += strspn(value, " \t");
    while (*value) {
        const size_t word = strcspn(value, " \t");
        text_add_bytes(out, span_of(value, word));
        value += word;
        const size_t gap = strspn(value, " \t");
        value += gap;
        if (gap > 0 && *value) { text_add_char(out, ' '); }
    }
}

/* Adds the canonical headers to `out`, their names to `names`. */
static void add_headers(struct text *out, struct text *names, const struct s3_sign *sign)
{
    const struct s3_pair *sorted[S3_PAIRS_MAX];
    if (sign->header_count > S3_PAIRS_MAX) { abort(); }
    for (size_t i = 0; i < sign->header_count; i++) {
        sorted[i] = &sign->headers[i];
    }
    qsort(sorted, sign->header_count, sizeof(const struct s3_pair *), compare_name);
    for (size_t i = 0; i < sign->header_count; i++) {
        add_lower(out, sorted[i]->name);
        text_add_char(out, ':');
        add_trimmed(out, sorted[i]->value);
        text_add_char(out, '\n');
        if (i > 0) { text_add_char(names, ';'); }
        add_lower(names, sorted[i]->name);
    }
}

/* ---- the signature ---- */

const char *s3_write_date(char text[static S3_DATE_SIZE], int64_t at_us)
{
    const time_t seconds = (time_t)(at_us / CLOCK_SECOND_US);
    struct tm parts;
    if (!gmtime_r(&seconds, &parts) ||
        strftime(text, S3_DATE_SIZE, "%Y%m%dT%H%M%SZ", &parts) == 0) {
        abort();
    }
    return text;
}

static void write_canonical(struct text *out, struct text *names, const struct s3_sign *sign)
{
    text_add(out, sign->method);
    text_add_char(out, '\n');
    s3_encode(out, sign->path, true);
    text_add_char(out, '\n');
    s3_write_query(out, sign->query, sign->query_count);
    text_add_char(out, '\n');
    add_headers(out, names, sign);
    text_add_char(out, '\n');
    text_add_bytes(out, text_span(names));
    text_add_char(out, '\n');
    text_add(out, sign->payload_sha256);
}

static void derive_key(uint8_t key[static DIGEST_SHA256_SIZE], const struct s3_sign *sign,
                       const char *day)
{
    const struct span secret = secret_bytes(sign->key);
    uint8_t first[4 + SECRET_SIZE_MAX] = "AWS4";
    memcpy(first + 4, secret.data, secret.size);
    digest_hmac_sha256(key, span_of(first, 4 + secret.size), span_text(day));
    explicit_bzero(first, sizeof first);
    const char *const steps[] = {sign->region, sign->service, "aws4_request"};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        uint8_t next[DIGEST_SHA256_SIZE];
        digest_hmac_sha256(next, span_of(key, DIGEST_SHA256_SIZE), span_text(steps[i]));
        memcpy(key, next, sizeof next);
        explicit_bzero(next, sizeof next);
    }
}

static void add_signature(struct text *out, const struct s3_sign *sign, const char *day,
                          const struct text *to_sign)
{
    uint8_t key[DIGEST_SHA256_SIZE];
    uint8_t signature[DIGEST_SHA256_SIZE];
    derive_key(key, sign, day);
    digest_hmac_sha256(signature, span_of(key, sizeof key), text_span(to_sign));
    explicit_bzero(key, sizeof key);
    encode_hex(out, span_of(signature, sizeof signature));
}

enum err s3_write_authorization(struct text *out, const struct s3_sign *sign, struct why *why)
{
    char date[S3_DATE_SIZE];
    char day[DAY_SIZE];
    char scope[SCOPE_SIZE];
    (void)s3_write_date(date, sign->at_us);
    (void)snprintf(day, sizeof day, "%.8s", date);
    const int size =
        snprintf(scope, sizeof scope, "%s/%s/%s/aws4_request", day, sign->region, sign->service);
    CLEANUP(text_deinit) struct text canonical = text_limited(CANONICAL_SIZE_MAX);
    CLEANUP(text_deinit) struct text names = text_limited(SIGNED_SIZE_MAX);
    CLEANUP(text_deinit) struct text to_sign = text_limited(SIGNED_SIZE_MAX);
    write_canonical(&canonical, &names, sign);
    struct digest digest;
    digest_bytes(&digest, text_span(&canonical));
    text_format(&to_sign, "AWS4-HMAC-SHA256\n%s\n%s\n%s", date, scope, digest.sha256);
    if (size < 0 || (size_t)size >= sizeof scope || canonical.overflow || names.overflow) {
        return why_set(why, ERR_LIMIT, "a request to the store is too long to be signed");
    }
    text_add(out, "AWS4-HMAC-SHA256 Credential=");
    text_add_bytes(out, secret_bytes(sign->key_id));
    text_format(out, "/%s, SignedHeaders=%s, Signature=", scope, text_c(&names));
    add_signature(out, sign, day, &to_sign);
    return out->overflow ? why_set(why, ERR_LIMIT, "the store's key id is too long") : OK;
}
