/*
 * control/people/passkey_api - what sign-in and the account need of passkeys in a request.
 */
#pragma once

#include "programs/control/route.h"

enum { PASSKEY_ORIGIN_SIZE = PASSKEY_DOMAIN_SIZE + 16 };

/* The page that the request comes from, by its Host: a browser swears to the origin that it saw. */
struct passkey_page {
    char origin[PASSKEY_ORIGIN_SIZE], domain[PASSKEY_DOMAIN_SIZE];
};
void passkey_api_page(const struct call *call, struct passkey_page *page);

/* {"challenge","domain","credentials":[...]} for the browser; the caller owns it. */
struct value *passkey_api_question(struct call *call, const struct challenge *challenge);

/* What a body's "passkey" says, decoded. Owned bytes; release with passkey_shown_deinit. */
struct passkey_shown {
    struct text credential, client_data, authenticator_data, signature;
    struct passkey_page page;
};
void passkey_shown_deinit(struct passkey_shown *shown);
/* `object` has client_data and authenticator_data, to sign in credential and signature too. */
MUST_USE enum err passkey_shown_read(struct call *call, const struct value *object, bool sign_in,
                                     struct passkey_shown *shown, struct why *why);
