#include "programs/control/people/sealer.h"

#include "base/log.h"
#include "vault/reseal.h"

/* A batch takes some milliseconds; in between others write. */
#define EVERY_US INT64_C(100000)

struct sealer {
    struct loop_timer *timer; /* NULL once all is sealed */
    struct vault *vault;
    struct reseal *reseal;
    int64_t sealed;
};

static void tell(const char *part, int64_t sealed, int64_t refused)
{
    if (sealed > 0) {
        log_event(LOG_LEVEL_INFO, "vault.sealed", "part", part, "rows", LOG_NUMBER(sealed), NULL);
    }
    if (refused > 0) {
        log_event(LOG_LEVEL_ERROR, "vault.refused", "part", part, "rows", LOG_NUMBER(refused),
                  NULL);
    }
}

enum err sealer_people(struct database *database, struct why *why)
{
    CLEANUP(vault_close_p) struct vault *vault = NULL;
    CLEANUP(reseal_close_p) struct reseal *reseal = NULL;
    struct reseal_progress progress = {.done = false};
    int64_t sealed = 0;
    enum err err = vault_open(&vault, database, why);
    if (!err) { err = reseal_open(&reseal, database, vault, why); }
    while (!err && !progress.done) {
        err = reseal_batch(reseal, RESEAL_PART_PEOPLE, &progress, why);
        sealed += progress.sealed;
    }
    if (!err) { tell("people", sealed, progress.refused); }
    return err;
}

static void seal_some(void *context)
{
    struct sealer *sealer = context;
    struct reseal_progress progress = {.done = false};
    struct why why = {""};
    if (reseal_batch(sealer->reseal, RESEAL_PART_UNSEALED, &progress, &why)) {
        log_event(LOG_LEVEL_WARNING, "database.failed", "reason", why.text, NULL);
        return; /* the next time */
    }
    sealer->sealed += progress.sealed;
    if (progress.refused > 0) { tell("record", 0, progress.refused); }
    if (!progress.done) { return; }
    tell("record", sealer->sealed, 0);
    loop_timer_stop(TAKE(sealer->timer));
}

enum err sealer_open(struct sealer **out, struct loop *loop, struct database *database,
                     struct why *why)
{
    struct sealer *sealer = MEM_NEW(struct sealer);
    enum err err = vault_open(&sealer->vault, database, why);
    if (!err) { err = reseal_open(&sealer->reseal, database, sealer->vault, why); }
    if (err) {
        sealer_close(sealer);
        return err;
    }
    sealer->timer = loop_timer_start(loop, EVERY_US, EVERY_US, seal_some, sealer);
    *out = sealer;
    return OK;
}

void sealer_close(struct sealer *sealer)
{
    if (!sealer) { return; }
    loop_timer_stop(sealer->timer);
    reseal_close(sealer->reseal);
    vault_close(sealer->vault);
    free(sealer);
}
