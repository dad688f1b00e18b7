/*
 * system/loop - one thread's event loop: descriptors, timers, signals, calls from other threads.
 *
 * On epoll. Everything but loop_post and loop_stop belongs to the thread that runs the loop. A
 * watcher or timer may be removed from inside its own callback.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>

struct loop;
struct loop_watch; /* one watched descriptor */
struct loop_timer;

enum { LOOP_READABLE = 1, LOOP_WRITABLE = 2, LOOP_POSTS_MAX = 4096 };

MUST_USE enum err loop_open(struct loop **out, struct why *why);
void loop_close(struct loop *loop); /* watches and timers left over are released; NULL is allowed */
CLEANUP_FOR(struct loop, loop_close)

/* Runs until loop_stop. ERR_IO when epoll fails. */
MUST_USE enum err loop_run(struct loop *loop, struct why *why);
void loop_stop(struct loop *loop); /* from any thread */

/*
 * Calls `ready` while `fd` (borrowed) is readable or writable as asked (LOOP_*; errors and hang-ups
 * count as both). NULL when epoll refuses `fd`: errno says why. loop_watch_change asks for other
 * events; loop_unwatch ends it before fd is closed.
 */
MUST_USE struct loop_watch *loop_watch(struct loop *loop, int fd, int events,
                                       void (*ready)(void *context, int events), void *context);
void loop_watch_change(struct loop_watch *watch, int events);
void loop_unwatch(struct loop_watch *watch); /* NULL is allowed */

/* Calls `due` once after `after_us`, and then every `every_us` unless that is 0. */
struct loop_timer *loop_timer_start(struct loop *loop, int64_t after_us, int64_t every_us,
                                    void (*due)(void *context), void *context);
void loop_timer_stop(struct loop_timer *timer); /* NULL is allowed; a one-shot frees itself */

/*
 * From any thread: has the loop call `call(context)` soon, in the order of posting. ERR_LIMIT when
 * LOOP_POSTS_MAX wait already, ERR_CLOSED after loop_stop: the caller keeps `context`. What was
 * taken is called, at the latest when loop_run ends.
 */
MUST_USE enum err loop_post(struct loop *loop, void (*call)(void *context), void *context);

/* SIGINT and SIGTERM stop the loop; SIGPIPE is ignored; SIGHUP calls `reload` unless NULL. */
MUST_USE enum err loop_handle_signals(struct loop *loop, void (*reload)(void *context),
                                      void *context, struct why *why);
