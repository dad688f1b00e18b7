/*
 * detector/wide - for functions whose loops gain from wide registers.
 *
 * A function marked WIDE is compiled twice, for x86-64-v3 (AVX2, FMA) and for any x86-64; the
 * loader chooses. Not under sanitizers, which get in before the loader does, and not with clang 14.
 */
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&                             \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define WIDE __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define WIDE __attribute__((noinline)) /* as clones are: their stack is their own */
#endif
