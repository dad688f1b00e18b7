/*
 * programs/tocsin/demo_files - the demo's folder: emptied, never somebody else's, and files made
 * from templates.
 */
#pragma once

#include "base/err.h"
#include "base/text.h"

/*
 * Makes the folder `path` or empties it. ERR_CONFLICT when it holds anything but an earlier demo
 * (told by a marker file), so that a mistyped path costs nobody a home folder.
 */
MUST_USE enum err demo_files_prepare(const char *path, struct why *why);

/* One @NAME@ of a template and what stands for it. */
struct demo_word {
    const char *name;
    const char *value;
};

/* Appends the file `template_path` to `out` with every @NAME@ replaced. ERR_NOT_FOUND names one
 * without a word. */
MUST_USE enum err demo_files_fill(struct text *out, const char *template_path,
                                  const struct demo_word *words, size_t count, struct why *why);
