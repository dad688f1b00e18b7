#include "camera/address.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

struct address {
    char whole[ADDRESS_SIZE_MAX];
    char shown[ADDRESS_SIZE_MAX];
    bool file;
};

static bool is_rtsp(const char *url)
{
    return strncasecmp(url, "rtsp://", 7) == 0 || strncasecmp(url, "rtsps://", 8) == 0;
}

static enum err show_rtsp(struct address *address, struct why *why)
{
    const char *scheme_end = strstr(address->whole, "://") + 3;
    const size_t authority_size = strcspn(scheme_end, "/?#");
    const char *at = memrchr(scheme_end, '@', authority_size);
    const char *host = at ? at + 1 : scheme_end;
    /* A password with / or ? in it would otherwise be shown as host or path. */
    if (strchr(scheme_end + authority_size, '@')) {
        return why_set(why, ERR_MALFORMED,
                       "the camera address has an @ after its host; write @ / ? # inside user, "
                       "password or path as %%40 %%2F %%3F %%23");
    }
    const char *path = scheme_end + authority_size;
    if (host == path) {
        return why_set(why, ERR_MALFORMED,
                       "the camera address names no host; "
                       "rtsp://[user:password@]host[:port]/path is expected");
    }
    (void)snprintf(address->shown, sizeof address->shown, "%.*s%.*s%.*s",
                   (int)(scheme_end - address->whole), address->whole, (int)(path - host), host,
                   (int)strcspn(path, "?#"), path);
    return OK;
}

enum err address_new(struct address **out, const char *url, struct why *why)
{
    CLEANUP(address_free_p) struct address *address = MEM_NEW(struct address);
    if (!text_copy(address->whole, sizeof address->whole, url)) {
        return why_set(why, ERR_LIMIT, "the camera address is longer than %d letters",
                       ADDRESS_SIZE_MAX - 1);
    }
    for (const char *at = url; *at; at++) {
        if ((unsigned char)*at <= ' ') {
            return why_set(why, ERR_MALFORMED,
                           "the camera address holds a space or control letter");
        }
    }
    if (is_rtsp(url)) {
        const enum err err = show_rtsp(address, why);
        if (err) { return err; }
    } else if (*url == '\0' || strstr(url, "://")) {
        return why_set(why, ERR_MALFORMED,
                       "the camera address is neither rtsp://, rtsps:// nor a file");
    } else {
        address->file = true;
        const char *slash = strrchr(url, '/');
        (void)snprintf(address->shown, sizeof address->shown, "%s", slash ? slash + 1 : url);
    }
    *out = TAKE(address);
    return OK;
}

void address_free(struct address *address)
{
    if (!address) { return; }
    sodium_memzero(address, sizeof *address);
    free(address);
}

const char *address_shown(const struct address *address)
{
    return address->shown;
}

bool address_is_file(const struct address *address)
{
    return address->file;
}

const char *address_whole(const struct address *address)
{
    return address->whole;
}
