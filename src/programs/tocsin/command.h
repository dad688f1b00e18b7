/*
 * tocsin - the operator's command line: one function per sub-command, one table in main.c.
 */
#pragma once

#include "base/command.h"
#include "base/err.h"

int ca_command(int argc, char *argv[]);
int device_command(int argc, char *argv[]);
int operator_command(int argc, char *argv[]);
int sign_command(int argc, char *argv[]);
int verify_command(int argc, char *argv[]);
int audit_command(int argc, char *argv[]);
int key_command(int argc, char *argv[]);
int demo_command(int argc, char *argv[]);

/* Says on standard error what went wrong in `command`, and returns the exit status for `err`. */
int command_failed(const char *command, enum err err, const struct why *why);
