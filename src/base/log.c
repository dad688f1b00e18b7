#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

enum { LINE_SIZE_MAX = 4096, VALUE_SIZE_MAX = 512 };

static const char *program_name = "tocsin";
static enum log_level level_least = LOG_LEVEL_INFO;

void log_open(const char *program, enum log_level least)
{
    program_name = program;
    level_least = least;
}

const char *log_number(char text[static 24], int64_t number)
{
    (void)snprintf(text, 24, "%lld", (long long)number);
    return text;
}

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_DEBUG: return "debug";
    case LOG_LEVEL_INFO: return "info";
    case LOG_LEVEL_WARNING: return "warning";
    case LOG_LEVEL_ERROR: return "error";
    }
    abort(); /* unreachable: -Wswitch-enum keeps the list complete */
}

enum err log_level_parse(enum log_level *out, const char *name, struct why *why)
{
    for (enum log_level level = LOG_LEVEL_DEBUG; level <= LOG_LEVEL_ERROR; level++) {
        if (strcmp(level_name(level), name) == 0) {
            *out = level;
            return OK;
        }
    }
    return why_set(why, ERR_RANGE, "log.level is \"%.60s\", expected debug, info, warning or error",
                   name);
}

static bool plain(const char *value)
{
    for (const char *at = value; *at; at++) {
        const unsigned char letter = (unsigned char)*at;
        if (letter <= ' ' || letter == '"' || letter == '=' || letter == '\\' || letter == 127) {
            return false;
        }
    }
    return *value != '\0';
}

static void add_value(struct text *line, const char *value)
{
    if (plain(value)) {
        text_add_bytes(line, span_of(value, strnlen(value, VALUE_SIZE_MAX)));
        return;
    }
    text_add_char(line, '"');
    for (size_t i = 0; i < VALUE_SIZE_MAX && value[i]; i++) {
        const unsigned char letter = (unsigned char)value[i];
        if (letter == '"' || letter == '\\') {
            text_format(line, "\\%c", letter);
        } else if (letter < ' ' || letter == 127) {
            text_format(line, "\\x%02x", letter);
        } else {
            text_add_char(line, (char)letter);
        }
    }
    text_add_char(line, '"');
}

void log_event(enum log_level level, const char *event, ...)
{
    if (level < level_least) { return; }
    CLEANUP(text_deinit) struct text line = text_limited(LINE_SIZE_MAX);
    char now[CLOCK_TEXT_SIZE];
    text_format(&line, "%s %s %s %s", clock_text(now, clock_wall_us()), level_name(level),
                program_name, event);
    va_list pairs;
    va_start(pairs, event);
    for (const char *key = va_arg(pairs, const char *); key; key = va_arg(pairs, const char *)) {
        const char *value = va_arg(pairs, const char *);
        text_format(&line, " %s=", key);
        add_value(&line, value ? value : "-");
    }
    va_end(pairs);
    line.overflow = false; /* a line that is too long loses its last pairs, never its end */
    line.size_max++;
    text_add_char(&line, '\n');
    const ssize_t written = write(STDERR_FILENO, text_c(&line), line.size);
    (void)written; /* there is nowhere to report that standard error is gone */
}
