/*
 * control/options - the configuration of tocsin-control.
 */
#pragma once

#include "base/option.h"

enum { CONTROL_ZONE_MAX = 64 };

struct control_zone {
    char name[OPTION_TEXT_SIZE];
    char title[OPTION_TEXT_SIZE];
};

struct control_options {
    char site[OPTION_TEXT_SIZE], ca[OPTION_TEXT_SIZE];
    char certificate[OPTION_TEXT_SIZE], key[OPTION_TEXT_SIZE];
    char broker_host[OPTION_TEXT_SIZE], broker_prefix[OPTION_TEXT_SIZE];
    int64_t broker_port;
    char state_folder[OPTION_TEXT_SIZE];
    char http_address[OPTION_TEXT_SIZE];
    int64_t events_days;
    int64_t http_port, http_workers, http_connections;
    char http_certificate[OPTION_TEXT_SIZE], http_key[OPTION_TEXT_SIZE];
    bool http_behind_proxy;
    int64_t token_key_s;
    char second_factor_roles[OPTION_TEXT_SIZE];
    char web_folder[OPTION_TEXT_SIZE];
    char log_level[OPTION_TEXT_SIZE];
    struct control_zone zones[CONTROL_ZONE_MAX];
    size_t zone_count;
};

extern const struct option_table CONTROL_OPTIONS;
