#include "system/loop.h"

#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "system/worker.h"

#include "check.h"

struct scene {
    struct loop *loop;
    struct loop_watch *watch;
    struct loop_timer *ticker;
    int pipe[2];
    int read, ticks, posts, order[4];
};

static void on_readable(void *context, int events)
{
    struct scene *scene = context;
    char letter = 0;
    CHECK(events & LOOP_READABLE);
    CHECK(read(scene->pipe[0], &letter, 1) == 1);
    scene->read++;
    loop_unwatch(scene->watch); /* from inside its own callback */
}

static void on_tick(void *context)
{
    struct scene *scene = context;
    if (++scene->ticks == 3) { loop_timer_stop(scene->ticker); }
}

static void on_once(void *context)
{
    struct scene *scene = context;
    loop_stop(scene->loop);
}

static void post_mark(void *context)
{
    struct scene *scene = context;
    if (scene->posts < 4) { scene->order[scene->posts] = scene->posts; }
    scene->posts++;
}

static void post_from_outside(void *context)
{
    struct scene *scene = context;
    for (int i = 0; i < 3; i++) {
        if (loop_post(scene->loop, post_mark, scene)) { abort(); } /* CHECK is for one thread */
    }
}

static void runs_everything(void)
{
    struct scene scene = {0};
    CHECK(loop_open(&scene.loop, NULL) == OK && pipe(scene.pipe) == 0);
    scene.watch = loop_watch(scene.loop, scene.pipe[0], LOOP_READABLE, on_readable, &scene);
    CHECK(scene.watch != NULL);
    CHECK(write(scene.pipe[1], "x", 1) == 1);
    scene.ticker = loop_timer_start(scene.loop, 1000, 1000, on_tick, &scene);
    (void)loop_timer_start(scene.loop, 50000, 0, on_once, &scene);
    struct worker *worker = NULL;
    CHECK(worker_start(&worker, "poster", post_from_outside, &scene, NULL) == OK);
    CHECK(loop_run(scene.loop, NULL) == OK);
    worker_join(worker);
    CHECK(scene.read == 1 && scene.ticks == 3 && scene.posts == 3);
    CHECK(loop_post(scene.loop, post_mark, &scene) == ERR_CLOSED);
    loop_close(scene.loop);
    (void)close(scene.pipe[0]);
    (void)close(scene.pipe[1]);
}

static void bounds_posts(void)
{
    struct scene scene = {0};
    CHECK(loop_open(&scene.loop, NULL) == OK);
    int taken = 0;
    while (loop_post(scene.loop, post_mark, &scene) == OK) {
        taken++;
    }
    CHECK(taken == LOOP_POSTS_MAX);
    loop_close(scene.loop);
    CHECK(scene.posts == 0);
}

struct race {
    struct loop *loop;
    int taken, called;
};

static void count_call(void *context)
{
    ((struct race *)context)->called++;
}

static void post_until_closed(void *context)
{
    struct race *race = context;
    enum err err = OK;
    while (err != ERR_CLOSED) {
        err = loop_post(race->loop, count_call, race);
        race->taken += err == OK;
    }
}

/* A post that was taken is called, also when the loop is stopped at that moment. */
static void calls_what_it_took(void)
{
    for (int round = 0; round < 20; round++) {
        struct race race = {0};
        struct worker *worker = NULL;
        CHECK(loop_open(&race.loop, NULL) == OK);
        struct scene scene = {.loop = race.loop};
        (void)loop_timer_start(race.loop, 500, 0, on_once, &scene);
        CHECK(worker_start(&worker, "racer", post_until_closed, &race, NULL) == OK);
        CHECK(loop_run(race.loop, NULL) == OK);
        worker_join(worker);
        CHECK(race.taken == race.called);
        loop_close(race.loop);
    }
}

static void reloaded(void *context)
{
    *(int *)context += 1;
    (void)raise(SIGTERM);
}

static void stops_on_signals(void)
{
    int reloads = 0;
    CLEANUP(loop_close_p) struct loop *loop = NULL;
    CHECK(loop_open(&loop, NULL) == OK);
    CHECK(loop_handle_signals(loop, reloaded, &reloads, NULL) == OK);
    (void)raise(SIGHUP);
    CHECK(loop_run(loop, NULL) == OK);
    CHECK(reloads == 1);
}

int main(void)
{
    runs_everything();
    bounds_posts();
    calls_what_it_took();
    stops_on_signals();
    loop_close(NULL);
    return CHECK_DONE();
}
