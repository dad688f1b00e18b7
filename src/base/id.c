#include "base/id.h"

#include <sodium.h>
#include <stdio.h>

struct id id_new(int64_t wall_us)
{
    uint8_t bytes[16];
    randombytes_buf(bytes, sizeof bytes);
    const uint64_t ms = (uint64_t)(wall_us / 1000);
    for (int i = 0; i < 6; i++) {
        bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    }
    bytes[6] = (uint8_t)(0x70 | (bytes[6] & 0x0f));
    bytes[8] = (uint8_t)(0x80 | (bytes[8] & 0x3f));

    struct id id = {0};
    static const char digits[] = "0123456789abcdef";
    char *at = id.text;
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) { *at++ = '-'; }
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 15];
    }
    *at = '\0';
    return id;
}

bool id_valid(const char *text)
{
    if (strlen(text) != ID_TEXT_SIZE - 1) { return false; }
    for (int i = 0; i < ID_TEXT_SIZE - 1; i++) {
        const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        const bool hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
        if (hyphen ? text[i] != '-' : !hex) { return false; }
    }
    return text[14] == '7' && strchr("89ab", text[19]);
}

int64_t id_wall_us(const char *text)
{
    uint64_t ms = 0;
    for (int i = 0; i < 13; i++) {
        if (text[i] == '-') { continue; }
        const char digit = text[i];
        ms = ms << 4 | (uint64_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
    }
    return (int64_t)ms * 1000;
}
