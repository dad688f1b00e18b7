#include "system/backoff.h"

#include "check.h"

int main(void)
{
    struct backoff backoff = backoff_between(1000, 60000);
    const int64_t steps[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        struct backoff other = backoff;
        struct backoff third = backoff;
        CHECK(backoff_fail(&other, 0) == steps[i] - steps[i] / 4);
        CHECK(backoff_fail(&third, 1023) == steps[i] - steps[i] / 4 + steps[i] / 2);
        const int64_t wait = backoff_fail(&backoff, (uint32_t)i * 2654435761U);
        CHECK(wait >= steps[i] * 3 / 4 && wait <= steps[i] * 5 / 4);
    }
    backoff_succeed(&backoff);
    CHECK(backoff_fail(&backoff, 0) == 750);
    struct backoff none = backoff_between(1, 1);
    CHECK(backoff_fail(&none, UINT32_MAX) == 1);
    return CHECK_DONE();
}
