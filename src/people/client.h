/*
 * people/client - from where a request really comes, and with whom it is counted.
 *
 * A proxy appends the address that it saw to X-Forwarded-For. Only what proxies of ours wrote is
 * believed: beginning with the peer, the list is walked from the right for as long as the address
 * at hand is a trusted proxy; what stands left of the first stranger is that stranger's own text.
 * Who has one IPv6 address has 2^64 of them: a /64 counts as one. Pure; any thread.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

enum { CLIENT_ADDRESS_SIZE = 46, CLIENT_NETWORK_MAX = 16 };

struct client_network {
    uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
    int bits;
};
struct client_networks {
    struct client_network list[CLIENT_NETWORK_MAX];
    size_t count;
};
/* "127.0.0.0/8 ::1 10.1.2.0/24"; a missing length is the whole address. ERR_MALFORMED, ERR_LIMIT.
 */
MUST_USE enum err client_networks_parse(struct client_networks *out, const char *words,
                                        struct why *why);
bool client_networks_have(const struct client_networks *networks, const char *address);

/* `forwarded` is every X-Forwarded-For line, joined by commas; NULL = none. */
void client_find(const struct client_networks *trusted, const char *peer, const char *forwarded,
                 char address[static CLIENT_ADDRESS_SIZE]);

/* The name under which an address is counted. */
void client_group(const char *address, char group[static CLIENT_ADDRESS_SIZE]);
