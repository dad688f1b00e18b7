/*
 * tocsin-broker.so - the part of Tocsin inside a Mosquitto broker (plugin interface 5).
 *
 * Takes the SPIFFE ID out of a client's certificate, remembers it as the client's user name, and
 * asks fleet/topic_rule at every connection, subscription and message. It holds no other state than
 * counts and the list of withdrawn certificates (withdrawn.c), and runs on the broker's only
 * thread. A client without a certificate, or whose certificate names no identity of the site, or
 * was withdrawn, is refused.
 *
 * Options (plugin_opt_NAME): site (required), prefix (default "tocsin"), zone (of a zone broker),
 * cafile and withdrawn: the site CA's certificate and the file that keeps the list.
 */
#include "base/clock.h"
#include "base/text.h"
#include "fleet/revocation_message.h"
#include "fleet/topic_rule.h"
#include "programs/broker/prompt.h"
#include "programs/broker/withdrawn.h"
#include "system/file.h"

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Mosquitto finds these three by name; its header declares two of them for its own use only. */
#define EXPORTED __attribute__((visibility("default")))

enum { OPTION_SIZE = 128, URI_SIZE_MAX = 256, LOG_EVERY_S = 1 };

static struct plugin {
    mosquitto_plugin_id_t *handle;
    char site[OPTION_SIZE], prefix[OPTION_SIZE], zone[OPTION_SIZE];
    char ca[FILE_PATH_SIZE], withdrawn[FILE_PATH_SIZE];
    char revocation[2 * OPTION_SIZE]; /* the topic */
    unsigned long denied;             /* since start */
    unsigned long unlogged;           /* since the last line */
    time_t logged_at;
} plugin;

static struct topic_place place(void)
{
    return (struct topic_place){.site = plugin.site, .prefix = plugin.prefix, .zone = plugin.zone};
}

/* One line a second at most: whoever is refused must not be able to fill the log. */
static void log_denial(const struct mosquitto *client, const char *deed, const char *object,
                       const char *reason)
{
    plugin.denied++;
    const time_t now = time(NULL);
    if (now - plugin.logged_at < LOG_EVERY_S && now >= plugin.logged_at) {
        plugin.unlogged++;
        return;
    }
    const char *who = mosquitto_client_username(client);
    mosquitto_log_printf(MOSQ_LOG_WARNING,
                         "tocsin denial %lu (%lu not shown): %.200s may not %s %.200s: %s",
                         plugin.denied, plugin.unlogged, who != NULL ? who : "a client", deed,
                         object != NULL ? object : "-", reason);
    plugin.unlogged = 0;
    plugin.logged_at = now;
}

/* The one URI of the certificate's subject alternative name; false when there is none, or two. */
static bool certificate_uri(X509 *certificate, char uri[static URI_SIZE_MAX])
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    int found = 0;
    for (int i = 0; names != NULL && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_URI) { continue; }
        const ASN1_STRING *text = name->d.uniformResourceIdentifier;
        const int size = ASN1_STRING_length(text);
        const void *bytes = ASN1_STRING_get0_data(text);
        found += size > 0 && size < URI_SIZE_MAX && memchr(bytes, 0, (size_t)size) == NULL ? 1 : 2;
        if (found == 1) {
            memcpy(uri, bytes, (size_t)size);
            uri[size] = '\0';
        }
    }
    GENERAL_NAMES_free(names);
    return found == 1;
}

static int on_basic_auth(int event, void *data, void *context)
{
    (void)event, (void)context;
    struct mosquitto_evt_basic_auth *asked = data;
    struct mosquitto *client = asked->client;
    const char *client_id = mosquitto_client_id(client);
    X509 *certificate = mosquitto_client_certificate(client);
    if (certificate == NULL) {
        log_denial(client, "connect as", client_id, "no certificate");
        return MOSQ_ERR_AUTH;
    }
    char uri[URI_SIZE_MAX];
    const bool named = certificate_uri(certificate, uri);
    const bool good = withdrawn_admit(client, client_id != NULL ? client_id : "", certificate);
    X509_free(certificate);
    if (!good) {
        log_denial(client, "connect as", client_id, "the certificate was withdrawn");
        return MOSQ_ERR_AUTH;
    }
    struct identity who;
    struct why why = {.text = "no single SPIFFE ID in the certificate"};
    if (!named || identity_parse(&who, uri, &why) != OK) {
        log_denial(client, "connect as", client_id, why.text);
        return MOSQ_ERR_AUTH;
    }
    const struct topic_place here = place();
    const enum topic_answer answer = topic_connect(&here, &who, client_id != NULL ? client_id : "");
    if (answer != TOPIC_ANSWER_ALLOWED) {
        log_denial(client, "connect as", client_id, topic_answer_name(answer));
        return MOSQ_ERR_AUTH;
    }
    return mosquitto_set_username(client, uri);
}

static int on_acl_check(int event, void *data, void *context)
{
    (void)event, (void)context;
    struct mosquitto_evt_acl_check *asked = data;
    if (asked->access == MOSQ_ACL_UNSUBSCRIBE) { return MOSQ_ERR_SUCCESS; }
    const char *uri = mosquitto_client_username(asked->client);
    struct identity who;
    if (uri == NULL || identity_parse(&who, uri, NULL) != OK) {
        log_denial(asked->client, "use", asked->topic, "no identity");
        return MOSQ_ERR_ACL_DENIED;
    }
    enum topic_access access = TOPIC_ACCESS_RECEIVE;
    const char *deed = "receive";
    if (asked->access == MOSQ_ACL_WRITE) {
        access = asked->retain ? TOPIC_ACCESS_RETAIN : TOPIC_ACCESS_PUBLISH;
        deed = asked->retain ? "retain" : "publish";
    } else if (asked->access == MOSQ_ACL_SUBSCRIBE) {
        access = TOPIC_ACCESS_SUBSCRIBE;
        deed = "subscribe to";
    }
    const struct topic_place here = place();
    const enum topic_answer answer =
        topic_judge(&here, &who, access, asked->topic, asked->payloadlen);
    if (answer == TOPIC_ANSWER_ALLOWED) { return MOSQ_ERR_SUCCESS; }
    log_denial(asked->client, deed, asked->topic, topic_answer_name(answer));
    return MOSQ_ERR_ACL_DENIED;
}

static int on_disconnect(int event, void *data, void *context)
{
    (void)event, (void)context;
    const struct mosquitto_evt_disconnect *told = data;
    withdrawn_leave(told->client);
    return MOSQ_ERR_SUCCESS;
}

static int on_message(int event, void *data, void *context)
{
    (void)event, (void)context;
    const struct mosquitto_evt_message *told = data;
    if (strcmp(told->topic, plugin.revocation) != 0) { return MOSQ_ERR_SUCCESS; }
    struct why why = {.text = ""};
    if (!withdrawn_hear(span_of(told->payload, told->payloadlen), &why)) {
        log_denial(told->client, "publish", told->topic, why.text);
        return MOSQ_ERR_ACL_DENIED; /* an older list must not stay here as the retained one */
    }
    return MOSQ_ERR_SUCCESS;
}

static int on_tick(int event, void *data, void *context)
{
    (void)event, (void)data, (void)context;
    if (plugin.zone[0] != '\0') { prompt_tick(clock_monotonic_us()); }
    withdrawn_tick();
    return MOSQ_ERR_SUCCESS;
}

static bool set_option(const struct mosquitto_opt *option)
{
    const struct {
        const char *key;
        char *member;
        size_t size;
    } members[] = {{"site", plugin.site, sizeof plugin.site},
                   {"prefix", plugin.prefix, sizeof plugin.prefix},
                   {"zone", plugin.zone, sizeof plugin.zone},
                   {"cafile", plugin.ca, sizeof plugin.ca},
                   {"withdrawn", plugin.withdrawn, sizeof plugin.withdrawn}};
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        if (strcmp(members[i].key, option->key) == 0 &&
            text_copy(members[i].member, members[i].size, option->value)) {
            return true;
        }
    }
    mosquitto_log_printf(MOSQ_LOG_ERR,
                         "tocsin: option plugin_opt_%s is unknown or too long; expected site, "
                         "prefix, zone, cafile or withdrawn",
                         option->key);
    return false;
}

/* What is asked of us when; the order is that of a client's life. */
static const struct {
    int event;
    MOSQ_FUNC_generic_callback call;
} callbacks[] = {{MOSQ_EVT_BASIC_AUTH, on_basic_auth},
                 {MOSQ_EVT_ACL_CHECK, on_acl_check},
                 {MOSQ_EVT_MESSAGE, on_message},
                 {MOSQ_EVT_DISCONNECT, on_disconnect},
                 {MOSQ_EVT_TICK, on_tick}};

static int open_withdrawn(void)
{
    (void)snprintf(plugin.revocation, sizeof plugin.revocation, "%s/%s", plugin.prefix,
                   REVOCATION_TOPIC);
    if (plugin.ca[0] == '\0') { return MOSQ_ERR_SUCCESS; }
    struct why why = {.text = "plugin_opt_withdrawn must name a file beside plugin_opt_cafile"};
    if (plugin.withdrawn[0] != '\0' && withdrawn_open(plugin.ca, plugin.withdrawn, &why) == OK) {
        return MOSQ_ERR_SUCCESS;
    }
    mosquitto_log_printf(MOSQ_LOG_ERR, "tocsin: %s", why.text);
    return MOSQ_ERR_INVAL;
}

EXPORTED int mosquitto_plugin_version(int count, const int *versions)
{
    for (int i = 0; i < count; i++) {
        if (versions[i] == MOSQ_PLUGIN_VERSION) { return MOSQ_PLUGIN_VERSION; }
    }
    return -1;
}

EXPORTED int mosquitto_plugin_init(mosquitto_plugin_id_t *identifier, void **userdata,
                                   struct mosquitto_opt *options, int option_count)
{
    (void)userdata;
    plugin = (struct plugin){.handle = identifier, .prefix = "tocsin"};
    for (int i = 0; i < option_count; i++) {
        if (!set_option(&options[i])) { return MOSQ_ERR_INVAL; }
    }
    if (plugin.site[0] == '\0' || plugin.prefix[0] == '\0') {
        mosquitto_log_printf(MOSQ_LOG_ERR, "tocsin: plugin_opt_site must name the site");
        return MOSQ_ERR_INVAL;
    }
    int rc = open_withdrawn();
    for (size_t i = 0; rc == MOSQ_ERR_SUCCESS && i < ARRAY_LEN(callbacks); i++) {
        rc = mosquitto_callback_register(identifier, callbacks[i].event, callbacks[i].call, NULL,
                                         NULL);
    }
    return rc;
}

EXPORTED int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options,
                                      int option_count)
{
    (void)userdata, (void)options, (void)option_count;
    mosquitto_log_printf(MOSQ_LOG_NOTICE, "tocsin: %lu denials since start", plugin.denied);
    for (size_t i = 0; i < ARRAY_LEN(callbacks); i++) {
        (void)mosquitto_callback_unregister(plugin.handle, callbacks[i].event, callbacks[i].call,
                                            NULL);
    }
    withdrawn_close();
    return MOSQ_ERR_SUCCESS;
}
