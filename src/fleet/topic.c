#include "fleet/topic.h"

#include <stdio.h>
#include <string.h>

#include "alert/target.h"

static const struct {
    enum topic_kind kind;
    const char *branch, *leaf;
} forms[] = {
    {TOPIC_KIND_STATUS, "devices", "status"},
    {TOPIC_KIND_TELEMETRY, "devices", "telemetry"},
    {TOPIC_KIND_DETECTION, "devices", "detection"},
    {TOPIC_KIND_ACK, "devices", "ack"},
    {TOPIC_KIND_CONFIRM, "commands", "confirm"},
    {TOPIC_KIND_CHECKPOINT, "commands", "checkpoint"},
    {TOPIC_KIND_COSIGNATURE, "devices", "cosignature"},
};

/* The text behind "word/", or NULL. */
static const char *behind(const char *text, const char *word)
{
    const size_t size = strlen(word);
    return strncmp(text, word, size) == 0 && text[size] == '/' ? text + size + 1 : NULL;
}

static enum topic_kind kind_of(const char *branch, const char *leaf)
{
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        if (strcmp(forms[i].branch, branch) == 0 && strcmp(forms[i].leaf, leaf) == 0) {
            return forms[i].kind;
        }
    }
    return TOPIC_KIND_OTHER;
}

bool topic_split(struct topic_parts *out, const char *prefix, const char *topic)
{
    const char *rest = behind(topic, prefix);
    if (!rest) { return false; }
    struct topic_parts parts = {.kind = TOPIC_KIND_OTHER};
    const char *branch = behind(rest, "devices") ? "devices" : "commands";
    const char *name = behind(rest, branch);
    if (name) {
        const size_t size = strcspn(name, "/");
        if (size >= sizeof parts.device || name[size] != '/') { return false; }
        memcpy(parts.device, name, size);
        if (!target_name_valid(parts.device)) { return false; }
        parts.kind = kind_of(branch, name + size + 1);
    } else if (behind(rest, "alerts")) {
        parts.kind = TOPIC_KIND_ALERT;
    } else if (strcmp(rest, "system/revocation") == 0) {
        parts.kind = TOPIC_KIND_REVOCATION;
    }
    *out = parts;
    return true;
}

enum err topic_join(char topic[static TOPIC_SIZE], const char *prefix, const char *rest)
{
    const int size = snprintf(topic, TOPIC_SIZE, "%s/%s", prefix, rest);
    return size > 0 && size < TOPIC_SIZE ? OK : ERR_LIMIT;
}

enum err topic_of_device(char topic[static TOPIC_SIZE], const char *prefix, enum topic_kind kind,
                         const char *device)
{
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        if (forms[i].kind != kind) { continue; }
        const int size = snprintf(topic, TOPIC_SIZE, "%s/%s/%s/%s", prefix, forms[i].branch, device,
                                  forms[i].leaf);
        return size > 0 && size < TOPIC_SIZE ? OK : ERR_LIMIT;
    }
    return ERR_RANGE;
}
