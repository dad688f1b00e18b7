/*
 * map/monitor - /health and /metrics in plain HTTP on 127.0.0.1, for the machine itself.
 */
#pragma once

#include "base/err.h"

struct monitor;

MUST_USE enum err monitor_open(struct monitor **out, int port, struct why *why);
void monitor_close(struct monitor *monitor); /* NULL is allowed */
CLEANUP_FOR(struct monitor, monitor_close)
int monitor_port(const struct monitor *monitor);
