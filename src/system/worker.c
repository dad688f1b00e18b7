#include "system/worker.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "base/text.h"

enum { THREAD_NAME_SIZE = 16 };

struct worker {
    pthread_t thread;
    char name[THREAD_NAME_SIZE];
    void (*run)(void *context);
    void *context;
};

static void *main_of(void *argument)
{
    struct worker *worker = argument;
    (void)pthread_setname_np(pthread_self(), worker->name);
    worker->run(worker->context);
    return NULL;
}

enum err worker_start(struct worker **out, const char *name, void (*run)(void *context),
                      void *context, struct why *why)
{
    struct worker *worker = MEM_NEW(struct worker);
    worker->run = run;
    worker->context = context;
    if (!text_copy(worker->name, sizeof worker->name, name)) { abort(); }

    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    const int failed = pthread_create(&worker->thread, NULL, main_of, worker);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        free(worker);
        return why_set(why, ERR_IO, "cannot start thread %s: error %d", name, failed);
    }
    *out = worker;
    return OK;
}

void worker_join(struct worker *worker)
{
    if (!worker) { return; }
    (void)pthread_join(worker->thread, NULL);
    free(worker);
}
