/*
 * fleet/revocation_message - the message that carries the CA's list of withdrawn certificates over
 * the bus: `{"type":"revocation","list":"<base64 DER>"}`, retained at system/revocation.
 *
 * The envelope only carries it: what counts is the CA's own signature on the list (RFC 5280), and
 * its number (trust/revocation). Pure, any thread.
 */
#pragma once

#include "base/value.h"
#include "trust/revocation.h"

#define REVOCATION_TOPIC "system/revocation"

struct value *revocation_message_make(struct span der);

/* Appends the list's DER. ERR_MALFORMED, ERR_LIMIT. */
MUST_USE enum err revocation_message_read(struct text *der, const struct value *content,
                                          struct why *why);
