#include "base/id.h"

#include "base/clock.h"

#include "check.h"

int main(void)
{
    const int64_t now_us = INT64_C(1700000000123456);
    const struct id one = id_new(now_us);
    const struct id two = id_new(now_us);
    const struct id later = id_new(now_us + 1000);
    CHECK(id_valid(one.text) && id_valid(two.text));
    CHECK(strcmp(one.text, two.text) != 0);
    CHECK(strcmp(one.text, later.text) < 0 && strcmp(two.text, later.text) < 0);
    CHECK(id_wall_us(one.text) == INT64_C(1700000000123000));

    /* RFC 9562 appendix A.6. */
    CHECK(id_valid("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"));
    CHECK(id_wall_us("017f22e2-79b0-7cc3-98c4-dc0c0c07398f") == INT64_C(1645557742000) * 1000);

    CHECK(!id_valid(""));
    CHECK(!id_valid("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"));
    CHECK(!id_valid("017f22e2-79b0-4cc3-98c4-dc0c0c07398f"));
    CHECK(!id_valid("017f22e2-79b0-7cc3-c8c4-dc0c0c07398f"));
    CHECK(!id_valid("017f22e279b0-7cc3-98c4-dc0c0c07398f-"));
    CHECK(!id_valid("017f22e2-79b0-7cc3-98c4-dc0c0c07398f0"));
    return CHECK_DONE();
}
