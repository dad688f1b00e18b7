#include "programs/edge/guard.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "system/file.h"

#define SECURE_BOOT_FILE "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

enum { LINE_SIZE = 128, VALUE_SIZE_MAX = 64, EFI_VALUE_SIZE = 5 };

static const int64_t contact_every_us = CLOCK_SECOND_US / 4;

struct guard {
    struct guard_config config;
    struct physical physical;
    struct loop_timer *timer;
    int receiver; /* owned; -1: none */
    struct loop_watch *watch;
    char line[LINE_SIZE]; /* of the receiver, as far as it has come */
    size_t size;
    bool unreadable; /* told already */
};

/* ---- the contact ---- */

/* "1" means open, as a GPIO's value file has it. */
static bool read_contact(struct guard *guard, bool *open)
{
    struct why why = {0};
    CLEANUP(text_deinit) struct text value = text_limited(VALUE_SIZE_MAX);
    const enum err err = file_read(&value, guard->config.options->tamper_file, &why);
    if (err && !guard->unreadable) {
        log_event(LOG_LEVEL_ERROR, "tamper.unreadable", "why", why.text, NULL);
    }
    guard->unreadable = err != OK;
    *open = text_c(&value)[0] == '1';
    return !err;
}

static void look_at_contact(void *context)
{
    struct guard *guard = context;
    struct physical *physical = &guard->physical;
    bool open = false;
    if (!read_contact(guard, &open) || open == physical->open) { return; }
    physical->open = open;
    if (open) {
        char moment[CLOCK_TEXT_SIZE];
        struct why why = {0};
        physical->tampered_us = sane_clock_now_us(guard->config.clock);
        if (memory_keep(guard->config.memory, "tampered", clock_text(moment, physical->tampered_us),
                        &why)) {
            log_event(LOG_LEVEL_ERROR, "memory.keep_failed", "why", why.text, NULL);
        }
        log_event(LOG_LEVEL_WARNING, "tamper.opened", NULL);
    } else {
        log_event(LOG_LEVEL_INFO, "tamper.closed", NULL);
    }
    guard->config.changed(guard->config.context);
}

static void begin_contact(struct guard *guard)
{
    char kept[MEMORY_FACT_SIZE] = "";
    guard->physical.guarded = true;
    if (memory_recall(guard->config.memory, "tampered", kept, NULL) == OK && kept[0] &&
        clock_parse(&guard->physical.tampered_us, kept, NULL)) {
        guard->physical.tampered_us = 0;
    }
    guard->timer = loop_timer_start(guard->config.loop, contact_every_us, contact_every_us,
                                    look_at_contact, guard);
}

/* ---- the receiver ---- */

static void take_letter(struct guard *guard, char letter)
{
    if (letter == '\n' || guard->size + 1 == sizeof guard->line) {
        guard->line[guard->size] = '\0';
        guard->size = 0;
        if (position_read_nmea(&guard->physical.position, guard->line)) {
            guard->physical.placed = true;
        }
    } else {
        guard->line[guard->size++] = letter;
    }
}

static void on_receiver(void *context, int events)
{
    (void)events;
    struct guard *guard = context;
    char letters[256];
    const ssize_t size = read(guard->receiver, letters, sizeof letters);
    for (ssize_t i = 0; i < size; i++) {
        take_letter(guard, letters[i]);
    }
    if (size == 0) { /* it was pulled out; the last position is kept */
        loop_unwatch(guard->watch);
        guard->watch = NULL;
        log_event(LOG_LEVEL_WARNING, "position.lost", NULL);
    }
}

static void begin_receiver(struct guard *guard)
{
    const char *path = guard->config.options->position_nmea;
    guard->receiver = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (guard->receiver >= 0) {
        guard->watch =
            loop_watch(guard->config.loop, guard->receiver, LOOP_READABLE, on_receiver, guard);
    }
    if (!guard->watch) { log_event(LOG_LEVEL_ERROR, "position.lost", "path", path, NULL); }
}

/* ---- the boot ---- */

/* An EFI variable: four bytes of attributes, then 1 for on. A machine without EFI knows nothing. */
static enum secure_boot read_secure_boot(void)
{
    CLEANUP(text_deinit) struct text value = text_limited(VALUE_SIZE_MAX);
    if (file_read(&value, SECURE_BOOT_FILE, NULL) || value.size != EFI_VALUE_SIZE) {
        return SECURE_BOOT_UNKNOWN;
    }
    return value.data[EFI_VALUE_SIZE - 1] == 1 ? SECURE_BOOT_ON : SECURE_BOOT_OFF;
}

/* ---- life ---- */

struct guard *guard_new(const struct guard_config *config)
{
    struct guard *guard = MEM_NEW(struct guard);
    guard->config = *config;
    guard->receiver = -1;
    guard->physical.secure_boot = read_secure_boot();
    if (config->options->tamper_file[0]) { begin_contact(guard); }
    if (config->options->position_nmea[0]) { begin_receiver(guard); }
    return guard;
}

void guard_free(struct guard *guard)
{
    if (!guard) { return; }
    loop_timer_stop(guard->timer);
    loop_unwatch(guard->watch);
    file_close_p(&guard->receiver);
    free(guard);
}

const struct physical *guard_look(const struct guard *guard)
{
    return &guard->physical;
}
