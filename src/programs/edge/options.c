#include "programs/edge/options.h"

#include <stddef.h>
#include <string.h>

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
    TEXT("site.name", site_name, NULL, "The site, as it stands in every identity."),
    TEXT("site.ca", site_ca, NULL, "The site CA's certificate (PEM): the only root of trust."),
    TEXT("identity.certificate", certificate, NULL,
         "This device's certificate chain (PEM), leaf first, role edge."),
    TEXT("identity.key", key, NULL,
         "Its Ed25519 key (PEM, PKCS#8), readable by nobody but this program's user."),
    TEXT("broker.host", broker_host, "127.0.0.1", "The zone's message broker."),
    NUMBER("broker.port", broker_port, 1, 65535, "8883", "Its TLS port."),
    TEXT("broker.prefix", broker_prefix, "tocsin", "What all topics stand under."),
    TEXT("zone.name", zone, NULL, "The zone in which this device stands."),
    TEXT("state.folder", state_folder, "/var/lib/tocsin/edge",
         "Where the database lies. Its key is in TOCSIN_DATABASE_KEY (64 hex digits)."),
    TEXT("media.folder", media_folder, "/var/lib/tocsin/media",
         "Where tocsin-watch writes clips and snapshots."),
    TEXT("watch.socket", watch_socket, "/run/tocsin/edge.sock",
         "The socket that tocsin-watch connects to."),
    TEXT("http.address", http_address, "0.0.0.0", "Where media are served to control, over TLS."),
    NUMBER("http.port", http_port, 0, 65535, "9443", "The port of the media; 0 takes a free one."),
    TEXT("http.public_url", http_public_url, "",
         "How control reaches the media, such as https://edge-7.site:9443; empty: nobody is told."),
    NUMBER("metrics.port", metrics_port, 0, 65535, "9444",
           "The port on 127.0.0.1 of /health and /metrics; 0 takes a free one."),
    NUMBER("sign.width", sign_width, 16, 128, "64", "Lamps in a row of the sign."),
    NUMBER("sign.height", sign_height, 16, 64, "32", "Rows of lamps."),
    NUMBER("sign.brightness_percent", sign_brightness_percent, 5, 100, "100",
           "How bright lamps are lit."),
    {.key = "sign.exercises",
     .kind = OPTION_KIND_BOOLEAN,
     .offset = offsetof(struct options, sign_exercises),
     .fallback = "false",
     .sentence = "Whether this sign lights exercises and tests; otherwise they are refused."},
    NUMBER("alert.emergency_approvals", emergency_approvals, 1, 8, "1",
           "How many operators must have approved an emergency with their own keys."),
    TEXT("sign.languages", sign_languages, "",
         "Languages to be shown first, in this order, such as ml,hi,en; others follow."),
    TEXT("sign.fonts", sign_fonts, "",
         "A folder of font files to be used instead of the system's Noto and Unifont."),
    TEXT("tamper.file", tamper_file, "",
         "A file whose first letter is 1 while the housing is open, such as a GPIO's value; empty: "
         "no contact."),
    TEXT("position.nmea", position_nmea, "",
         "The device of a GNSS receiver that speaks NMEA 0183, such as /dev/ttyS1; empty: none."),
    TEXT("enrol.url", enrol_url, "",
         "Where tocsin-enrol renews the certificate, such as https://enrol.site:8443; empty: "
         "nobody does."),
    TEXT("enrol.fingerprint", enrol_fingerprint, "",
         "SHA-256 of the site CA's certificate, 64 hex digits: the first trust of a new device."),
    TEXT("enrol.token_file", enrol_token_file, "",
         "A file with the one-time token (mode 0600, deleted once used); TOCSIN_ENROL_TOKEN goes "
         "first."),
    NUMBER("enrol.look_s", enrol_look_s, 1, 86400, "86400",
           "How often it is asked which CAs are trusted, in seconds."),
    TEXT("log.level", log_level, "info", "The least that is logged: debug, info, warning, error."),
};

const struct option_table options_table = {
    .program = "tocsin-edge",
    .sentence = "Receives alerts and lights the sign, queues events for control, serves media.",
    .options = options,
    .option_count = ARRAY_LEN(options),
};

void options_split(char *text, const char *list[static OPTIONS_LANGUAGE_MAX + 1])
{
    size_t count = 0;
    while (*text && count < OPTIONS_LANGUAGE_MAX) {
        text += strspn(text, ", ");
        const size_t length = strcspn(text, ", ");
        if (length == 0) { break; }
        list[count++] = text;
        text += length;
        if (*text) { *text++ = '\0'; }
    }
    list[count] = NULL;
}
