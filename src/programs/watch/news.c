#include "programs/watch/news.h"

#include <stdio.h>

#include "system/queue.h"

enum item_kind {
    ITEM_KIND_STATE,
    ITEM_KIND_READING,
    ITEM_KIND_SEEING,
    ITEM_KIND_SIGHTING,
    ITEM_KIND_FOOTAGE,
    ITEM_KIND_PICTURE,
    ITEM_KIND_TROUBLE,
};

struct item {
    enum item_kind kind;
    char camera[BOOK_CAMERA_SIZE];
    char sentence[sizeof((struct why *)0)->text];
    union {
        enum reader_state state;
        struct reading_figures reading;
        struct seeing_figures seeing;
        struct sighting *sighting; /* owned */
        struct footage footage;
        struct id picture;
        bool disk_full;
    } of;
};

struct news {
    struct queue *items; /* owned; of struct item */
    void (*wake)(void *context);
    void *context;
};

static void item_free(void *held)
{
    struct item *item = held;
    if (item->kind == ITEM_KIND_SIGHTING) { free(item->of.sighting); }
    free(item);
}

struct news *news_new(void (*wake)(void *context), void *context)
{
    struct news *news = MEM_NEW(struct news);
    news->items = queue_new(NEWS_ITEMS_MAX, item_free);
    news->wake = wake;
    news->context = context;
    return news;
}

void news_free(struct news *news)
{
    if (!news) { return; }
    queue_free(news->items);
    free(news);
}

static struct item *item_of(enum item_kind kind, const char *camera)
{
    struct item *item = MEM_NEW(struct item);
    item->kind = kind;
    (void)snprintf(item->camera, sizeof item->camera, "%s", camera);
    return item;
}

/* Takes `item`. What can be missed is dropped while the loop is far behind. */
static void put(struct news *news, struct item *item, bool can_be_missed)
{
    const bool crowded = queue_count(news->items) >= NEWS_ITEMS_MAX - NEWS_ITEMS_RESERVED;
    if ((can_be_missed && crowded) || queue_push(news->items, item)) {
        item_free(item);
        return;
    }
    news->wake(news->context);
}

static void on_state(void *context, const char *camera, enum reader_state state, const char *reason)
{
    struct item *item = item_of(ITEM_KIND_STATE, camera);
    item->of.state = state;
    (void)snprintf(item->sentence, sizeof item->sentence, "%s", reason);
    put(context, item, false);
}

static void on_reading(void *context, const char *camera, const struct reading_figures *figures)
{
    struct item *item = item_of(ITEM_KIND_READING, camera);
    item->of.reading = *figures;
    put(context, item, true);
}

static void on_seeing(void *context, const char *camera, const struct seeing_figures *figures)
{
    struct item *item = item_of(ITEM_KIND_SEEING, camera);
    item->of.seeing = *figures;
    put(context, item, true);
}

static void on_sighting(void *context, const struct sighting *sighting)
{
    struct item *item = item_of(ITEM_KIND_SIGHTING, sighting->camera);
    item->of.sighting = MEM_NEW(struct sighting);
    *item->of.sighting = *sighting;
    put(context, item, sighting->state == VISIT_STATE_UPDATE);
}

static void on_footage(void *context, const struct footage *footage)
{
    struct item *item = item_of(ITEM_KIND_FOOTAGE, "");
    item->of.footage = *footage;
    put(context, item, !footage->finished);
}

static void on_picture(void *context, const struct id *event)
{
    struct item *item = item_of(ITEM_KIND_PICTURE, "");
    item->of.picture = *event;
    put(context, item, false);
}

static void on_trouble(void *context, const char *camera, const char *sentence, bool disk_full)
{
    struct item *item = item_of(ITEM_KIND_TROUBLE, camera);
    item->of.disk_full = disk_full;
    (void)snprintf(item->sentence, sizeof item->sentence, "%s", sentence);
    put(context, item, !disk_full);
}

struct listener news_listener(struct news *news)
{
    return (struct listener){.context = news,
                             .state = on_state,
                             .reading = on_reading,
                             .seeing = on_seeing,
                             .sighting = on_sighting,
                             .footage = on_footage,
                             .picture = on_picture,
                             .trouble = on_trouble};
}

static void give(const struct item *item, const struct listener *to)
{
    void *context = to->context;
    switch (item->kind) {
    case ITEM_KIND_STATE: to->state(context, item->camera, item->of.state, item->sentence); break;
    case ITEM_KIND_READING: to->reading(context, item->camera, &item->of.reading); break;
    case ITEM_KIND_SEEING: to->seeing(context, item->camera, &item->of.seeing); break;
    case ITEM_KIND_SIGHTING: to->sighting(context, item->of.sighting); break;
    case ITEM_KIND_FOOTAGE: to->footage(context, &item->of.footage); break;
    case ITEM_KIND_PICTURE: to->picture(context, &item->of.picture); break;
    case ITEM_KIND_TROUBLE:
        to->trouble(context, item->camera, item->sentence, item->of.disk_full);
        break;
    }
}

void news_give(struct news *news, const struct listener *to)
{
    struct item *item = NULL;
    while ((item = queue_pop(news->items, 0))) {
        give(item, to);
        item_free(item);
    }
}
