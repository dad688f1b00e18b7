#include "base/command.h"

#include "check.h"

static int sing_command(int argc, char *argv[])
{
    CHECK_TEXT(argv[0], "sing");
    return argc == 2 && strcmp(argv[1], "low") == 0 ? COMMAND_DONE : COMMAND_FAILED;
}

static const struct command commands[] = {
    {"sing", "make a sound", "bird sing PITCH\n", sing_command},
};
static const struct command_table table = {"bird", commands, ARRAY_LEN(commands)};

static int run(const char *first, const char *second)
{
    char words[3][16] = {"bird"};
    char *argv[] = {words[0], first ? words[1] : NULL, second ? words[2] : NULL, NULL};
    if (first) { (void)snprintf(words[1], sizeof words[1], "%s", first); }
    if (second) { (void)snprintf(words[2], sizeof words[2], "%s", second); }
    return command_run(&table, 1 + (first != NULL) + (second != NULL), argv);
}

int main(void)
{
    CHECK(run("sing", "low") == COMMAND_DONE);
    CHECK(run("sing", NULL) == COMMAND_FAILED);
    CHECK(run(NULL, NULL) == COMMAND_MISUSED);
    CHECK(run("fly", NULL) == COMMAND_MISUSED);
    CHECK(run("--version", NULL) == COMMAND_DONE);
    CHECK(run("--help", NULL) == COMMAND_DONE && run("help", "help") == COMMAND_DONE);
    CHECK(run("help", "sing") == COMMAND_DONE && run("help", "fly") == COMMAND_MISUSED);
    return CHECK_DONE();
}
