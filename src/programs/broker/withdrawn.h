/*
 * broker/withdrawn - whose certificate the site CA has withdrawn: they may not connect, and are
 * disconnected when the list arrives.
 *
 * The list comes over the bus itself (system/revocation), is judged by the CA's signature and its
 * number (trust/revocation), and is kept in a file across restarts. On the broker's only thread.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

#include <openssl/x509.h>
#include <stdbool.h>

struct mosquitto;

/* `ca_path`: PEM of the site's CAs; `file_path`: where the list is kept. */
MUST_USE enum err withdrawn_open(const char *ca_path, const char *file_path, struct why *why);
void withdrawn_close(void);

/* Whether the bearer of `certificate` may connect; who may is remembered until withdrawn_leave. */
bool withdrawn_admit(struct mosquitto *client, const char *client_id, X509 *certificate);
void withdrawn_leave(const struct mosquitto *client);

/* A message of system/revocation. True when it brought a newer list; else `why` says why not. */
bool withdrawn_hear(struct span payload, struct why *why);

/* Disconnects those whose certificate was withdrawn since the last call. */
void withdrawn_tick(void);
