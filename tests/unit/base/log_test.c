#include "base/log.h"

#include "check.h"

#include <unistd.h>

/* What log_event writes, through a pipe in place of standard error. */
static char line[8192];

static void capture(const char *event, const char *key, const char *value)
{
    int ends[2];
    if (pipe(ends) != 0) { return; }
    const int kept = dup(STDERR_FILENO);
    (void)dup2(ends[1], STDERR_FILENO);
    log_event(LOG_LEVEL_INFO, event, key, value, NULL);
    (void)dup2(kept, STDERR_FILENO);
    (void)close(kept);
    (void)close(ends[1]);
    const ssize_t size = read(ends[0], line, sizeof line - 1);
    line[size > 0 ? size : 0] = '\0';
    (void)close(ends[0]);
}

static void knows_levels_by_name(void)
{
    struct why why = {.text = ""};
    enum log_level level = LOG_LEVEL_INFO;
    CHECK(log_level_parse(&level, "error", &why) == OK && level == LOG_LEVEL_ERROR);
    CHECK(log_level_parse(&level, "debug", &why) == OK && level == LOG_LEVEL_DEBUG);
    CHECK(log_level_parse(&level, "loud", &why) == ERR_RANGE && level == LOG_LEVEL_DEBUG);
    CHECK(strstr(why.text, "\"loud\""));
}

int main(void)
{
    knows_levels_by_name();
    log_open("test", LOG_LEVEL_INFO);
    capture("alert.sent", "zone", "north");
    CHECK(strlen(line) > 28 && strcmp(line + 27, " info test alert.sent zone=north\n") == 0);
    capture("x", "value", "a b=\"c\"\n2026 forged line\x7f");
    CHECK(strstr(line, " value=\"a b=\\\"c\\\"\\x0a2026 forged line\\x7f\"\n"));
    CHECK(strchr(line, '\n') == line + strlen(line) - 1);
    capture("x", "value", NULL);
    CHECK(strstr(line, " value=-\n"));
    capture("x", "value", "");
    CHECK(strstr(line, " value=\"\"\n"));
    static char huge[6000];
    memset(huge, 'a', sizeof huge - 1);
    capture("x", "value", huge);
    CHECK(strlen(line) < 700 && line[strlen(line) - 1] == '\n');
    log_open("test", LOG_LEVEL_WARNING);
    capture("x", "value", "dropped");
    CHECK(line[0] == '\0');
    CHECK_TEXT(LOG_NUMBER(-42), "-42");
    return CHECK_DONE();
}
