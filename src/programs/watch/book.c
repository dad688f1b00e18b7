#include "programs/watch/book.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"

struct entry {
    struct sighting seen;
    struct footage clip;
    bool has_picture;
    bool changed;
    int64_t sequence;
    int64_t told_us;  /* when edge was told last */
    int64_t ended_us; /* when vision said so; 0 while it goes on */
};

struct book {
    struct book_config config;
    struct entry *entries[BOOK_EVENTS_MAX]; /* owned */
    size_t count;
};

struct book *book_new(const struct book_config *config)
{
    struct book *book = MEM_NEW(struct book);
    book->config = *config;
    return book;
}

void book_free(struct book *book)
{
    if (!book) { return; }
    for (size_t i = 0; i < book->count; i++) {
        free(book->entries[i]);
    }
    free(book);
}

static struct entry *find(const struct book *book, const struct id *event)
{
    for (size_t i = 0; i < book->count; i++) {
        if (strcmp(book->entries[i]->seen.event.text, event->text) == 0) {
            return book->entries[i];
        }
    }
    return NULL;
}

static void forget(struct book *book, const struct entry *entry)
{
    for (size_t i = 0; i < book->count; i++) {
        if (book->entries[i] != entry) { continue; }
        free(book->entries[i]);
        book->entries[i] = book->entries[--book->count];
        return;
    }
}

static double part(float number)
{
    const double clamped = number < 0 ? 0 : (double)number;
    return round((clamped > 1 ? 1 : clamped) * 10000) / 10000;
}

static struct value *boxes_value(const struct sighting *seen)
{
    struct value *boxes = value_array();
    for (size_t i = 0; i < seen->box_count; i++) {
        const struct visit_box *box = &seen->boxes[i];
        struct value *numbers = value_array();
        value_append(numbers, value_real(round(fmax(0, (double)box->at_s) * 1000) / 1000));
        value_append(numbers, value_real(part(box->part.x)));
        value_append(numbers, value_real(part(box->part.y)));
        value_append(numbers, value_real(part(box->part.width)));
        value_append(numbers, value_real(part(box->part.height)));
        value_append(boxes, numbers);
    }
    return boxes;
}

static struct value *zones_value(const struct sighting *seen)
{
    struct value *zones = value_array();
    for (size_t i = 0; i < seen->zone_count; i++) {
        value_append(zones, value_text(seen->zones[i]));
    }
    return zones;
}

static struct value *clip_value(const struct footage *clip)
{
    if (!clip->has_clip || clip->facts.parts == 0) { return value_null(); }
    struct value *value = value_object();
    value_set_integer(value, "bytes", clip->facts.bytes);
    value_set_real(value, "duration_s", (double)clip->facts.duration_us / 1e6);
    if (clip->lead_us >= 0) { value_set_real(value, "lead_s", (double)clip->lead_us / 1e6); }
    value_set_text(value, "codec", clip->facts.codec);
    return value;
}

static struct value *message_of(const struct book *book, const struct entry *entry, bool end)
{
    static const char *const kinds[] = {"begin", "update"};
    const struct sighting *seen = &entry->seen;
    const bool has_clip = entry->clip.has_clip && entry->clip.facts.parts > 0;
    const int64_t newest_us = seen->started_wall_us + seen->lasted_us;
    char path[RECORDER_PATH_SIZE];
    const bool has_picture =
        entry->has_picture && recorder_path(path, seen->camera, &seen->event, ".jpg") == OK;
    struct value *message = value_object();
    value_set_text(message, "type", "event");
    value_set_text(message, "event_id", seen->event.text);
    value_set_integer(message, "sequence", entry->sequence);
    value_set_text(message, "state", end ? "end" : kinds[entry->sequence > 1]);
    value_set_text(message, "camera", seen->camera);
    value_set_text(message, "label", seen->label);
    value_set_real(message, "score", round(seen->score * 10000) / 10000);
    value_set_integer(message, "count", seen->count);
    value_set_time(message, "started_at", seen->started_wall_us);
    value_set_time(message, "updated_at", newest_us);
    if (end) {
        value_set_time(message, "ended_at", newest_us);
    } else {
        value_set(message, "ended_at", value_null());
    }
    value_set(message, "boxes", boxes_value(seen));
    if (seen->zone_count > 0) { value_set(message, "zones", zones_value(seen)); }
    value_set(message, "clip", clip_value(&entry->clip));
    value_set_text(message, "clip_path", has_clip ? entry->clip.path : NULL);
    value_set_boolean(message, "snapshot", has_picture);
    value_set_text(message, "snapshot_path", has_picture ? path : NULL);
    value_set_text(message, "model", book->config.model);
    return message;
}

static void tell(const struct book *book, struct entry *entry, bool end, int64_t now_us)
{
    entry->sequence++;
    entry->told_us = now_us;
    entry->changed = false;
    const enum outbox_kind going = entry->sequence == 1 ? OUTBOX_KIND_BEGIN : OUTBOX_KIND_UPDATE;
    const struct outbox_letter letter = {.event = entry->seen.event,
                                         .sequence = entry->sequence,
                                         .kind = end ? OUTBOX_KIND_END : going};
    book->config.tell(book->config.context, &letter, message_of(book, entry, end));
}

/* Tells the end once everything about it is known. The entry may be gone afterwards. */
static void end_if_whole(struct book *book, struct entry *entry, int64_t now_us)
{
    if (entry->ended_us == 0) { return; }
    const bool clip_open = entry->seen.clip_expected && !entry->clip.finished;
    if (clip_open && now_us - entry->ended_us < BOOK_CLIP_WAIT_US) { return; }
    tell(book, entry, true, now_us);
    forget(book, entry);
}

void book_sighting(struct book *book, const struct sighting *sighting, int64_t now_us)
{
    struct entry *entry = find(book, &sighting->event);
    if (!entry) {
        if (book->count == BOOK_EVENTS_MAX) { return; } /* 32 cameras with 64 visits each */
        entry = book->entries[book->count++] = MEM_NEW(struct entry);
    }
    entry->seen = *sighting;
    entry->changed = true;
    if (entry->sequence == 0) { tell(book, entry, false, now_us); }
    if (sighting->state == VISIT_STATE_END) {
        entry->ended_us = now_us;
        end_if_whole(book, entry, now_us);
    }
}

void book_footage(struct book *book, const struct footage *footage, int64_t now_us)
{
    struct entry *entry = find(book, &footage->event);
    if (!entry) { return; } /* its end has been told without it */
    entry->clip = *footage;
    entry->changed = true;
    end_if_whole(book, entry, now_us);
}

void book_picture(struct book *book, const struct id *event)
{
    struct entry *entry = find(book, event);
    if (!entry || entry->has_picture) { return; }
    entry->has_picture = true;
    entry->changed = true;
}

void book_tick(struct book *book, int64_t now_us)
{
    for (size_t i = book->count; i > 0; i--) {
        struct entry *entry = book->entries[i - 1];
        if (entry->changed && now_us - entry->told_us >= BOOK_UPDATE_US) {
            tell(book, entry, false, now_us);
        }
        end_if_whole(book, entry, now_us);
    }
}

void book_finish(struct book *book, int64_t now_us)
{
    for (size_t i = book->count; i > 0; i--) {
        struct entry *entry = book->entries[i - 1];
        if (entry->ended_us == 0) { continue; }
        tell(book, entry, true, now_us);
        forget(book, entry);
    }
}

size_t book_count(const struct book *book)
{
    return book->count;
}
