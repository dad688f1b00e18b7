#include "programs/control/identity/own.h"

#include "base/clock.h"
#include "base/log.h"
#include "fleet/renewal.h"

enum { KEY_COUNT = 2 }; /* control's own, and the one for exercises */

/* One key of ours, and what keeps its certificate good. */
struct keeper {
    struct own *own;
    struct membership membership;
    struct signer *signer;   /* owned; NULL: there is no such key */
    struct renewal *renewal; /* owned; NULL: nobody renews it here */
};

struct own {
    struct keeper keepers[KEY_COUNT];
    int64_t every_us;
    struct bus *bus; /* borrowed */
    struct ca_news news;
};

/* ---- renewal, on its thread ---- */

static int64_t now_us(void *context)
{
    (void)context;
    return clock_wall_us();
}

static bool on_changed(void *context, const struct membership_change *change)
{
    struct keeper *keeper = context;
    struct own *own = keeper->own;
    const struct membership *membership = &keeper->membership;
    struct why why = {""};
    const uint64_t news = renewal_news(keeper->renewal);
    if (signer_renew(keeper->signer, membership->key_path, membership->certificate_path, &why)) {
        log_event(LOG_LEVEL_ERROR, "identity.unusable", "why", why.text, NULL);
        return false; /* it calls again */
    }
    char until[CLOCK_TEXT_SIZE];
    const int64_t until_us = certificate_end_us(signer_certificate(keeper->signer));
    log_event(LOG_LEVEL_INFO, "identity.renewed", "role", role_name(membership->role), "until",
              clock_text(until, until_us), NULL);
    if (change->anchors) { ca_news_tell(&own->news); }
    if (membership->role == ROLE_CONTROL) { bus_renew(own->bus); }
    renewal_loaded(keeper->renewal, news);
    return true;
}

static void on_failed(void *context, const char *why)
{
    const struct keeper *keeper = context;
    log_event(LOG_LEVEL_WARNING, "identity.not_renewed", "role", role_name(keeper->membership.role),
              "why", why, NULL);
}

/* ---- life ---- */

/* The certificate first, where it is made here; then what signs with it. */
static enum err open_keeper(struct keeper *keeper, const char *token_file, struct why *why)
{
    const struct membership *membership = &keeper->membership;
    enum membership_state state = MEMBERSHIP_STATE_GOOD;
    if (!*membership->certificate_path) { return OK; }
    if (*membership->url) {
        const enum err err = membership_begin(membership, token_file, clock_wall_us(), &state, why);
        if (err) { return err; }
    }
    if (state == MEMBERSHIP_STATE_EXPIRED) {
        log_event(LOG_LEVEL_ERROR, "identity.expired", "why", why->text, NULL);
    }
    const enum err err =
        signer_open(&keeper->signer, membership->key_path, membership->certificate_path, why);
    if (err) { return err; }
    const enum role role = signer_identity(keeper->signer)->role;
    if (role == membership->role || membership->role == ROLE_CONTROL) { return OK; }
    return why_set(why, ERR_DENIED, "exercise.certificate is of role %s, expected exercise",
                   role_name(role));
}

enum err own_open(struct own **out, const struct control_options *options, struct why *why)
{
    CLEANUP(own_close_p) struct own *own = MEM_NEW(struct own);
    own->every_us = options->enrol_look_s * CLOCK_SECOND_US;
    const struct membership common = {.url = options->enrol_url,
                                      .fingerprint = options->enrol_fingerprint,
                                      .site = options->site,
                                      .ca_path = options->ca};
    for (size_t i = 0; i < KEY_COUNT; i++) {
        own->keepers[i] = (struct keeper){.own = own, .membership = common};
    }
    struct membership *control = &own->keepers[0].membership;
    struct membership *exercise = &own->keepers[1].membership;
    control->role = ROLE_CONTROL;
    control->certificate_path = options->certificate;
    control->key_path = options->key;
    exercise->role = ROLE_EXERCISE;
    exercise->certificate_path = options->exercise_certificate;
    exercise->key_path = options->exercise_key;
    enum err err = open_keeper(&own->keepers[0], options->enrol_token_file, why);
    if (!err) { err = open_keeper(&own->keepers[1], NULL, why); }
    if (!err) { *out = TAKE(own); }
    return err;
}

enum err own_begin(struct own *own, struct bus *bus, struct why *why)
{
    enum err err = OK;
    own->bus = bus;
    for (size_t i = 0; !err && i < KEY_COUNT; i++) {
        struct keeper *keeper = &own->keepers[i];
        if (!keeper->signer || !*keeper->membership.url) { continue; }
        const struct renewal_config config = {.membership = keeper->membership,
                                              .every_us = own->every_us,
                                              .context = keeper,
                                              .now_us = now_us,
                                              .changed = on_changed,
                                              .failed = on_failed};
        err = renewal_open(&keeper->renewal, &config, why);
    }
    return err;
}

void own_end(struct own *own)
{
    for (size_t i = 0; own && i < KEY_COUNT; i++) {
        renewal_close(TAKE(own->keepers[i].renewal));
    }
}

void own_close(struct own *own)
{
    if (!own) { return; }
    own_end(own);
    for (size_t i = 0; i < KEY_COUNT; i++) {
        signer_close(own->keepers[i].signer);
    }
    free(own);
}

struct signer *own_signer(const struct own *own)
{
    return own->keepers[0].signer;
}

struct signer *own_exercises(const struct own *own)
{
    return own->keepers[1].signer;
}

const struct ca_news *own_news(const struct own *own)
{
    return &own->news;
}
