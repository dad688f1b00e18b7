/*
 * enrol/options - the configuration of tocsin-enrol: one table reads, checks and explains it.
 */
#pragma once

#include "base/option.h"
#include "trust/tier.h"

struct options {
    char ca_key[OPTION_TEXT_SIZE];
    char ca_certificate[OPTION_TEXT_SIZE];
    char ca_also[OPTION_TEXT_SIZE];
    char http_address[OPTION_TEXT_SIZE];
    int64_t http_port;
    char http_names[OPTION_TEXT_SIZE];
    char state_folder[OPTION_TEXT_SIZE];
    char broker_host[OPTION_TEXT_SIZE];
    int64_t broker_port;
    char broker_prefix[OPTION_TEXT_SIZE];
    int64_t issue_life_s;
    char log_level[OPTION_TEXT_SIZE];
};

extern const struct option_table options_table;

/* How long a certificate of `role` is valid: short where a program renews it by itself. */
int64_t options_life_s(const struct options *given, enum role role);
