#include "programs/watch/outbox.h"

#include <assert.h>
#include <string.h>

struct entry {
    struct outbox_letter letter;
    bool sent;
    struct entry *next;
    size_t size;
    uint8_t body[];
};

struct outbox {
    struct entry *first;
    struct entry **end; /* where the next entry is hung */
    size_t count, updates;
    uint64_t lost;
};

struct outbox *outbox_new(void)
{
    struct outbox *outbox = MEM_NEW(struct outbox);
    outbox->end = &outbox->first;
    return outbox;
}

/* Takes the entry out at `*at`; `*at` is then the one after it. */
static void take_out(struct outbox *outbox, struct entry **at)
{
    struct entry *entry = *at;
    assert(entry);
    *at = entry->next;
    if (!entry->next) { outbox->end = at; }
    outbox->count--;
    outbox->updates -= entry->letter.kind == OUTBOX_KIND_UPDATE;
    free(entry);
}

void outbox_free(struct outbox *outbox)
{
    if (!outbox) { return; }
    while (outbox->first) {
        take_out(outbox, &outbox->first);
    }
    free(outbox);
}

static bool same_event(const struct entry *entry, const char *event)
{
    return strcmp(entry->letter.event.text, event) == 0;
}

static void drop_updates_of(struct outbox *outbox, const char *event)
{
    for (struct entry **at = &outbox->first; *at;) {
        if ((*at)->letter.kind == OUTBOX_KIND_UPDATE && same_event(*at, event)) {
            take_out(outbox, at);
        } else {
            at = &(*at)->next;
        }
    }
}

static void make_room(struct outbox *outbox)
{
    if (outbox->count < OUTBOX_LETTERS_MAX) { return; }
    struct entry **at = &outbox->first;
    while (outbox->updates > 0 && *at && (*at)->letter.kind != OUTBOX_KIND_UPDATE) {
        at = &(*at)->next;
    }
    if (outbox->updates > 0) {
        take_out(outbox, at);
    } else if (outbox->count >= OUTBOX_LETTERS_LAST) {
        outbox->lost++;
        take_out(outbox, &outbox->first);
    }
}

void outbox_add(struct outbox *outbox, const struct outbox_letter *letter, struct span body)
{
    drop_updates_of(outbox, letter->event.text);
    make_room(outbox);
    struct entry *entry = mem_zeroed(sizeof(struct entry) + body.size);
    entry->letter = *letter;
    entry->size = body.size;
    if (body.size > 0) { memcpy(entry->body, body.data, body.size); }
    *outbox->end = entry;
    outbox->end = &entry->next;
    outbox->count++;
    outbox->updates += letter->kind == OUTBOX_KIND_UPDATE;
}

struct span outbox_send(struct outbox *outbox)
{
    struct entry *entry = outbox->first;
    while (entry && entry->sent) {
        entry = entry->next;
    }
    if (!entry) { return span_of(NULL, 0); }
    entry->sent = true;
    return span_of(entry->body, entry->size);
}

void outbox_rewind(struct outbox *outbox)
{
    for (struct entry *entry = outbox->first; entry; entry = entry->next) {
        entry->sent = false;
    }
}

void outbox_acknowledge(struct outbox *outbox, const char *event, int64_t sequence)
{
    for (struct entry **at = &outbox->first; *at;) {
        if (same_event(*at, event) && (*at)->letter.sequence <= sequence) {
            take_out(outbox, at);
        } else {
            at = &(*at)->next;
        }
    }
}

size_t outbox_count(const struct outbox *outbox)
{
    return outbox->count;
}

uint64_t outbox_lost(const struct outbox *outbox)
{
    return outbox->lost;
}
