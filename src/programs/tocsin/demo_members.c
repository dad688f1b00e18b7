#include "demo_members.h"

#include <sodium.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/encode.h"
#include "fleet/membership.h"
#include "office.h"

enum { TOKEN_LIFE_S = 120 };

static const char *const hosts[] = {"localhost", "127.0.0.1"};

/* Who is enrolled by the demo itself. */
static const struct {
    enum role role;
    const char *name;
} MEMBERS[] = {
    {ROLE_CONTROL, "control"},    {ROLE_EXERCISE, "exercises"},    {ROLE_BROKER, "site-broker"},
    {ROLE_BROKER, "zone-broker"}, {ROLE_GATEWAY, "gateway-north"},
};

enum err demo_members_prepare(struct demo_site *site, const struct authority *authority,
                              struct why *why)
{
    char folder[FILE_PATH_SIZE];
    uint8_t digest[CERTIFICATE_FINGERPRINT_SIZE];
    CLEANUP(authority_issued_deinit) struct authority_issued issued = {0};
    CLEANUP(text_deinit) struct text hex = text_limited(sizeof site->fingerprint - 1);
    const struct authority_request desk = {.role = ROLE_CONTROL, .name = "desk"};
    certificate_fingerprint(authority_certificate(authority), digest);
    encode_hex(&hex, span_of(digest, sizeof digest));
    if (!text_copy(site->fingerprint, sizeof site->fingerprint, text_c(&hex))) { abort(); }
    enum err err = authority_issue(&issued, authority, &desk, clock_wall_us(), why);
    if (!err) { err = file_join(folder, site->options->state, "ca", why); }
    return err ? err : authority_issued_save(&issued, folder, "desk", why);
}

/* Asks for a token: "NAME:LETTERS". */
static enum err invite(const struct demo_site *site, enum role role, const char *name,
                       char ticket[static MEMBERSHIP_TICKET_SIZE], struct why *why)
{
    char url[64];
    char ca[FILE_PATH_SIZE];
    char identity[FILE_PATH_SIZE];
    const char *state = site->options->state;
    const struct office office = {.url = url,
                                  .ca = demo_path(ca, state, "ca/ca.crt"),
                                  .identity = demo_path(identity, state, "ca/desk")};
    const struct office_invitation invitation = {.role = role,
                                                 .name = name,
                                                 .hosts = hosts,
                                                 .host_count = ARRAY_LEN(hosts),
                                                 .life_s = TOKEN_LIFE_S};
    CLEANUP(value_free_p) struct value *answer = NULL;
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%d", site->ports.enrol);
    const enum err err = office_invite(&answer, &office, &invitation, why);
    if (err) { return err; }
    (void)snprintf(ticket, MEMBERSHIP_TICKET_SIZE, "%s:%s", name,
                   value_text_or(value_get(answer, "token"), ""));
    return OK;
}

static enum err enrol(const struct demo_site *site, size_t index, struct why *why)
{
    char url[64];
    char file[64];
    char paths[3][FILE_PATH_SIZE];
    char ticket[MEMBERSHIP_TICKET_SIZE];
    const char *state = site->options->state;
    const char *name = MEMBERS[index].name;
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%d", site->ports.enrol);
    (void)snprintf(file, sizeof file, "identity/%s.crt", name);
    (void)demo_path(paths[1], state, file);
    (void)snprintf(file, sizeof file, "identity/%s.key", name);
    const struct membership membership = {.url = url,
                                          .fingerprint = site->fingerprint,
                                          .site = DEMO_SITE_NAME,
                                          .role = MEMBERS[index].role,
                                          .ca_path = demo_path(paths[0], state, "ca/ca.crt"),
                                          .certificate_path = paths[1],
                                          .key_path = demo_path(paths[2], state, file)};
    enum err err = invite(site, MEMBERS[index].role, name, ticket, why);
    if (!err) { err = membership_enrol(&membership, ticket, why); }
    sodium_memzero(ticket, sizeof ticket);
    return err ? why_prefix(why, err, name) : OK;
}

enum err demo_members_enrol(const struct demo_site *site, struct why *why)
{
    enum err err = OK;
    for (size_t i = 0; !err && i < ARRAY_LEN(MEMBERS); i++) {
        err = enrol(site, i, why);
    }
    return err;
}

enum err demo_members_invite_edge(const struct demo_site *site,
                                  char variable[static DEMO_TOKEN_SIZE], struct why *why)
{
    char ticket[MEMBERSHIP_TICKET_SIZE];
    const enum err err = invite(site, ROLE_EDGE, "edge-north-1", ticket, why);
    if (!err) { (void)snprintf(variable, DEMO_TOKEN_SIZE, "TOCSIN_ENROL_TOKEN=%s", ticket); }
    sodium_memzero(ticket, sizeof ticket);
    return err;
}
