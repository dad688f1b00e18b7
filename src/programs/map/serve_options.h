/*
 * map/serve_options - the configuration of `tocsin-map serve`.
 */
#pragma once

#include "base/option.h"
#include "release/shelf.h"

struct served_archive {
    char name[OPTION_TEXT_SIZE];
    char file[OPTION_TEXT_SIZE];
    bool is_private;
};

struct serve_options {
    char http_address[OPTION_TEXT_SIZE];
    int64_t http_port, http_connections;
    char http_certificate[OPTION_TEXT_SIZE], http_key[OPTION_TEXT_SIZE];
    char http_public_url[OPTION_TEXT_SIZE];
    char http_origin[OPTION_TEXT_SIZE], http_private_origin[OPTION_TEXT_SIZE];
    int64_t metrics_port;
    char log_level[OPTION_TEXT_SIZE];
    struct served_archive archives[SHELF_ARCHIVES_MAX];
    size_t archive_count;
};

extern const struct option_table serve_options_table;
