#include "fleet/relay.h"

#include <string.h>

/* How far one device is with one alert. */
struct pair {
    int64_t settled; /* the highest revision with a receipt */
    int64_t due_us;  /* of the next reminder */
    int attempts;
};

/* What stands at the broker on one topic. */
struct sight {
    char topic[TARGET_TOPIC_SIZE];
    int64_t revision; /* INT64_MAX: somebody emptied it, leave it so */
};

struct entry {
    struct alert alert;
    struct text envelope;
    int64_t since_us;   /* when this revision came */
    struct pair *pairs; /* by device */
    struct sight sights[RELAY_SIGHT_MAX];
    size_t sight_count;
};

struct device {
    char name[TARGET_NAME_SIZE];
    bool online;
    int64_t at_us; /* when it said so */
};

struct litter {
    char topic[TARGET_TOPIC_SIZE];
    int64_t due_us;
};

struct relay {
    char zone[TARGET_NAME_SIZE];
    int64_t begin_us;
    struct entry *entries[RELAY_ALERT_MAX]; /* owned */
    size_t entry_count;
    size_t bytes;
    struct device devices[RELAY_DEVICE_MAX];
    size_t device_count;
    struct litter litter[RELAY_LITTER_MAX];
    size_t litter_count;
};

const char *relay_deed_name(enum relay_deed deed)
{
    static const char *const names[] = {"restore", "remind", "clear"};
    return names[deed];
}

struct relay *relay_new(const char *zone)
{
    struct relay *relay = MEM_NEW(struct relay);
    (void)!text_copy(relay->zone, sizeof relay->zone, zone); /* too long: "", no zone */
    return relay;
}

static void entry_free(struct entry *entry)
{
    alert_deinit(&entry->alert);
    text_deinit(&entry->envelope);
    free(entry->pairs);
    free(entry);
}

void relay_free(struct relay *relay)
{
    if (relay == NULL) { return; }
    for (size_t i = 0; i < relay->entry_count; i++) {
        entry_free(relay->entries[i]);
    }
    free(relay);
}

static struct entry *entry_find(struct relay *relay, const char *alert_id)
{
    for (size_t i = 0; i < relay->entry_count; i++) {
        if (strcmp(relay->entries[i]->alert.id, alert_id) == 0) { return relay->entries[i]; }
    }
    return NULL;
}

static void entry_remove(struct relay *relay, size_t index)
{
    relay->bytes -= relay->entries[index]->envelope.size;
    entry_free(relay->entries[index]);
    relay->entries[index] = relay->entries[--relay->entry_count];
}

static struct entry *entry_add(struct relay *relay)
{
    if (relay->entry_count == RELAY_ALERT_MAX) { return NULL; }
    struct entry *entry = MEM_NEW(struct entry);
    entry->envelope = text_limited(RELAY_BYTES_MAX);
    entry->pairs = MEM_ARRAY(struct pair, RELAY_DEVICE_MAX);
    relay->entries[relay->entry_count++] = entry;
    return entry;
}

bool relay_alert(struct relay *relay, const struct alert *alert, struct span envelope,
                 int64_t now_us)
{
    if (alert->expire_us <= now_us || envelope.size == 0) { return false; }
    struct entry *entry = entry_find(relay, alert->id);
    if (entry != NULL && entry->alert.tier >= alert->tier &&
        entry->alert.revision >= alert->revision) {
        return true;
    }
    const size_t bytes = relay->bytes - (entry != NULL ? entry->envelope.size : 0);
    if (bytes + envelope.size > RELAY_BYTES_MAX) { return false; }
    if (entry == NULL) { entry = entry_add(relay); }
    if (entry == NULL) { return false; }
    alert_deinit(&entry->alert);
    alert_copy(&entry->alert, alert);
    text_clear(&entry->envelope);
    text_add_bytes(&entry->envelope, envelope);
    relay->bytes = bytes + envelope.size;
    entry->since_us = now_us;
    for (size_t i = 0; i < relay->device_count; i++) {
        entry->pairs[i].attempts = 0;
        entry->pairs[i].due_us = now_us + RELAY_REMIND_AFTER_US;
    }
    return true;
}

void relay_device(struct relay *relay, const char *name, bool online, int64_t at_us, int64_t now_us)
{
    size_t index = 0;
    while (index < relay->device_count && strcmp(relay->devices[index].name, name) != 0) {
        index++;
    }
    if (index == RELAY_DEVICE_MAX) { return; }
    struct device *device = &relay->devices[index];
    if (index == relay->device_count) {
        if (!text_copy(device->name, sizeof device->name, name)) { return; }
        relay->device_count++;
    }
    if (at_us < device->at_us) { return; }
    device->at_us = at_us;
    const bool came = online && !device->online;
    device->online = online;
    for (size_t i = 0; came && i < relay->entry_count; i++) {
        relay->entries[i]->pairs[index].attempts = 0;
        relay->entries[i]->pairs[index].due_us = now_us + RELAY_REMIND_AFTER_US;
    }
}

void relay_receipt(struct relay *relay, const char *name, const struct receipt *receipt)
{
    struct entry *entry = entry_find(relay, receipt->alert_id);
    for (size_t i = 0; entry != NULL && i < relay->device_count; i++) {
        if (strcmp(relay->devices[i].name, name) != 0) { continue; }
        struct pair *pair = &entry->pairs[i];
        if (receipt->revision > pair->settled) { pair->settled = receipt->revision; }
    }
}

/* ---- what the broker keeps ---- */

void relay_begin(struct relay *relay, int64_t now_us)
{
    relay->begin_us = now_us;
    relay->litter_count = 0;
    for (size_t i = 0; i < relay->entry_count; i++) {
        relay->entries[i]->sight_count = 0;
    }
}

/* The sight of a topic, a new one (revision 0) when there is room, else NULL. */
static struct sight *sight_on(struct entry *entry, const char *topic)
{
    for (size_t i = 0; i < entry->sight_count; i++) {
        if (strcmp(entry->sights[i].topic, topic) == 0) { return &entry->sights[i]; }
    }
    if (entry->sight_count == RELAY_SIGHT_MAX) { return NULL; }
    struct sight *sight = &entry->sights[entry->sight_count];
    if (!text_copy(sight->topic, sizeof sight->topic, topic)) { return NULL; }
    sight->revision = 0;
    entry->sight_count++;
    return sight;
}

void relay_seen(struct relay *relay, const struct relay_sight *sight)
{
    struct entry *entry = entry_find(relay, sight->alert_id);
    if (entry != NULL) {
        struct sight *kept = sight_on(entry, sight->topic);
        if (kept != NULL) { kept->revision = sight->revision; }
        return;
    }
    if (sight->expire_us > sight->now_us || relay->litter_count == RELAY_LITTER_MAX) { return; }
    struct litter *litter = &relay->litter[relay->litter_count];
    if (!text_copy(litter->topic, sizeof litter->topic, sight->topic)) { return; }
    litter->due_us = sight->now_us + RELAY_CLEAR_AFTER_US;
    relay->litter_count++;
}

static void entry_emptied(struct entry *entry, const char *topic)
{
    for (size_t i = 0; i < entry->sight_count; i++) {
        if (strcmp(entry->sights[i].topic, topic) == 0) { entry->sights[i].revision = INT64_MAX; }
    }
}

void relay_emptied(struct relay *relay, const char *topic)
{
    for (size_t i = 0; i < relay->litter_count; i++) {
        if (strcmp(relay->litter[i].topic, topic) == 0) {
            relay->litter[i] = relay->litter[--relay->litter_count];
            break;
        }
    }
    for (size_t i = 0; i < relay->entry_count; i++) {
        entry_emptied(relay->entries[i], topic);
    }
}

/* ---- what is due ---- */

static bool order(const struct relay_errand *errand, enum relay_deed deed,
                  const struct entry *entry, const char *topic)
{
    const bool clear = deed == RELAY_DEED_CLEAR;
    const struct relay_order wanted = {
        .deed = deed,
        .topic = topic,
        .alert_id = entry->alert.id,
        .envelope = clear ? span_of(NULL, 0) : text_span(&entry->envelope),
        .expire_us = entry->alert.expire_us,
    };
    return errand->carry_out(errand->context, &wanted);
}

struct wanting {
    const struct relay *relay;
    struct entry *entry;
};

static bool is_known_device(const struct relay *relay, const char *name)
{
    for (size_t i = 0; i < relay->device_count; i++) {
        if (strcmp(relay->devices[i].name, name) == 0) { return true; }
    }
    return false;
}

/* Notes the target topics that this zone can hear; revision 0 where nothing was seen. */
static void want_topic(void *context, enum target_scope scope, const char *name)
{
    const struct wanting *wanting = context;
    const struct relay *relay = wanting->relay;
    if ((scope == TARGET_SCOPE_ZONE && strcmp(name, relay->zone) != 0) ||
        (scope == TARGET_SCOPE_DEVICE && !is_known_device(relay, name))) {
        return;
    }
    char topic[TARGET_TOPIC_SIZE];
    target_topic(topic, scope, name, wanting->entry->alert.id);
    (void)sight_on(wanting->entry, topic);
}

/* False: the caller of relay_run could not go on. */
static bool restore(const struct relay *relay, struct entry *entry,
                    const struct relay_errand *errand)
{
    const int64_t from_us = relay->begin_us > entry->since_us ? relay->begin_us : entry->since_us;
    if (errand->now_us < from_us + RELAY_SETTLE_US) { return true; }
    struct wanting wanting = {.relay = relay, .entry = entry};
    target_set_each(&entry->alert.targets, want_topic, &wanting);
    for (size_t i = 0; i < entry->sight_count; i++) {
        struct sight *sight = &entry->sights[i];
        if (sight->revision >= entry->alert.revision) { continue; }
        if (!order(errand, RELAY_DEED_RESTORE, entry, sight->topic)) { return false; }
        sight->revision = entry->alert.revision;
    }
    return true;
}

static bool remind(const struct relay *relay, struct entry *entry,
                   const struct relay_errand *errand)
{
    for (size_t i = 0; i < relay->device_count; i++) {
        const struct device *device = &relay->devices[i];
        struct pair *pair = &entry->pairs[i];
        if (!device->online || pair->settled >= entry->alert.revision ||
            pair->attempts >= RELAY_REMIND_MAX || errand->now_us < pair->due_us ||
            !target_set_includes(&entry->alert.targets, device->name, relay->zone)) {
            continue;
        }
        char topic[TARGET_TOPIC_SIZE];
        target_topic(topic, TARGET_SCOPE_DEVICE, device->name, entry->alert.id);
        if (!order(errand, RELAY_DEED_REMIND, entry, topic)) { return false; }
        pair->attempts++;
        pair->due_us = errand->now_us + (RELAY_REMIND_AFTER_US << pair->attempts);
    }
    return true;
}

/* Takes away what still stands of an alert that is over. */
static bool clear(struct entry *entry, const struct relay_errand *errand)
{
    while (entry->sight_count > 0) {
        const struct sight *sight = &entry->sights[entry->sight_count - 1];
        if (sight->revision != INT64_MAX && sight->revision != 0 &&
            !order(errand, RELAY_DEED_CLEAR, entry, sight->topic)) {
            return false;
        }
        entry->sight_count--;
    }
    return true;
}

static bool clear_litter(struct relay *relay, const struct relay_errand *errand)
{
    for (size_t i = relay->litter_count; i-- > 0;) {
        const struct litter *litter = &relay->litter[i];
        if (errand->now_us < litter->due_us) { continue; }
        const struct relay_order wanted = {
            .deed = RELAY_DEED_CLEAR, .topic = litter->topic, .alert_id = ""};
        if (!errand->carry_out(errand->context, &wanted)) { return false; }
        relay->litter[i] = relay->litter[--relay->litter_count];
    }
    return true;
}

/* False: an order could not be carried out. */
static bool serve(struct relay *relay, size_t index, const struct relay_errand *errand)
{
    struct entry *entry = relay->entries[index];
    if (errand->now_us < entry->alert.expire_us) {
        return restore(relay, entry, errand) && remind(relay, entry, errand);
    }
    if (errand->now_us < entry->alert.expire_us + RELAY_CLEAR_AFTER_US) { return true; }
    if (!clear(entry, errand)) { return false; }
    entry_remove(relay, index);
    return true;
}

void relay_run(struct relay *relay, const struct relay_errand *errand)
{
    for (size_t i = relay->entry_count; i-- > 0;) {
        if (!serve(relay, i, errand)) { return; }
    }
    (void)clear_litter(relay, errand);
}

size_t relay_alert_count(const struct relay *relay)
{
    return relay->entry_count;
}

size_t relay_online_count(const struct relay *relay)
{
    size_t count = 0;
    for (size_t i = 0; i < relay->device_count; i++) {
        count += relay->devices[i].online ? 1 : 0;
    }
    return count;
}
