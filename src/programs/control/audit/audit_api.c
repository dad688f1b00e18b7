#include <stdio.h>

#include "ledger/checkpoint.h"
#include "ledger/shelf.h"
#include "programs/control/audit/scribe.h"
#include "programs/control/route.h"

/* ?NAME as a whole number below 2^62; false when it is answered. */
static bool query_number(struct call *call, const char *name, uint64_t *number)
{
    const char *text = http_query(call->request, name);
    char *end = NULL;
    *number = 0;
    if (!text) { return true; }
    const unsigned long long read = strtoull(text, &end, 10);
    if (*text >= '0' && *text <= '9' && *end == '\0' && read <= MERKLE_SIZE_MAX) {
        *number = read;
        return true;
    }
    char detail[64];
    (void)snprintf(detail, sizeof detail, "%s must be a whole number.", name);
    call_refuse(call, 400, "Bad Request", detail);
    return false;
}

static void set_log(struct value *object, const struct scribe_view *view)
{
    value_set_integer(object, "size", (int64_t)view->size);
    value_set_text(object, "checkpoint", view->note);
    value_set_text(object, "vkey", view->vkey);
    value_set_text(object, "halted", *view->halted ? view->halted : NULL);
}

void audit_api_list(struct call *call)
{
    struct journal_query query = {.user = http_query(call->request, "user"),
                                  .action = http_query(call->request, "action"),
                                  .resource = http_query(call->request, "resource")};
    if (!query_number(call, "before", &query.before) || !call_limit(call, &query.limit) ||
        !call_time(call, "from", &query.from_us) || !call_time(call, "to", &query.to_us)) {
        return;
    }
    CLEANUP(scribe_view_deinit) struct scribe_view view;
    scribe_look(call->desk->control->scribe, &view);
    struct value *page = NULL;
    struct why why = {""};
    const enum err err = journal_list(call->desk->journal, &query, &page, &why);
    if (!err) { set_log(page, &view); }
    call_answer(call, err, 200, &page, &why);
}

void audit_api_checkpoint(struct call *call)
{
    CLEANUP(scribe_view_deinit) struct scribe_view view;
    scribe_look(call->desk->control->scribe, &view);
    if (!*view.note) {
        call_refuse(call, 404, "Not Found", "Nothing has been signed yet.");
        return;
    }
    http_answer_bytes(call->request, 200, "text/plain; charset=utf-8", span_text(view.note));
}

/* The proof that entry `index` stands below the newest checkpoint; null before it does. */
static enum err add_proof(const struct call *call, const struct scribe_view *view, uint64_t index,
                          struct value *entry, struct why *why)
{
    set_log(entry, view);
    if (index >= view->size) {
        value_set(entry, "proof", value_null());
        return OK;
    }
    CLEANUP(shelf_close_p)
    struct shelf *shelf = shelf_open(scribe_log_folder(call->desk->control->scribe), view->size);
    const struct merkle_source source = shelf_source(shelf);
    struct checkpoint_proof proof = {.index = index, .note = span_text(view->note)};
    const enum err err = merkle_prove_inclusion(&source, index, view->size, &proof.path, why);
    if (err) { return err; }
    CLEANUP(text_deinit) struct text text = text_limited(PROOF_SIZE_MAX);
    checkpoint_proof_write(&proof, &text);
    value_set_text(entry, "proof", text_c(&text));
    return OK;
}

void audit_api_get(struct call *call)
{
    const char *text = call->arguments[0];
    char *end = NULL;
    const unsigned long long index = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || index > MERKLE_SIZE_MAX) {
        call_refuse(call, 404, "Not Found", "An entry's index is a whole number.");
        return;
    }
    CLEANUP(scribe_view_deinit) struct scribe_view view;
    scribe_look(call->desk->control->scribe, &view);
    struct why why = {""};
    struct value *entry = NULL;
    enum err err = journal_get(call->desk->journal, index, &entry, &why);
    if (!err) { err = add_proof(call, &view, index, entry, &why); }
    if (err) { value_free(TAKE(entry)); }
    call_answer(call, err, 200, &entry, &why);
}
