#include "office.h"

#include <stdio.h>

#include "fleet/membership.h"
#include "system/file.h"
#include "wire/fetch.h"

enum { ANSWER_SIZE_MAX = 4 * 1024 * 1024, URL_SIZE = 600 };

struct answer {
    int status;
    struct text body;
};

static bool on_head(void *context, int status, const char *type)
{
    (void)type;
    struct answer *answer = context;
    answer->status = status;
    return true;
}

static bool on_bytes(void *context, struct span bytes)
{
    struct answer *answer = context;
    if (bytes.size > 0) { text_add_bytes(&answer->body, bytes); }
    return !answer->body.overflow;
}

/* The site that the identity's certificate names. */
static enum err read_site(char peer[static URL_SIZE], const char *certificate_path, struct why *why)
{
    struct certificate *own = NULL;
    const enum err err = membership_read(&own, certificate_path, why);
    if (err) { return err; }
    (void)snprintf(peer, URL_SIZE, "spiffe://%s/enrol/enrol", certificate_identity(own)->site);
    certificate_free(own);
    return OK;
}

static enum err parse_answer(struct value **out, const struct answer *answer, struct why *why)
{
    CLEANUP(value_free_p) struct value *read = NULL;
    const enum err err = value_parse(&read, text_span(&answer->body), ANSWER_SIZE_MAX, why);
    if (err) { return why_prefix(why, err, "the answer of tocsin-enrol"); }
    if (answer->status >= 400) {
        return why_set(why, answer->status >= 500 ? ERR_UNAVAILABLE : ERR_DENIED,
                       "tocsin-enrol says %d: %.200s", answer->status,
                       value_text_or(value_get(read, "detail"), ""));
    }
    *out = TAKE(read);
    return OK;
}

enum err office_ask(struct value **out, const struct office *office, const char *path,
                    const struct value *body, struct why *why)
{
    char url[URL_SIZE];
    char peer[URL_SIZE];
    char certificate[FILE_PATH_SIZE];
    char key[FILE_PATH_SIZE];
    if (!office->url || !office->ca || !office->identity) {
        return why_set(why, ERR_MALFORMED,
                       "--url, --ca and --identity are needed: the address of tocsin-enrol, the "
                       "site CA's certificate, and whose name you come in (IDENTITY.crt, .key)");
    }
    (void)snprintf(url, sizeof url, "%s%s", office->url, path);
    (void)snprintf(certificate, sizeof certificate, "%s.crt", office->identity);
    (void)snprintf(key, sizeof key, "%s.key", office->identity);
    enum err err = read_site(peer, certificate, why);
    if (err) { return err; }
    struct answer answer = {.body = text_limited(ANSWER_SIZE_MAX)};
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    const struct fetch fetch = {.url = url,
                                .ca_path = office->ca,
                                .certificate_path = certificate,
                                .key_path = key,
                                .peer_identity = peer,
                                .headers = body ? headers : NULL,
                                .context = &answer,
                                .on_head = on_head,
                                .on_bytes = on_bytes};
    CLEANUP(text_deinit) struct text json = text_limited(ANSWER_SIZE_MAX);
    if (body) { value_write(body, &json); }
    err = body ? fetch_post(&fetch, text_span(&json), why) : fetch_get(&fetch, why);
    if (!err) { err = parse_answer(out, &answer, why); }
    text_deinit(&answer.body);
    return err;
}

enum err office_invite(struct value **out, const struct office *office,
                       const struct office_invitation *invitation, struct why *why)
{
    CLEANUP(value_free_p) struct value *body = value_object();
    struct value *hosts = value_array();
    for (size_t i = 0; i < invitation->host_count; i++) {
        value_append(hosts, value_text(invitation->hosts[i]));
    }
    value_set_text(body, "name", invitation->name);
    value_set_text(body, "role", role_name(invitation->role));
    value_set_integer(body, "life_s", invitation->life_s);
    value_set(body, "hosts", hosts);
    return office_ask(out, office, "/members", body, why);
}
