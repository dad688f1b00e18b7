/*
 * wire/mqtt_tls - the TLS 1.3 side of wire/mqtt: our certificate, the site CA, and a peer that must
 * be a broker of the site by its SPIFFE ID. Reads three PEM files; no other I/O.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>

#include <openssl/ssl.h>

CLEANUP_FOR(SSL_CTX, SSL_CTX_free)

/* ERR_IO: a file cannot be read; ERR_MALFORMED: it is not what it should be, or does not fit. */
MUST_USE enum err mqtt_tls_new(SSL_CTX **out, const char *ca_path, const char *certificate_path,
                               const char *key_path, struct why *why);

/*
 * Reads the three files again into `tls`, for the connections that are made from now on. False, and
 * nothing has changed, when they are not what they should be.
 */
MUST_USE bool mqtt_tls_reload(SSL_CTX *tls, const char *ca_path, const char *certificate_path,
                              const char *key_path);
