/*
 * tocsin-broker.so - the part of Tocsin inside a Mosquitto broker (plugin interface 5).
 *
 * Takes the SPIFFE ID out of a client's certificate, remembers it as the client's user name, and
 * asks fleet/topic_rule at every connection, subscription and message. It holds no other state than
 * counts, does no I/O of its own, and runs on the broker's only thread. A client without a
 * certificate, or whose certificate names no identity of the site, is refused.
 *
 * Options (plugin_opt_NAME): site (required), prefix (default "tocsin"), zone (of a zone broker).
 */
#include "base/clock.h"
#include "base/text.h"
#include "fleet/topic_rule.h"
#include "programs/broker/prompt.h"

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

/* Mosquitto finds these three by name; its header declares two of them for its own use only. */
#define EXPORTED __attribute__((visibility("default")))

enum { OPTION_SIZE = 128, URI_SIZE_MAX = 256, LOG_EVERY_S = 1 };

static struct plugin {
    mosquitto_plugin_id_t *handle;
    char site[OPTION_SIZE], prefix[OPTION_SIZE], zone[OPTION_SIZE];
    unsigned long denied;   /* since start */
    unsigned long unlogged; /* since the last line */
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
    X509_free(certificate);
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

static int on_tick(int event, void *data, void *context)
{
    (void)event, (void)data, (void)context;
    prompt_tick(clock_monotonic_us());
    return MOSQ_ERR_SUCCESS;
}

static bool set_option(const struct mosquitto_opt *option)
{
    char *member = NULL;
    if (strcmp(option->key, "site") == 0) { member = plugin.site; }
    if (strcmp(option->key, "prefix") == 0) { member = plugin.prefix; }
    if (strcmp(option->key, "zone") == 0) { member = plugin.zone; }
    if (member != NULL && text_copy(member, OPTION_SIZE, option->value)) { return true; }
    mosquitto_log_printf(MOSQ_LOG_ERR,
                         "tocsin: option plugin_opt_%s is unknown or too long; expected site, "
                         "prefix or zone, at most %d letters",
                         option->key, OPTION_SIZE - 1);
    return false;
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
    int rc =
        mosquitto_callback_register(identifier, MOSQ_EVT_BASIC_AUTH, on_basic_auth, NULL, NULL);
    if (rc == MOSQ_ERR_SUCCESS && plugin.zone[0] != '\0') {
        rc = mosquitto_callback_register(identifier, MOSQ_EVT_TICK, on_tick, NULL, NULL);
    }
    if (rc != MOSQ_ERR_SUCCESS) { return rc; }
    return mosquitto_callback_register(identifier, MOSQ_EVT_ACL_CHECK, on_acl_check, NULL, NULL);
}

EXPORTED int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options,
                                      int option_count)
{
    (void)userdata, (void)options, (void)option_count;
    mosquitto_log_printf(MOSQ_LOG_NOTICE, "tocsin: %lu denials since start", plugin.denied);
    (void)mosquitto_callback_unregister(plugin.handle, MOSQ_EVT_BASIC_AUTH, on_basic_auth, NULL);
    (void)mosquitto_callback_unregister(plugin.handle, MOSQ_EVT_ACL_CHECK, on_acl_check, NULL);
    if (plugin.zone[0] != '\0') {
        (void)mosquitto_callback_unregister(plugin.handle, MOSQ_EVT_TICK, on_tick, NULL);
    }
    return MOSQ_ERR_SUCCESS;
}
