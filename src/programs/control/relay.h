/*
 * control/relay - bytes from an edge to a browser as they come: nothing is kept on the way.
 *
 * The edge must prove by its certificate that it is the device that was meant. Slow browsers slow
 * the edge down; a browser that goes away ends the transfer within a second.
 */
#pragma once

#include "programs/control/control.h"

struct relay_source {
    const char *media_url; /* of the device, without the path */
    const char *path;      /* "/media/{id}/clip" */
    const char *device;
    const char *token; /* Tocsin-Stream-Token; NULL = none */
};

/* Answers the call with what `source` gives, or 502, 504, 404 when it does not. Copies `source`. */
void relay_answer(struct call *call, const struct relay_source *source);
