/*
 * watch/news - carries what the threads of the cameras say to the loop.
 *
 * A struct listener whose functions copy and queue, and one function that gives all of it, in
 * order, to another struct listener on the loop's thread. Bounded: figures are dropped first, then
 * updates; what begins or ends an event has room kept for it.
 */
#pragma once

#include "programs/watch/listener.h"

enum { NEWS_ITEMS_MAX = 8192, NEWS_ITEMS_RESERVED = 2048 };

struct news;

/* `wake(context)` is called from any thread when there is something to give. */
struct news *news_new(void (*wake)(void *context), void *context);
void news_free(struct news *news); /* no camera may be alive; NULL is allowed */
CLEANUP_FOR(struct news, news_free)

/* For the threads of the cameras. */
struct listener news_listener(struct news *news);

/* Gives what has come. */
void news_give(struct news *news, const struct listener *to);
