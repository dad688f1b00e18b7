#include "programs/gateway/options.h"

#include <stddef.h>

#define TEXT(key_, member_, fallback_, sentence_)                                                  \
    {                                                                                              \
        .key = (key_), .kind = OPTION_KIND_TEXT, .offset = offsetof(struct options, member_),      \
        .fallback = (fallback_), .sentence = (sentence_)                                           \
    }
#define PORT(key_, member_, least_, fallback_, sentence_)                                          \
    {                                                                                              \
        .key = (key_), .kind = OPTION_KIND_INTEGER, .offset = offsetof(struct options, member_),   \
        .least = (least_), .most = 65535, .fallback = (fallback_), .sentence = (sentence_)         \
    }

#define NUMBER(key_, member_, least_, most_, fallback_, sentence_)                                 \
    {                                                                                              \
        .key = (key_), .kind = OPTION_KIND_INTEGER, .offset = offsetof(struct options, member_),   \
        .least = (least_), .most = (most_), .fallback = (fallback_), .sentence = (sentence_)       \
    }

static const struct option options[] = {
    TEXT("site.name", site_name, NULL, "The site, as it stands in every identity."),
    TEXT("site.ca", site_ca, NULL, "The site CA's certificate (PEM): the only root of trust."),
    TEXT("identity.certificate", certificate, NULL,
         "This gateway's certificate chain (PEM), leaf first, role gateway."),
    TEXT("identity.key", key, NULL,
         "Its Ed25519 key (PEM, PKCS#8), readable by nobody but this program's user."),
    TEXT("broker.host", broker_host, "127.0.0.1", "The zone's message broker."),
    PORT("broker.port", broker_port, 1, "8883", "Its TLS port."),
    TEXT("broker.prefix", broker_prefix, "tocsin", "What all topics stand under."),
    TEXT("zone.name", zone, NULL, "The zone of this gateway."),
    NUMBER("alert.emergency_approvals", emergency_approvals, 1, 8, "1",
           "How many operators must have approved an emergency with their own keys."),
    TEXT("state.folder", state_folder, "/var/lib/tocsin/gateway",
         "Where the database lies. Its key is in TOCSIN_DATABASE_KEY (64 hex digits)."),
    TEXT("http.address", http_address, "127.0.0.1",
         "Where /health and /metrics are served; plain HTTP, so a loopback address."),
    PORT("http.port", http_port, 0, "9445", "Their port; 0 takes a free one."),
    TEXT("enrol.url", enrol_url, "",
         "Where tocsin-enrol renews the certificate, such as https://enrol.site:8443; empty: "
         "nobody does."),
    TEXT("enrol.fingerprint", enrol_fingerprint, "",
         "SHA-256 of the site CA's certificate, 64 hex digits: the first trust of a new gateway."),
    TEXT("enrol.token_file", enrol_token_file, "",
         "A file with the one-time token (mode 0600, deleted once used); TOCSIN_ENROL_TOKEN goes "
         "first."),
    NUMBER("enrol.look_s", enrol_look_s, 1, 86400, "86400",
           "How often it is asked which CAs are trusted, in seconds."),
    TEXT("log.level", log_level, "info", "The least that is logged: debug, info, warning, error."),
};

const struct option_table options_table = {
    .program = "tocsin-gateway",
    .sentence = "Watches over a zone's alerts: verifies and keeps them, and says again what was "
                "lost.",
    .options = options,
    .option_count = ARRAY_LEN(options),
};
