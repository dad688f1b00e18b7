/*
 * gateway/options - the configuration of tocsin-gateway: one table reads, checks and explains it.
 */
#pragma once

#include "base/option.h"

struct options {
    char site_name[OPTION_TEXT_SIZE];
    char site_ca[OPTION_TEXT_SIZE];
    char certificate[OPTION_TEXT_SIZE];
    char key[OPTION_TEXT_SIZE];
    char broker_host[OPTION_TEXT_SIZE];
    int64_t broker_port;
    char broker_prefix[OPTION_TEXT_SIZE];
    char zone[OPTION_TEXT_SIZE];
    int64_t emergency_approvals;
    char state_folder[OPTION_TEXT_SIZE];
    char http_address[OPTION_TEXT_SIZE];
    int64_t http_port;
    char enrol_url[OPTION_TEXT_SIZE];
    char enrol_fingerprint[OPTION_TEXT_SIZE];
    char enrol_token_file[OPTION_TEXT_SIZE];
    int64_t enrol_look_s;
    char log_level[OPTION_TEXT_SIZE];
};

extern const struct option_table options_table;
