/*
 * edge/options - the configuration of tocsin-edge: one table reads, checks and explains it.
 */
#pragma once

#include "base/option.h"

enum { OPTIONS_LANGUAGE_MAX = 16 };

struct options {
    char site_name[OPTION_TEXT_SIZE];
    char site_ca[OPTION_TEXT_SIZE];
    char certificate[OPTION_TEXT_SIZE];
    char key[OPTION_TEXT_SIZE];
    char broker_host[OPTION_TEXT_SIZE];
    int64_t broker_port;
    char broker_prefix[OPTION_TEXT_SIZE];
    char zone[OPTION_TEXT_SIZE];
    char state_folder[OPTION_TEXT_SIZE];
    char media_folder[OPTION_TEXT_SIZE];
    char watch_socket[OPTION_TEXT_SIZE];
    char http_address[OPTION_TEXT_SIZE];
    int64_t http_port;
    char http_public_url[OPTION_TEXT_SIZE];
    int64_t metrics_port;
    int64_t sign_width, sign_height, sign_brightness_percent;
    bool sign_exercises;
    int64_t emergency_approvals;
    char sign_languages[OPTION_TEXT_SIZE];
    char sign_fonts[OPTION_TEXT_SIZE];
    char tamper_file[OPTION_TEXT_SIZE];
    char position_nmea[OPTION_TEXT_SIZE];
    char enrol_url[OPTION_TEXT_SIZE];
    char enrol_fingerprint[OPTION_TEXT_SIZE];
    char enrol_token_file[OPTION_TEXT_SIZE];
    int64_t enrol_look_s;
    char log_level[OPTION_TEXT_SIZE];
};

extern const struct option_table options_table;

/*
 * Cuts a list such as "hi, ml,en" into `list` (NULL-terminated, pointing into `text`, which is
 * changed). Beyond OPTIONS_LANGUAGE_MAX entries the rest is left out.
 */
void options_split(char *text, const char *list[static OPTIONS_LANGUAGE_MAX + 1]);
