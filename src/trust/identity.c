#include <stdio.h>

#include "trust/certificate.h"

static bool is_alphanumeric(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
}

/* Copies the part of `*at` up to `end_letter` (or the end for '\0') and moves `*at` behind it. */
static bool read_part(char part[static IDENTITY_NAME_SIZE], const char **at, char end_letter)
{
    const char *end = strchrnul(*at, end_letter);
    const size_t size = (size_t)(end - *at);
    if (*end != end_letter || size == 0 || size >= IDENTITY_NAME_SIZE) { return false; }
    for (size_t i = 0; i < size; i++) {
        const char letter = (*at)[i];
        const bool inner = i > 0 && i + 1 < size;
        if (!is_alphanumeric(letter) && !(inner && (letter == '-' || letter == '.'))) {
            return false;
        }
    }
    memcpy(part, *at, size);
    part[size] = '\0';
    *at = end_letter ? end + 1 : end;
    return true;
}

enum err identity_parse(struct identity *identity, const char *uri, struct why *why)
{
    static const char scheme[] = "spiffe://";
    struct identity read = {0};
    char role[IDENTITY_NAME_SIZE];
    const bool schemed = strncmp(uri, scheme, sizeof scheme - 1) == 0;
    const char *at = schemed ? uri + sizeof scheme - 1 : uri;
    if (!schemed || !read_part(read.site, &at, '/') || !read_part(role, &at, '/') ||
        !read_part(read.name, &at, '\0')) {
        return why_set(why, ERR_MALFORMED,
                       "identity is \"%.80s\", expected spiffe://SITE/ROLE/NAME with names of at "
                       "most 63 lower-case letters, digits, dots and hyphens",
                       uri);
    }
    const enum err err = role_parse(&read.role, role, why);
    if (err) { return err; }
    *identity = read;
    return OK;
}

void identity_write(const struct identity *identity, struct text *out)
{
    text_format(out, "spiffe://%s/%s/%s", identity->site, role_name(identity->role),
                identity->name);
}

bool identity_name_valid(const char *name)
{
    char part[IDENTITY_NAME_SIZE];
    const char *at = name;
    return read_part(part, &at, '\0');
}
