/*
 * wire/est - the words of EST (RFC 7030) that client and server share: paths, types, and bodies in
 * base64, which may come with line breaks and leaves without (RFC 8951). No I/O, any thread.
 */
#pragma once

#include "base/err.h"
#include "base/text.h"

#define EST_PATH "/.well-known/est"
#define EST_TYPE_CERTIFICATES "application/pkcs7-mime"
#define EST_TYPE_CERTIFICATES_ONLY "application/pkcs7-mime; smime-type=certs-only"
#define EST_TYPE_REQUEST "application/pkcs10"
#define EST_TYPE_ATTRIBUTES "application/csrattrs"

enum { EST_BODY_SIZE_MAX = 64 * 1024 };

/* Appends `der` as base64 in one line. */
void est_write(struct text *out, struct span der);

/* Appends what the base64 in `body` (at most EST_BODY_SIZE_MAX) stands for. ERR_MALFORMED. */
MUST_USE enum err est_read(struct text *out, struct span body, struct why *why);
