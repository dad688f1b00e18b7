/*
 * tests/mutation - what chance does to bytes, the same in every run (xorshift64).
 */
#pragma once

#include <string.h>

#include "base/text.h"

static uint64_t mutation_state = UINT64_C(0x9e3779b97f4a7c15);

static inline uint64_t mutation_any(uint64_t below)
{
    mutation_state ^= mutation_state << 13;
    mutation_state ^= mutation_state >> 7;
    mutation_state ^= mutation_state << 17;
    return mutation_state % below;
}

/* Flips a bit, cuts the end off, takes bytes out, doubles some, or swaps two runs. */
static inline void mutate(struct text *bytes)
{
    const size_t at = mutation_any(bytes->size);
    const size_t run = 1 + mutation_any(bytes->size - at < 40 ? bytes->size - at : 40);
    const size_t other = mutation_any(bytes->size - run + 1);
    switch (mutation_any(5)) {
    case 0: bytes->data[at] ^= (char)(1 << mutation_any(8)); break;
    case 1: bytes->size = at; break;
    case 2:
        memmove(bytes->data + at, bytes->data + at + run, bytes->size - at - run);
        bytes->size -= run;
        break;
    case 3: memmove(bytes->data + other, bytes->data + at, run); break;
    default: text_add_bytes(bytes, span_of("again\n", 6)); break;
    }
}
