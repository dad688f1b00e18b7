/*
 * provider/address - the addresses of an outside identity provider: which we go to, and how we
 * write what we ask for behind them.
 *
 * Only https, only a host and a path that mean one thing (RFC 3986): no user, no fragment, no
 * letter that two readers could take differently. Pure; any thread.
 */
#pragma once

#include "base/err.h"
#include "base/text.h"

enum { ADDRESS_SIZE = 512 };

/* Whether a provider's endpoint may be fetched; a query is allowed (RFC 6749, 3.1). */
bool address_valid(const char *url);
/* The same for an issuer: neither query nor fragment (OpenID Connect Discovery, 3). */
bool address_issuer_valid(const char *url);
/* Whether `url` is an origin such as "https://tocsin.example", or http:// on loopback. */
bool address_origin_valid(const char *url);
/*
 * Whether the page may send somebody to `path` after a sign-in: a place of our own page, never
 * another site, never an answer of the server.
 */
bool address_return_valid(const char *path);

/* Appends "NAME=VALUE" as a form has it, after '?' or '&' when `query`; of a body, after '&'. */
void address_add(struct text *out, bool query, const char *name, const char *value);
/* Appends `value` with everything but letters, digits and -._~ escaped. */
void address_escape(struct text *out, const char *value);
