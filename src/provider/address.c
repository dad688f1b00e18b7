#include "provider/address.h"

#include <string.h>

static const char ALPHANUMERIC[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/* How many bytes at the start of `text` are letters, digits or of `more`. */
static size_t run(const char *text, const char *more)
{
    size_t size = 0;
    while (text[size] && (strchr(ALPHANUMERIC, text[size]) || strchr(more, text[size]))) {
        size++;
    }
    return size;
}

/* The size of "HOST" or "HOST:PORT", which a path, a query or the end follows; 0 = it is none. */
static size_t authority_size(const char *at)
{
    const bool literal = *at == '[';
    size_t size = literal ? 1 + run(at + 1, ":.") : run(at, ".-");
    if (literal && at[size] != ']') { return 0; }
    size += literal;
    if (size < 1 || at[0] == '.' || at[0] == '-') { return 0; }
    if (at[size] != ':') { return size; }
    const size_t digits = strspn(at + size + 1, "0123456789");
    return digits >= 1 && digits <= 5 ? size + 1 + digits : 0;
}

/* What follows "https://HOST" of an address with at most ADDRESS_SIZE - 1 letters, or NULL. */
static const char *rest_of(const char *url)
{
    static const char scheme[] = "https://";
    if (strnlen(url, ADDRESS_SIZE) == ADDRESS_SIZE || strncmp(url, scheme, strlen(scheme)) != 0) {
        return NULL;
    }
    const char *authority = url + strlen(scheme);
    const size_t size = authority_size(authority);
    const char *rest = authority + size;
    return size > 0 && (*rest == '\0' || *rest == '/' || *rest == '?') ? rest : NULL;
}

bool address_valid(const char *url)
{
    const char *rest = rest_of(url);
    return rest && rest[run(rest, "/-._~!$&'()*+,;=:@%?")] == '\0';
}

bool address_issuer_valid(const char *url)
{
    const char *rest = rest_of(url);
    return rest && rest[run(rest, "/-._~!$&'()*+,;=:@%")] == '\0';
}

bool address_origin_valid(const char *url)
{
    static const char *const loopback[] = {"http://127.0.0.1", "http://localhost", "http://[::1]"};
    const char *rest = rest_of(url);
    for (size_t i = 0; i < ARRAY_LEN(loopback) && !rest; i++) {
        const size_t size = strlen(loopback[i]);
        if (strncmp(url, loopback[i], size) != 0) { continue; }
        const char *port = url + size;
        const size_t digits = *port == ':' ? strspn(port + 1, "0123456789") : 0;
        rest = *port == ':' && digits >= 1 && digits <= 5 ? port + 1 + digits : port;
    }
    return rest && *rest == '\0';
}

bool address_return_valid(const char *path)
{
    static const char *const others[] = {"/auth/", "/api/", "/stream/", "/assets"};
    if (path[0] != '/' || path[1] == '/' || strnlen(path, ADDRESS_SIZE) == ADDRESS_SIZE ||
        path[run(path, "/-_")] != '\0') {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        if (strncmp(path, others[i], strlen(others[i])) == 0) { return false; }
    }
    return true;
}

void address_escape(struct text *out, const char *value)
{
    for (const char *at = value; *at; at++) {
        if (run(at, "-._~") > 0) {
            text_add_char(out, *at);
        } else {
            text_format(out, "%%%02X", (unsigned int)(unsigned char)*at);
        }
    }
}

void address_add(struct text *out, bool query, const char *name, const char *value)
{
    if (query) {
        text_add_char(out, strchr(text_c(out), '?') ? '&' : '?');
    } else if (out->size > 0) {
        text_add_char(out, '&');
    }
    address_escape(out, name);
    text_add_char(out, '=');
    address_escape(out, value);
}
