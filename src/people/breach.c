#include "people/breach.h"

#include <stdint.h>
#include <string.h>

#include "base/span.h"
#include "people/password.h"

enum { PART_SIZE_MIN = 4 };

__asm__(".pushsection .rodata\n"
        ".balign 8\n"
        "breach_size: .quad breach_end - breach_begin\n"
        "breach_begin: .incbin \"" BREACH_PATH "\"\n"
        "breach_end:\n"
        ".popsection\n");

extern const uint64_t breach_size;
extern const uint8_t breach_begin[];

/* Lines end with '\n', which sorts before every letter. */
static int compare(const char *word, size_t size, const uint8_t *line)
{
    for (size_t i = 0; i < size; i++) {
        const int difference = (unsigned char)word[i] - line[i];
        if (difference != 0) { return difference; }
    }
    return '\n' - line[size];
}

/* Binary search over the lines: the middle byte lies in one of them. */
static bool listed(const char *word, size_t size)
{
    uint64_t low = 0; /* always the begin of a line */
    uint64_t high = breach_size;
    while (size >= PART_SIZE_MIN && low < high) {
        uint64_t middle = low + (high - low) / 2;
        while (middle > low && breach_begin[middle - 1] != '\n') {
            middle--;
        }
        const int side = compare(word, size, breach_begin + middle);
        if (side == 0) { return true; }
        if (side < 0) {
            high = middle;
            continue;
        }
        while (breach_begin[middle] != '\n') {
            middle++;
        }
        low = middle + 1;
    }
    return false;
}

static bool is_letter(char letter)
{
    return letter >= 'a' && letter <= 'z';
}

/* What is left without the digits and signs at both ends. */
static struct span core_of(const char *word, size_t size)
{
    while (size > 0 && !is_letter(word[size - 1])) {
        size--;
    }
    while (size > 0 && !is_letter(*word)) {
        word++;
        size--;
    }
    return span_of(word, size);
}

/* abcabcab repeats abc; the last time may be cut short. */
static bool listed_or_repeated(const char *word, size_t size)
{
    if (listed(word, size)) { return true; }
    for (size_t part = 1; part <= size / 2; part++) {
        if (memcmp(word, word + part, size - part) == 0) {
            return part < PART_SIZE_MIN || listed(word, part);
        }
    }
    return false;
}

bool breach_knows(const char *password)
{
    char word[PASSWORD_SIZE_MAX];
    const size_t size = strlen(password);
    if (size > sizeof word) { return false; }
    for (size_t i = 0; i < size; i++) {
        const char letter = password[i];
        word[i] = (char)(letter >= 'A' && letter <= 'Z' ? letter + ('a' - 'A') : letter);
    }
    const struct span core = core_of(word, size);
    const bool known =
        listed_or_repeated(word, size) || (core.size >= PART_SIZE_MIN && core.size * 3 >= size &&
                                           listed_or_repeated((const char *)core.data, core.size));
    explicit_bzero(word, sizeof word);
    return known;
}
