#include "system/backoff.h"

int64_t backoff_fail(struct backoff *backoff, uint32_t random)
{
    const int64_t step_us = backoff->next_us ? backoff->next_us : backoff->least_us;
    backoff->next_us = step_us > backoff->most_us / 2 ? backoff->most_us : step_us * 2;
    const int64_t half_us = step_us / 2;
    return step_us - step_us / 4 + (half_us > 0 ? (int64_t)(random % 1024U) * half_us / 1023 : 0);
}

void backoff_succeed(struct backoff *backoff)
{
    backoff->next_us = 0;
}
