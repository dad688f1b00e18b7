#include "provider/way_out.h"

#include "wire/fetch.h"

struct answer {
    int status;
    struct text *body;
};

static bool on_head(void *context, int status, const char *type)
{
    struct answer *answer = context;
    (void)type;
    answer->status = status;
    return true;
}

/* More than there is room for is not even received. */
static bool on_bytes(void *context, struct span bytes)
{
    struct answer *answer = context;
    if (bytes.size > 0) { text_add_bytes(answer->body, bytes); }
    return !answer->body->overflow;
}

static enum err ask(void *context, const struct provider_request *request, int *status,
                    struct text *body, struct why *why)
{
    static const char *const headers[] = {"Accept: application/json", NULL};
    static const char *const form_headers[] = {
        "Accept: application/json", "Content-Type: application/x-www-form-urlencoded", NULL};
    const struct way_out *way = context;
    struct answer answer = {.body = body};
    const struct fetch fetch = {.url = request->url,
                                .ca_path = way->ca_path,
                                .by_host = true,
                                .credentials = request->credentials,
                                .headers = request->form ? form_headers : headers,
                                .connect_timeout_ms = WAY_OUT_CONNECT_MS,
                                .whole_timeout_ms = WAY_OUT_WHOLE_MS,
                                .context = &answer,
                                .on_head = on_head,
                                .on_bytes = on_bytes};
    const enum err err =
        request->form ? fetch_post(&fetch, text_span(request->form), why) : fetch_get(&fetch, why);
    *status = answer.status;
    return err == ERR_CLOSED && body->overflow ? OK : err; /* the caller asks for it */
}

struct provider_port way_out_open(struct way_out *way)
{
    return (struct provider_port){.context = way, .ask = ask};
}
