#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

enum err why_set(struct why *why, enum err err, const char *fmt, ...)
{
    if (why) {
        va_list args;
        va_start(args, fmt);
        (void)vsnprintf(why->text, sizeof why->text, fmt, args);
        va_end(args);
        text_scrub(why->text); /* a precision may have cut a letter of what came from outside */
    }
    return err;
}

enum err why_prefix(struct why *why, enum err err, const char *prefix)
{
    if (why) {
        const struct why cause = *why;
        (void)snprintf(why->text, sizeof why->text, "%.96s: %.156s", prefix, cause.text);
        text_scrub(why->text);
    }
    return err;
}

const char *err_name(enum err err)
{
    switch (err) {
    case OK: return "ok";
    case ERR_RANGE: return "range";
    case ERR_MALFORMED: return "malformed";
    case ERR_LIMIT: return "limit";
    case ERR_NOT_FOUND: return "not_found";
    case ERR_CONFLICT: return "conflict";
    case ERR_DENIED: return "denied";
    case ERR_TIMEOUT: return "timeout";
    case ERR_CLOSED: return "closed";
    case ERR_UNAVAILABLE: return "unavailable";
    case ERR_IO: return "io";
    case ERR_DAMAGED: return "damaged";
    }
    abort(); /* unreachable: -Wswitch-enum keeps the list complete */
}
