#include "programs/enrol/options.h"

#include <stddef.h>

#include "base/clock.h"
#include "trust/authority.h"

#define TEXT(key_, member_, fallback_, sentence_)                                                  \
    {                                                                                              \
        .key = (key_), .kind = OPTION_KIND_TEXT, .offset = offsetof(struct options, member_),      \
        .fallback = (fallback_), .sentence = (sentence_)                                           \
    }
#define NUMBER(key_, member_, least_, most_, fallback_, sentence_)                                 \
    {                                                                                              \
        .key = (key_), .kind = OPTION_KIND_INTEGER, .offset = offsetof(struct options, member_),   \
        .least = (least_), .most = (most_), .fallback = (fallback_), .sentence = (sentence_)       \
    }

static const struct option options[] = {
    TEXT("ca.key", ca_key, NULL,
         "The site CA's key (PEM, PKCS#8) or the pkcs11: URI of one in a token; "
         "TOCSIN_CA_PASSPHRASE "
         "opens it."),
    TEXT("ca.certificate", ca_certificate, NULL, "The site CA's certificate (PEM)."),
    TEXT("ca.also", ca_also, "",
         "A PEM file of what /cacerts hands out besides: the CA before or after this one, and the "
         "word of the one for the other (`tocsin ca vouch`)."),
    TEXT("http.address", http_address, "0.0.0.0", "Where EST is served, over TLS 1.3."),
    NUMBER("http.port", http_port, 0, 65535, "8443", "Its port; 0 takes a free one."),
    TEXT("http.names", http_names, "localhost,127.0.0.1",
         "DNS names and addresses under which devices know this server, parted by commas."),
    TEXT("state.folder", state_folder, "/var/lib/tocsin/enrol",
         "Where the register lies. Its key is in TOCSIN_DATABASE_KEY (64 hex digits)."),
    TEXT("broker.host", broker_host, "",
         "The site's message broker, which is told what is withdrawn; empty: none."),
    NUMBER("broker.port", broker_port, 1, 65535, "8883", "Its TLS port."),
    TEXT("broker.prefix", broker_prefix, "tocsin", "What all topics stand under."),
    NUMBER("issue.life_s", issue_life_s, 0, 315360000, "0",
           "How long a certificate is valid, in seconds; 0: 30 days, and 365 for people (operator, "
           "ops), whose nobody renews."),
    TEXT("log.level", log_level, "info", "The least that is logged: debug, info, warning, error."),
};

const struct option_table options_table = {
    .program = "tocsin-enrol",
    .sentence = "Holds the site CA's key: certifies devices by one-time token, renews, withdraws.",
    .options = options,
    .option_count = ARRAY_LEN(options),
};

int64_t options_life_s(const struct options *given, enum role role)
{
    const bool person = role == ROLE_OPERATOR || role == ROLE_OPS;
    if (given->issue_life_s) { return given->issue_life_s; }
    return (person ? AUTHORITY_DAYS_INDOORS : AUTHORITY_DAYS_STREET) *
           (CLOCK_DAY_US / CLOCK_SECOND_US);
}
