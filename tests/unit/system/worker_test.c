#include "system/worker.h"

#include <pthread.h>
#include <signal.h>

#include "check.h"

struct seen {
    char name[16];
    int blocked;
};

static void look(void *context)
{
    struct seen *seen = context;
    sigset_t mask;
    (void)pthread_getname_np(pthread_self(), seen->name, sizeof seen->name);
    (void)pthread_sigmask(SIG_SETMASK, NULL, &mask);
    seen->blocked = sigismember(&mask, SIGTERM);
}

int main(void)
{
    struct seen seen = {.blocked = -1};
    struct worker *worker = NULL;
    CHECK(worker_start(&worker, "named", look, &seen, NULL) == OK);
    worker_join(worker);
    CHECK_TEXT(seen.name, "named");
    CHECK(seen.blocked == 1);
    sigset_t mask;
    (void)pthread_sigmask(SIG_SETMASK, NULL, &mask);
    CHECK(!sigismember(&mask, SIGTERM));
    worker_join(NULL);
    return CHECK_DONE();
}
