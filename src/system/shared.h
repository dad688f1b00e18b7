/*
 * system/shared - the two things that threads may share without a queue: a reference count of
 * something that never changes, and a flag that asks a thread to stop.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

struct shared_count {
    atomic_uint holders;
};

static inline void shared_count_init(struct shared_count *count)
{
    atomic_init(&count->holders, 1);
}

static inline void shared_count_hold(struct shared_count *count)
{
    (void)atomic_fetch_add_explicit(&count->holders, 1, memory_order_relaxed);
}

/* True for the last holder, which then releases the thing. */
static inline bool shared_count_drop(struct shared_count *count)
{
    return atomic_fetch_sub_explicit(&count->holders, 1, memory_order_acq_rel) == 1;
}

struct shared_flag {
    atomic_bool raised;
};

static inline void shared_flag_raise(struct shared_flag *flag)
{
    atomic_store(&flag->raised, true);
}

static inline bool shared_flag_raised(const struct shared_flag *flag)
{
    return atomic_load(&flag->raised);
}
