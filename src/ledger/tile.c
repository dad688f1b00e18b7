#include "ledger/tile.h"

#include <assert.h>
#include <stdio.h>

enum { PATH_PARTS_MAX = 25 }; /* five times "x123/": more than MERKLE_SIZE_MAX needs */

/* Three digits a part, all but the last behind an x: 1234067 is x001/x234/067. */
static size_t write_number(char *path, size_t size, uint64_t number)
{
    unsigned parts[8];
    size_t count = 0;
    do {
        parts[count++] = (unsigned)(number % 1000);
        number /= 1000;
    } while (number > 0 && count < ARRAY_LEN(parts));
    size_t used = 0;
    while (count-- > 0) {
        used += (size_t)snprintf(path + used, size - used, count ? "x%03u/" : "%03u", parts[count]);
    }
    return used;
}

void tile_path(char path[static TILE_PATH_SIZE], const struct tile_place *place)
{
    size_t used = place->entries ? (size_t)snprintf(path, TILE_PATH_SIZE, "tile/entries/")
                                 : (size_t)snprintf(path, TILE_PATH_SIZE, "tile/%u/", place->level);
    used += write_number(path + used, TILE_PATH_SIZE - used, place->number);
    if (place->width < TILE_WIDTH) {
        (void)snprintf(path + used, TILE_PATH_SIZE - used, ".p/%u", place->width);
    }
}

/* A decimal without leading zeroes, at most `most`; the text behind it, or NULL. */
static const char *read_decimal(const char *at, unsigned most, unsigned *number)
{
    unsigned read = 0;
    const char *begin = at;
    for (; *at >= '0' && *at <= '9'; at++) {
        read = read * 10 + (unsigned)(*at - '0');
        if (read > most) { return NULL; }
    }
    if (at == begin || (*begin == '0' && at - begin > 1)) { return NULL; }
    *number = read;
    return at;
}

static bool read_digits(const char *at, uint64_t *number)
{
    for (int i = 0; i < 3; i++) {
        if (at[i] < '0' || at[i] > '9') { return false; }
        *number = *number * 10 + (uint64_t)(at[i] - '0');
    }
    return true;
}

static const char *read_number(const char *at, uint64_t *number)
{
    uint64_t read = 0;
    const char *begin = at;
    while (*at == 'x') {
        if (at - begin >= PATH_PARTS_MAX || !read_digits(at + 1, &read) || at[4] != '/') {
            return NULL;
        }
        at += 5;
    }
    if (!read_digits(at, &read)) { return NULL; }
    *number = read;
    return at + 3;
}

/* Behind "tile/": what kind of file, and of which level. */
static const char *read_kind(const char *at, struct tile_place *place)
{
    static const char entries[] = "entries/";
    if (strncmp(at, entries, strlen(entries)) == 0) {
        place->entries = true;
        return at + strlen(entries);
    }
    at = read_decimal(at, TILE_LEVEL_MAX, &place->level);
    return at && *at == '/' ? at + 1 : NULL;
}

/* Behind the number: nothing, or the width of a partial tile. */
static bool read_width(const char *at, struct tile_place *place)
{
    if (strncmp(at, ".p/", 3) == 0) { at = read_decimal(at + 3, TILE_WIDTH - 1, &place->width); }
    return at && *at == '\0' && place->width > 0;
}

enum err tile_path_parse(struct tile_place *place, const char *path, struct why *why)
{
    struct tile_place read = {.width = TILE_WIDTH};
    char again[TILE_PATH_SIZE];
    const char *at = strncmp(path, "tile/", 5) == 0 ? read_kind(path + 5, &read) : NULL;
    if (at) { at = read_number(at, &read.number); }
    if (at && read_width(at, &read)) {
        tile_path(again, &read); /* one number has one path: no x000 before it */
        if (strcmp(again, path) == 0) {
            *place = read;
            return OK;
        }
    }
    return why_set(why, ERR_MALFORMED, "\"%.80s\" is no path of a tile such as tile/0/x001/067.p/8",
                   path);
}

unsigned tile_width(uint64_t size, unsigned level, uint64_t number)
{
    assert(level <= TILE_LEVEL_MAX);
    const uint64_t hashes = size >> (TILE_HEIGHT * level);
    if (number > UINT64_MAX / TILE_WIDTH || number * TILE_WIDTH >= hashes) { return 0; }
    const uint64_t left = hashes - number * TILE_WIDTH;
    return left < TILE_WIDTH ? (unsigned)left : TILE_WIDTH;
}

struct tile_place tile_of_node(uint64_t size, unsigned level, uint64_t index, unsigned *first,
                               unsigned *count)
{
    const unsigned tile_level = level / TILE_HEIGHT;
    const unsigned inner = level % TILE_HEIGHT;
    const uint64_t begin = index << inner;
    *first = (unsigned)(begin % TILE_WIDTH);
    *count = 1U << inner;
    const uint64_t number = begin / TILE_WIDTH;
    return (struct tile_place){
        .level = tile_level, .number = number, .width = tile_width(size, tile_level, number)};
}

struct merkle_hash tile_fold(const struct merkle_hash *hashes, unsigned count)
{
    assert(count > 0 && count <= TILE_WIDTH && (count & (count - 1)) == 0);
    struct merkle_hash row[TILE_WIDTH];
    memcpy(row, hashes, count * sizeof *hashes);
    for (; count > 1; count /= 2) {
        for (size_t i = 0; i < count / 2; i++) {
            row[i] = merkle_node(&row[2 * i], &row[2 * i + 1]);
        }
    }
    return row[0];
}

enum err bundle_add(struct text *bundle, struct span entry, struct why *why)
{
    if (entry.size > UINT16_MAX) {
        return why_set(why, ERR_LIMIT, "an entry has %zu bytes, expected at most %d", entry.size,
                       UINT16_MAX);
    }
    text_add_char(bundle, (char)(entry.size >> 8));
    text_add_char(bundle, (char)(entry.size & 0xff));
    text_add_bytes(bundle, entry);
    return bundle->overflow ? why_set(why, ERR_LIMIT, "a bundle of entries is too large") : OK;
}

enum err bundle_next(struct cursor *bundle, struct span *entry, struct why *why)
{
    struct cursor at = *bundle;
    const struct span read = cursor_bytes(&at, cursor_u16(&at));
    if (at.short_read) { return why_set(why, ERR_MALFORMED, "a bundle of entries is cut off"); }
    *entry = read;
    *bundle = at;
    return OK;
}
