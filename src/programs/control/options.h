/*
 * control/options - the configuration of tocsin-control.
 */
#pragma once

#include "base/option.h"

enum { CONTROL_ZONE_MAX = 64, CONTROL_PLACE_MAX = 512, CONTROL_WITNESS_MAX = 8 };

/* A witness of the audit log that is not a gateway of this site. */
struct control_witness {
    char name[OPTION_TEXT_SIZE];
    char url[OPTION_TEXT_SIZE];
    char key[OPTION_TEXT_SIZE]; /* vkey, of a cosignature/v1 */
    char ca[OPTION_TEXT_SIZE];
};

struct control_zone {
    char name[OPTION_TEXT_SIZE];
    char title[OPTION_TEXT_SIZE];
    char area[OPTION_TEXT_SIZE]; /* as fleet/area reads it; "" = not known */
};

/* Where a device stands: of the site's survey, not of the device's own words. */
struct control_place {
    char name[OPTION_TEXT_SIZE];
    double latitude, longitude;
};

struct control_options {
    char site[OPTION_TEXT_SIZE], ca[OPTION_TEXT_SIZE];
    char certificate[OPTION_TEXT_SIZE], key[OPTION_TEXT_SIZE];
    char exercise_certificate[OPTION_TEXT_SIZE], exercise_key[OPTION_TEXT_SIZE];
    char broker_host[OPTION_TEXT_SIZE], broker_prefix[OPTION_TEXT_SIZE];
    int64_t broker_port;
    char state_folder[OPTION_TEXT_SIZE];
    bool several;
    char redis_address[OPTION_TEXT_SIZE];
    int64_t redis_wait_ms;
    char database_address[OPTION_TEXT_SIZE], database_owner[OPTION_TEXT_SIZE];
    char http_address[OPTION_TEXT_SIZE];
    int64_t emergency_approvals;
    int64_t events_days;
    int64_t http_port, http_workers, http_connections;
    char http_certificate[OPTION_TEXT_SIZE], http_key[OPTION_TEXT_SIZE];
    bool http_behind_proxy;
    char http_proxies[OPTION_TEXT_SIZE];
    int64_t http_rate_account, http_rate_stranger;
    int64_t token_key_s;
    char second_factor_roles[OPTION_TEXT_SIZE];
    int64_t oidc_max_age_s;
    char oidc_issuer[OPTION_TEXT_SIZE], oidc_client_id[OPTION_TEXT_SIZE];
    char oidc_origin[OPTION_TEXT_SIZE], oidc_name[OPTION_TEXT_SIZE], oidc_ca[OPTION_TEXT_SIZE];
    char web_folder[OPTION_TEXT_SIZE], map_url[OPTION_TEXT_SIZE], map_exact_url[OPTION_TEXT_SIZE];
    char audit_origin[OPTION_TEXT_SIZE];
    int64_t audit_keep_days, audit_epoch_days;
    bool audit_public;
    char enrol_url[OPTION_TEXT_SIZE], enrol_fingerprint[OPTION_TEXT_SIZE];
    char enrol_token_file[OPTION_TEXT_SIZE];
    int64_t enrol_look_s;
    char log_level[OPTION_TEXT_SIZE];
    struct control_zone zones[CONTROL_ZONE_MAX];
    size_t zone_count;
    struct control_place places[CONTROL_PLACE_MAX];
    size_t place_count;
    struct control_witness witnesses[CONTROL_WITNESS_MAX];
    size_t witness_count;
};

extern const struct option_table CONTROL_OPTIONS;

/*
 * Where the exact map comes from: the origin as below, and the archive's name. Both "" when there
 * is none. ERR_RANGE when map.exact_url is no address of an archive that a page may read.
 */
MUST_USE enum err control_exact_map(char origin[static OPTION_TEXT_SIZE],
                                    char name[static OPTION_TEXT_SIZE], const char *exact_url,
                                    struct why *why);

/*
 * Where the map comes from, for the page's policy: "https://maps.town.example"; "" when it is our
 * own or there is none. ERR_RANGE when map.url is no address that a page may read.
 */
MUST_USE enum err control_map_origin(char origin[static OPTION_TEXT_SIZE], const char *map_url,
                                     struct why *why);
