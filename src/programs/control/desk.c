#include "base/log.h"
#include "fleet/tally.h"
#include "fleet/zone.h"
#include "programs/control/control.h"
#include "provider/attempt.h"
#include "provider/link.h"

static enum err open_alerts(struct desk *desk, struct why *why)
{
    struct database *database = desk->database;
    enum err err = dispatch_open(&desk->dispatch, database, desk->control->signer, why);
    if (err) { return err; }
    dispatch_practise(desk->dispatch, desk->control->exercises);
    err = draft_store_open(&desk->drafts, database, desk->dispatch, why);
    return err ? err : delivery_board_open(&desk->board, database, why);
}

static enum err open_stores(struct desk *desk, struct why *why)
{
    struct database *database = desk->database;
    enum err err = user_store_open(&desk->users, database, why);
    if (!err) { err = session_store_open(&desk->sessions, database, why); }
    if (!err) { err = invitation_store_open(&desk->invitations, database, why); }
    if (!err) { err = passkey_store_open(&desk->passkeys, database, why); }
    if (!err) { err = challenges_open(&desk->challenges, database, why); }
    if (!err) { err = grants_open(&desk->grants, database, why); }
    if (!err) { err = factor_store_open(&desk->factors, database, why); }
    if (!err) { err = link_store_open(&desk->links, database, why); }
    if (!err) { err = attempt_store_open(&desk->attempts, database, why); }
    if (!err) { err = open_alerts(desk, why); }
    if (!err) { err = device_store_open(&desk->devices, database, why); }
    if (!err) { err = event_store_open(&desk->events, database, why); }
    if (!err) { err = zone_store_open(&desk->zones, database, why); }
    if (!err) { err = tally_store_open(&desk->tallies, database, why); }
    if (!err) { err = journal_open(&desk->journal, database, why); }
    return err;
}

/* Who judges operators' approvals for this worker. */
static enum err open_court(struct desk *desk, struct why *why)
{
    const struct control_options *options = desk->control->options;
    const uint64_t changes = ca_news_count(own_news(desk->control->own));
    CLEANUP(anchors_free_p) struct anchors *anchors = NULL;
    struct chain_judge *judge = NULL;
    enum err err = anchors_open(&anchors, options->ca, why);
    if (!err) { err = chain_judge_new(&judge, anchors, options->site, why); }
    if (err) { return err; }
    chain_judge_free(desk->approvers);
    anchors_free(desk->anchors);
    desk->approvers = judge;
    desk->anchors = TAKE(anchors);
    desk->trusted = changes;
    return OK;
}

enum err desk_court(struct desk *desk, struct why *why)
{
    return desk->trusted == ca_news_count(own_news(desk->control->own)) ? OK
                                                                        : open_court(desk, why);
}

struct desk *desk_open(struct control *control)
{
    struct desk *desk = MEM_NEW(struct desk);
    struct why why = {""};
    desk->control = control;
    enum err err = database_open(&desk->database, &control->database, &why);
    if (!err) { err = open_stores(desk, &why); }
    if (!err) { err = open_court(desk, &why); }
    if (err) {
        log_event(LOG_LEVEL_ERROR, "database.failed", "reason", why.text, NULL);
        desk_close(desk);
        return NULL;
    }
    desk->sign_in = (struct sign_in){.database = desk->database,
                                     .users = desk->users,
                                     .sessions = desk->sessions,
                                     .factors = desk->factors,
                                     .passkeys = desk->passkeys,
                                     .challenges = desk->challenges,
                                     .limits = control->limits};
    return desk;
}

void desk_close(struct desk *desk)
{
    if (!desk) { return; }
    journal_close(desk->journal);
    tally_store_close(desk->tallies);
    zone_store_close(desk->zones);
    event_store_close(desk->events);
    device_store_close(desk->devices);
    delivery_board_close(desk->board);
    chain_judge_free(desk->approvers);
    anchors_free(desk->anchors);
    draft_store_close(desk->drafts);
    dispatch_close(desk->dispatch);
    attempt_store_close(desk->attempts);
    link_store_close(desk->links);
    grants_close(desk->grants);
    challenges_close(desk->challenges);
    passkey_store_close(desk->passkeys);
    factor_store_close(desk->factors);
    invitation_store_close(desk->invitations);
    session_store_close(desk->sessions);
    user_store_close(desk->users);
    database_close(desk->database);
    free(desk);
}
