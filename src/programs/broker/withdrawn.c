#include "programs/broker/withdrawn.h"

#include "base/value.h"
#include "fleet/revocation_message.h"

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <stdio.h>
#include <string.h>

enum { CLIENT_ID_SIZE = 256, MESSAGE_SIZE_MAX = 64 * 1024 };

/* One connection, and the certificate behind it. */
struct guest {
    struct guest *next;
    const struct mosquitto *client; /* only compared */
    struct certificate_serial serial;
    char client_id[CLIENT_ID_SIZE];
};

static struct {
    struct anchors *anchors;         /* owned; NULL: this broker knows no list */
    struct revocations *revocations; /* owned */
    struct guest *guests;            /* owned */
    bool news;                       /* a list has come that the guests were not held against */
} state;

enum err withdrawn_open(const char *ca_path, const char *file_path, struct why *why)
{
    const enum err err = anchors_open(&state.anchors, ca_path, why);
    if (err != OK) { return err; }
    struct why damage = {.text = ""};
    if (revocations_open(&state.revocations, state.anchors, file_path, &damage) != OK) {
        mosquitto_log_printf(MOSQ_LOG_WARNING, "tocsin: the list of withdrawn certificates: %s",
                             damage.text);
    }
    return OK;
}

void withdrawn_close(void)
{
    while (state.guests != NULL) {
        withdrawn_leave(state.guests->client);
    }
    revocations_close(state.revocations);
    anchors_free(state.anchors);
    state.revocations = NULL;
    state.anchors = NULL;
}

static bool read_serial(X509 *certificate, struct certificate_serial *serial)
{
    uint8_t *der = NULL;
    struct certificate *parsed = NULL;
    const int size = i2d_X509(certificate, &der);
    const enum err err =
        size > 0 ? certificate_from_der(&parsed, span_of(der, (size_t)size), NULL) : ERR_MALFORMED;
    OPENSSL_free(der);
    if (err != OK) { return false; }
    certificate_serial(parsed, serial);
    certificate_free(parsed);
    return true;
}

bool withdrawn_admit(struct mosquitto *client, const char *client_id, X509 *certificate)
{
    if (state.revocations == NULL) { return true; }
    struct certificate_serial serial;
    if (!read_serial(certificate, &serial) || revocations_hold(state.revocations, &serial)) {
        return false;
    }
    withdrawn_leave(client); /* a connection that broke off before it was whole */
    struct guest *guest = MEM_NEW(struct guest);
    guest->client = client;
    guest->serial = serial;
    (void)snprintf(guest->client_id, sizeof guest->client_id, "%s", client_id);
    guest->next = state.guests;
    state.guests = guest;
    return true;
}

void withdrawn_leave(const struct mosquitto *client)
{
    for (struct guest **at = &state.guests; *at != NULL; at = &(*at)->next) {
        if ((*at)->client != client) { continue; }
        struct guest *gone = *at;
        *at = gone->next;
        free(gone);
        return;
    }
}

bool withdrawn_hear(struct span payload, struct why *why)
{
    if (state.revocations == NULL || payload.size == 0) {
        (void)why_set(why, ERR_NOT_FOUND, "this broker keeps no list");
        return false;
    }
    CLEANUP(value_free_p) struct value *message = NULL;
    CLEANUP(text_deinit) struct text der = text_limited(REVOCATION_SIZE_MAX);
    if (value_parse(&message, payload, MESSAGE_SIZE_MAX, why) != OK ||
        revocation_message_read(&der, value_get(message, "content"), why) != OK) {
        return false;
    }
    enum revocation_answer answer = REVOCATION_ANSWER_MALFORMED;
    if (revocations_take(state.revocations, text_span(&der), &answer, why) != OK) {
        mosquitto_log_printf(MOSQ_LOG_ERR, "tocsin: the list is not kept: %s", why->text);
    }
    state.news = state.news || answer == REVOCATION_ANSWER_TAKEN;
    return answer == REVOCATION_ANSWER_TAKEN || answer == REVOCATION_ANSWER_KNOWN;
}

void withdrawn_tick(void)
{
    if (!state.news) { return; }
    state.news = false;
    /* Kicking calls back into withdrawn_leave: begin again after each. */
    for (struct guest *guest = state.guests; guest != NULL;) {
        if (!revocations_hold(state.revocations, &guest->serial)) {
            guest = guest->next;
            continue;
        }
        char client_id[CLIENT_ID_SIZE];
        memcpy(client_id, guest->client_id, sizeof client_id);
        withdrawn_leave(guest->client);
        mosquitto_log_printf(MOSQ_LOG_NOTICE,
                             "tocsin: %s is disconnected, its certificate was "
                             "withdrawn",
                             client_id);
        (void)mosquitto_kick_client_by_clientid(client_id, false);
        guest = state.guests;
    }
}
