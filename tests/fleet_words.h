/*
 * tests/fleet_words - what an edge named sign-1 says in tests: its status, telemetry and one event.
 */
#pragma once

#include "fleet/event.h"
#include "fleet/telemetry.h"
#include "site.h"
#include "tables.h"

static const char words_status[] =
    "{'type':'status','state':'online','zone':'north','kind':'edge','version':'0.1.0',"
    "'media_url':'https://127.0.0.1:9443','sign':{'width':64,'height':32},"
    "'cameras':[{'name':'gate','state':'online','reason':null,'since':'2026-11-22T09:00:00Z'}],"
    "'started_at':'2026-11-22T08:59:00Z','at':'2026-11-22T09:29:00Z'}";

static const char words_telemetry[] =
    "{'type':'telemetry','at':'2026-11-22T09:29:30Z','rss_bytes':40000000,'cpu_s':1.5,"
    "'uptime_s':60,'disk_free_bytes':1000,'clips':3,'queue_events':0,'queue_receipts':1,"
    "'fps':{'gate':10.0,'roof':9}}";

static const char words_event[] =
    "{'type':'event','event_id':'019aaaaa-0000-7000-8000-00000000000a','sequence':1,"
    "'state':'begin','camera':'gate','zone':'north','label':'person','score':0.875,'count':2,"
    "'started_at':'2026-11-22T09:29:50Z','updated_at':'2026-11-22T09:29:52.5Z','ended_at':null,"
    "'boxes':[[0.0,0.41,0.31,0.06,0.22],[1.5,0.42,0.31,0.06,0.22]],"
    "'zones':['door','drive-2'],'clip':{'bytes':123456,'duration_s':4.2,'lead_s':1.5,'codec':'h264'"
    "},'snapshot':true,'model':'"
    "yolo'}";

static inline void words_event_read(struct event *event)
{
    struct why why = {0};
    CLEANUP(value_free_p) struct value *value = json(words_event);
    test_must(event_parse(event, value, &why), &why);
}

static inline void words_status_read(struct status *status)
{
    struct why why = {0};
    CLEANUP(value_free_p) struct value *value = json(words_status);
    test_must(status_parse(status, value, &why), &why);
}

/* JSON text of a value, which is freed. */
static inline const char *words_of(struct value *value, struct text *text)
{
    text_deinit(text);
    *text = text_limited(1 << 20);
    value_write(value, text);
    value_free(value);
    return text_c(text);
}

struct words_case {
    const char *key, *member; /* JSON in single quotes; NULL: the member is taken out */
    enum err expected;
};

/* Tries every case on a copy of `whole` by `parse`; returns how many came out otherwise. */
static inline int words_try(const char *whole, const struct words_case *cases, size_t count,
                            enum err (*parse)(const struct value *content, struct why *why))
{
    int wrong = 0;
    for (size_t i = 0; i < count; i++) {
        CLEANUP(value_free_p) struct value *content = json(whole);
        struct why why = {0};
        value_remove(content, cases[i].key);
        if (cases[i].member) { value_set(content, cases[i].key, json(cases[i].member)); }
        const enum err err = parse(content, &why);
        if (err == cases[i].expected && (err == OK || why.text[0])) { continue; }
        printf("# %s %s: %s %s\n", cases[i].key, cases[i].member ? cases[i].member : "-",
               err_name(err), why.text);
        wrong++;
    }
    return wrong;
}
