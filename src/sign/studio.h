/*
 * sign/studio - films drafts with the sign's own fonts, for many askers.
 *
 * Opens the fonts when the first draft comes: a program that never films pays nothing for them.
 * Any thread, one draft at a time (a mutex guards the fonts). Reads font files, nothing else.
 */
#pragma once

#include "sign/film.h"

struct sign_studio;

struct sign_studio *sign_studio_new(void);
void sign_studio_free(struct sign_studio *studio); /* NULL is allowed */
CLEANUP_FOR(struct sign_studio, sign_studio_free)

/*
 * Films `message` as `screen` would light it; the caller deinits the film. ERR_UNAVAILABLE when the
 * fonts are not installed, else fails as sign_show_new does.
 */
MUST_USE enum err sign_studio_film(struct sign_studio *studio, const struct sign_screen *screen,
                                   const struct sign_message *message, struct sign_film *film,
                                   struct why *why);
