#include "sign/studio.h"

#include <pthread.h>
#include <stdlib.h>

struct sign_studio {
    pthread_mutex_t lock;
    struct sign_fonts *fonts; /* guarded by lock; NULL before the first draft */
};

struct sign_studio *sign_studio_new(void)
{
    struct sign_studio *studio = MEM_NEW(struct sign_studio);
    pthread_mutex_init(&studio->lock, NULL);
    return studio;
}

void sign_studio_free(struct sign_studio *studio)
{
    if (!studio) { return; }
    sign_fonts_close(studio->fonts);
    pthread_mutex_destroy(&studio->lock);
    free(studio);
}

/* With the lock held. */
static enum err shape(struct sign_studio *studio, const struct sign_screen *screen,
                      const struct sign_message *message, struct sign_show **show, struct why *why)
{
    if (!studio->fonts && sign_fonts_open(&studio->fonts, NULL, why)) { return ERR_UNAVAILABLE; }
    return sign_show_new(show, studio->fonts, screen, message, why);
}

enum err sign_studio_film(struct sign_studio *studio, const struct sign_screen *screen,
                          const struct sign_message *message, struct sign_film *film,
                          struct why *why)
{
    CLEANUP(sign_show_free_p) struct sign_show *show = NULL;
    pthread_mutex_lock(&studio->lock);
    const enum err err = shape(studio, screen, message, &show, why);
    pthread_mutex_unlock(&studio->lock);
    if (!err) { sign_film_init(film, show); }
    return err;
}
