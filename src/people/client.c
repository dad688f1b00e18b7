#include "people/client.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { ADDRESS_BITS = 128, MAPPED_BITS = 96, GROUP_BYTES = 8 };

/* Either family in sixteen bytes. */
static bool read_address(uint8_t out[static 16], const char *text, bool *four)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct in6_addr six;
    struct in_addr short_one;
    *four = inet_pton(AF_INET, text, &short_one) == 1;
    if (*four) {
        memcpy(out, mapped, sizeof mapped);
        memcpy(out + sizeof mapped, &short_one, 4);
        return true;
    }
    if (inet_pton(AF_INET6, text, &six) != 1) { return false; }
    memcpy(out, six.s6_addr, 16);
    *four = memcmp(out, mapped, sizeof mapped) == 0;
    return true;
}

static void write_address(char text[static CLIENT_ADDRESS_SIZE], const uint8_t *address, bool four)
{
    (void)!inet_ntop(four ? AF_INET : AF_INET6, four ? address + 12 : address, text,
                     CLIENT_ADDRESS_SIZE);
}

/* ---- networks ---- */

static bool read_network(struct client_network *network, const char *word)
{
    char address[CLIENT_ADDRESS_SIZE];
    bool four = false;
    const char *slash = strchr(word, '/');
    const size_t size = slash ? (size_t)(slash - word) : strlen(word);
    if (size >= sizeof address) { return false; }
    memcpy(address, word, size);
    address[size] = '\0';
    if (!read_address(network->address, address, &four)) { return false; }
    const bool colon = strchr(address, ':') != NULL;
    const int base = colon ? 0 : MAPPED_BITS;
    network->bits = ADDRESS_BITS;
    if (!slash) { return true; }
    char *end = NULL;
    const long bits = strtol(slash + 1, &end, 10);
    network->bits = base + (int)bits;
    return end != slash + 1 && *end == '\0' && bits >= 0 && bits <= ADDRESS_BITS - base;
}

enum err client_networks_parse(struct client_networks *out, const char *words, struct why *why)
{
    struct client_networks made = {.count = 0};
    for (const char *at = words + strspn(words, " "); *at; at += strspn(at, " ")) {
        char word[CLIENT_ADDRESS_SIZE + 8] = "";
        const size_t size = strcspn(at, " ");
        if (made.count == CLIENT_NETWORK_MAX) {
            return why_set(why, ERR_LIMIT, "at most %d networks fit", CLIENT_NETWORK_MAX);
        }
        if (size < sizeof word) { memcpy(word, at, size); }
        if (!read_network(&made.list[made.count], word)) {
            return why_set(why, ERR_MALFORMED,
                           "\"%.*s\" is no network, expected such as 10.1.2.0/24 or ::1",
                           (int)(size < 60 ? size : 60), at);
        }
        made.count++;
        at += size;
    }
    *out = made;
    return OK;
}

static bool within(const struct client_network *network, const uint8_t *address)
{
    const size_t whole = (size_t)network->bits / 8;
    const int rest = network->bits % 8;
    if (memcmp(network->address, address, whole) != 0) { return false; }
    return rest == 0 || (network->address[whole] ^ address[whole]) >> (8 - rest) == 0;
}

bool client_networks_have(const struct client_networks *networks, const char *address)
{
    uint8_t bytes[16];
    bool four = false;
    if (!read_address(bytes, address, &four)) { return false; }
    for (size_t i = 0; i < networks->count; i++) {
        if (within(&networks->list[i], bytes)) { return true; }
    }
    return false;
}

/* ---- the client ---- */

/* Cuts the last word off a list; false when there is none, or it is no address. */
static bool take_last(const char *list, size_t *size, char address[static CLIENT_ADDRESS_SIZE])
{
    size_t end = *size;
    while (end > 0 && (list[end - 1] == ' ' || list[end - 1] == '\t')) {
        end--;
    }
    size_t begin = end;
    while (begin > 0 && list[begin - 1] != ',' && list[begin - 1] != ' ') {
        begin--;
    }
    *size = begin;
    while (*size > 0 && list[*size - 1] != ',') {
        --*size;
    }
    *size -= *size > 0;
    uint8_t bytes[16];
    bool four = false;
    char word[CLIENT_ADDRESS_SIZE] = "";
    if (end == begin || end - begin >= sizeof word) { return false; }
    memcpy(word, list + begin, end - begin);
    if (!read_address(bytes, word, &four)) { return false; }
    write_address(address, bytes, four);
    return true;
}

void client_find(const struct client_networks *trusted, const char *peer, const char *forwarded,
                 char address[static CLIENT_ADDRESS_SIZE])
{
    uint8_t bytes[16];
    bool four = false;
    (void)snprintf(address, CLIENT_ADDRESS_SIZE, "%s", peer);
    if (read_address(bytes, peer, &four)) { write_address(address, bytes, four); }
    size_t size = forwarded ? strlen(forwarded) : 0;
    while (size > 0 && client_networks_have(trusted, address)) {
        if (!take_last(forwarded, &size, address)) {
            return;
        } /* a proxy's slip: it is the client */
    }
}

void client_group(const char *address, char group[static CLIENT_ADDRESS_SIZE])
{
    uint8_t bytes[16];
    bool four = false;
    if (!read_address(bytes, address, &four)) {
        (void)snprintf(group, CLIENT_ADDRESS_SIZE, "%s", address);
        return;
    }
    if (!four) { memset(bytes + GROUP_BYTES, 0, sizeof bytes - GROUP_BYTES); }
    write_address(group, bytes, four);
}
