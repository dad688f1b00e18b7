#include "demo_map.h"

#include <sodium.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/encode.h"
#include "system/process.h"

enum { MONTHS = 8, TOWN_DEADLINE_US = 60000000, KEY_SIZE = 20 };

/* The month so long before now that all months of the town are over: "2026-03". */
static void write_first_month(char text[static 16])
{
    const time_t now = (time_t)(clock_wall_us() / CLOCK_SECOND_US);
    struct tm parts;
    if (!gmtime_r(&now, &parts)) { abort(); }
    const int month = parts.tm_year * 12 + parts.tm_mon - MONTHS - 1;
    (void)snprintf(text, 16, "%04d-%02d", 1900 + month / 12, month % 12 + 1);
}

enum err demo_map_make_town(const struct demo_site *site, struct why *why)
{
    char script[FILE_PATH_SIZE];
    char town[FILE_PATH_SIZE];
    char first[16];
    write_first_month(first);
    const char *const words[] = {"python3",
                                 demo_path(script, site->options->share, "tools/make-town.py"),
                                 demo_path(town, site->options->state, "town"),
                                 "--incidents",
                                 "12000",
                                 "--first",
                                 first,
                                 NULL};
    const struct process_plan plan = {
        .arguments = words, .output = PROCESS_OUTPUT_INHERIT, .die_with_parent = true};
    struct process_end end = {0};
    CLEANUP(process_free_p) struct process *process = NULL;
    enum err err = process_start(&process, &plan, why);
    if (!err) { err = process_wait(process, TOWN_DEADLINE_US, &end); }
    if (err) { return why_prefix(why, err, "making the town of the map"); }
    return end.status == 0
               ? OK
               : why_set(why, ERR_IO, "tools/make-town.py ended with status %d", end.status);
}

void demo_map_write(const struct demo_site *site, struct text *ini)
{
    const char *state = site->options->state;
    text_format(ini,
                "[archive]\nfile = %s/town/public.pmtiles\nname = town\n\n"
                "[s3]\nendpoint = http://127.0.0.1:%d\nbucket = maps\n\n"
                "[state]\nfolder = %s/map\n\n"
                "[watch]\nfolder = %s/town\nevery_ms = 1000\nsettle_ms = 0\nretry_s = 2\n"
                "inputs = wards.geojson, areas.geojson, streets.geojson, places.geojson, "
                "addresses.csv, incidents.csv, anonymise.ini, public.ini\n\n"
                "[step cells]\narguments = anonymise --quiet --rules anonymise.ini --addresses "
                "addresses.csv -o incidents.geojson incidents.csv\n\n"
                "[step tiles]\narguments = build --quiet --layers public.ini -o public.pmtiles\n",
                state, site->ports.store, state, state);
}

void demo_map_make_keys(struct demo_map_keys *keys)
{
    uint8_t random[KEY_SIZE];
    randombytes_buf(random, sizeof random);
    CLEANUP(text_deinit) struct text hex = text_limited(sizeof random * 2);
    encode_hex(&hex, span_of(random, sizeof random));
    (void)snprintf(keys->store_id, sizeof keys->store_id, "FAKE_S3_KEY_ID=demo");
    (void)snprintf(keys->store_key, sizeof keys->store_key, "FAKE_S3_KEY=%s", text_c(&hex));
    (void)snprintf(keys->publisher_id, sizeof keys->publisher_id, "TOCSIN_S3_KEY_ID=demo");
    (void)snprintf(keys->publisher_key, sizeof keys->publisher_key, "TOCSIN_S3_KEY=%s",
                   text_c(&hex));
    sodium_memzero(random, sizeof random);
    sodium_memzero(hex.data, hex.size);
    const char *const store[] = {keys->store_id, keys->store_key, "PYTHONDONTWRITEBYTECODE=1",
                                 NULL};
    const char *const publisher[] = {keys->publisher_id, keys->publisher_key, NULL};
    memcpy(keys->store, store, sizeof store);
    memcpy(keys->publisher, publisher, sizeof publisher);
}
