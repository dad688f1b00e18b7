/*
 * broker/prompt - small messages leave a broker at once, also through its bridge.
 *
 * Mosquitto 2.0 sets TCP_NODELAY on connections that it accepts (set_tcp_nodelay), not on the one
 * that its bridge opens: a receipt that follows the PUBACK of its alert then waits up to 40 ms for
 * a delayed ACK. This sets it on every TCP socket of the process, five times a second at most.
 */
#pragma once

#include <stdint.h>

/* Call it often; `now_us` is monotonic. */
void prompt_tick(int64_t now_us);
