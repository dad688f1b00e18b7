/*
 * base/base - the few words of C that every file may use.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Runs `fn(&variable)` when the variable leaves its scope, on every path. */
#define CLEANUP(fn) __attribute__((cleanup(fn)))

/* NOLINTBEGIN(bugprone-macro-parentheses): a type cannot stand in parentheses */
/* Declares `free_fn_p`, so that CLEANUP(free_fn_p) releases a pointer to `type`. */
#define CLEANUP_FOR(type, free_fn)                                                                 \
    static inline void free_fn##_p(type **held)                                                    \
    {                                                                                              \
        free_fn(*held);                                                                            \
    }
/* NOLINTEND(bugprone-macro-parentheses) */

/* Moves ownership out of `ptr`: yields its value and leaves NULL behind. */
#define TAKE(ptr)                                                                                  \
    __extension__({                                                                                \
        __typeof__(ptr) taken_ = (ptr);                                                            \
        (ptr) = NULL;                                                                              \
        taken_;                                                                                    \
    })

/* The result must be looked at. */
#define MUST_USE __attribute__((warn_unused_result))

/* The arguments are checked as printf would check them. */
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* One zeroed `type`. Never NULL: when a small allocation fails, the program ends. */
#define MEM_NEW(type) ((type *)mem_zeroed(sizeof(type)))

/* `count` zeroed elements of `type`. The caller has checked `count` against a named limit. */
#define MEM_ARRAY(type, count) ((type *)mem_zeroed_array((count), sizeof(type)))

void *mem_zeroed(size_t size) __attribute__((malloc, returns_nonnull));
void *mem_zeroed_array(size_t count, size_t size) __attribute__((malloc, returns_nonnull));

/* Grows or shrinks `block` (may be NULL) to `size` bytes, contents kept. Never NULL. */
void *mem_resized(void *block, size_t size) __attribute__((returns_nonnull));

/* A heap copy of `text`; the caller frees it. */
char *mem_text(const char *text) __attribute__((malloc, returns_nonnull));
char *mem_text_of(const char *text, size_t size) __attribute__((malloc, returns_nonnull));

/* For CLEANUP on memory that free() releases: `CLEANUP(mem_free_p) char *name = ...;` */
static inline void mem_free_p(void *held)
{
    free(*(void **)held);
}
