#include "fleet/standing.h"

#include "system/file.h"

struct standing {
    struct standing_config config;
    struct anchors *anchors; /* all owned */
    struct revocations *revocations;
    struct verifier *verifier;
    struct signer *signer;
    struct renewal *renewal;
};

static enum err open_signer(struct standing *standing, struct why *why)
{
    const struct membership *own = &standing->config.membership;
    const enum err err = signer_open(&standing->signer, own->key_path, own->certificate_path, why);
    if (err) { return err; }
    const struct identity *self = signer_identity(standing->signer);
    if (self->role == own->role && strcmp(self->site, own->site) == 0) { return OK; }
    return why_set(why, ERR_DENIED, "%.100s is for %s %s of %s; expected the role %s of %.40s",
                   own->certificate_path, role_name(self->role), self->name, self->site,
                   role_name(own->role), own->site);
}

static enum err open_trust(struct standing *standing, struct standing_news *news, struct why *why)
{
    const struct membership *own = &standing->config.membership;
    char path[FILE_PATH_SIZE];
    enum err err = anchors_open(&standing->anchors, own->ca_path, why);
    if (!err) { err = file_join(path, standing->config.state_folder, "withdrawn.crl", why); }
    if (err) { return err; }
    struct why damage = {0};
    if (revocations_open(&standing->revocations, standing->anchors, path, &damage)) {
        memcpy(news->damaged, damage.text, sizeof news->damaged);
    }
    const struct verifier_config verifier = {
        .site = own->site, .ca_path = own->ca_path, .revocations = standing->revocations};
    return verifier_open(&standing->verifier, &verifier, why);
}

enum err standing_open(struct standing **out, const struct standing_config *config,
                       struct standing_news *news, struct why *why)
{
    CLEANUP(standing_close_p) struct standing *standing = MEM_NEW(struct standing);
    standing->config = *config;
    *news = (struct standing_news){0};
    struct why told = {0};
    enum err err = membership_begin(&config->membership, config->token_file,
                                    config->now_us(config->context), &news->state, &told);
    if (err) {
        *why = told;
        return err;
    }
    if (news->state == MEMBERSHIP_STATE_EXPIRED) {
        memcpy(news->expired, told.text, sizeof news->expired);
    }
    err = open_signer(standing, why);
    if (!err) { err = open_trust(standing, news, why); }
    if (!err) { *out = TAKE(standing); }
    return err;
}

enum err standing_begin(struct standing *standing, struct why *why)
{
    const struct standing_config *config = &standing->config;
    if (!config->membership.url[0]) { return OK; }
    const struct renewal_config renewal = {.membership = config->membership,
                                           .every_us = config->every_us,
                                           .context = config->context,
                                           .now_us = config->now_us,
                                           .changed = config->changed,
                                           .failed = config->failed};
    return renewal_open(&standing->renewal, &renewal, why);
}

void standing_end(struct standing *standing)
{
    if (standing) { renewal_close(TAKE(standing->renewal)); }
}

void standing_close(struct standing *standing)
{
    if (!standing) { return; }
    standing_end(standing);
    verifier_close(standing->verifier);
    signer_close(standing->signer);
    revocations_close(standing->revocations);
    anchors_free(standing->anchors);
    free(standing);
}

struct signer *standing_signer(struct standing *standing)
{
    return standing->signer;
}

struct verifier *standing_verifier(struct standing *standing)
{
    return standing->verifier;
}

struct revocations *standing_revocations(struct standing *standing)
{
    return standing->revocations;
}

static enum err load(struct standing *standing, struct why *why)
{
    const struct membership *own = &standing->config.membership;
    struct anchors *anchors = NULL;
    enum err err = signer_renew(standing->signer, own->key_path, own->certificate_path, why);
    if (!err) { err = anchors_open(&anchors, own->ca_path, why); }
    if (err) { return err; }
    if (anchors_equal(anchors, standing->anchors)) {
        anchors_free(anchors);
        return OK;
    }
    err = verifier_trust(standing->verifier, anchors, why);
    if (err) {
        anchors_free(anchors);
        return err;
    }
    revocations_trust(standing->revocations, anchors);
    anchors_free(standing->anchors);
    standing->anchors = anchors;
    return OK;
}

enum err standing_reload(struct standing *standing, struct why *why)
{
    struct renewal *renewal = standing->renewal;
    const uint64_t news = renewal ? renewal_news(renewal) : 0;
    const enum err err = load(standing, why);
    if (!err && renewal) { renewal_loaded(renewal, news); }
    return err;
}

enum err standing_hear(struct standing *standing, const struct envelope *envelope,
                       enum revocation_answer *answer, struct why *why)
{
    CLEANUP(text_deinit) struct text der = text_limited(REVOCATION_SIZE_MAX);
    *answer = REVOCATION_ANSWER_MALFORMED;
    if (revocation_message_read(&der, envelope->content, why)) { return OK; }
    return revocations_take(standing->revocations, text_span(&der), answer, why);
}
