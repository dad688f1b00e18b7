/*
 * The log as monitors read it: C2SP tlog-tiles under /api/audit/log. Nothing that is sealed is in
 * these files. For those who may see the log, or for everybody if the site wants that.
 */
#include <stdio.h>

#include "ledger/shelf.h"
#include "programs/control/audit/scribe.h"
#include "programs/control/route.h"

static bool may_read(struct call *call)
{
    return call->desk->control->options->audit_public || route_permits(call, PERMISSION_SEE_AUDIT);
}

void log_api_checkpoint(struct call *call)
{
    if (may_read(call)) { audit_api_checkpoint(call); }
}

/* The path below the log's folder as a place within the tree of `size`. */
static bool find_place(const struct call *call, uint64_t size, struct tile_place *place)
{
    char path[TILE_PATH_SIZE];
    const int length = snprintf(path, sizeof path, "tile/%s", call->arguments[0]);
    return length < TILE_PATH_SIZE && tile_path_parse(place, path, NULL) == OK &&
           place->width <= tile_width(size, place->level, place->number);
}

void log_api_tile(struct call *call)
{
    if (!may_read(call)) { return; }
    CLEANUP(scribe_view_deinit) struct scribe_view view;
    CLEANUP(text_deinit) struct text bytes = text_limited(BUNDLE_SIZE_MAX);
    struct tile_place place;
    struct why why = {""};
    scribe_look(call->desk->control->scribe, &view);
    const char *folder = scribe_log_folder(call->desk->control->scribe);
    CLEANUP(shelf_close_p) struct shelf *shelf = shelf_open(folder, view.size);
    enum err err = find_place(call, view.size, &place) ? shelf_file(shelf, &place, &bytes, &why)
                                                       : ERR_NOT_FOUND;
    if (err == ERR_NOT_FOUND) {
        call_refuse(call, 404, "Not Found",
                    "The newest checkpoint has no such tile, or its entries were pruned.");
        return;
    }
    if (err) {
        call_problem(call, err, &why);
        return;
    }
    http_add_header(call->request, "Cache-Control", "private, max-age=3600, immutable");
    http_answer_bytes(call->request, 200, "application/octet-stream", text_span(&bytes));
}
