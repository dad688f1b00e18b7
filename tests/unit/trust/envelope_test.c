#include "trust/envelope.h"

#include "check.h"

int main(void)
{
    static const char *const names[] = {"admit",     "oversized", "malformed", "unsigned",
                                        "untrusted", "revoked",   "wrong_key", "over_tier",
                                        "stale",     "replayed",  "forged",    "misplaced"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CHECK_TEXT(verdict_name((enum verdict)i), names[i]);
    }

    struct why why = {0};
    struct envelope envelope = {.signer = {.role = ROLE_EDGE, .name = "north-1"}};
    CHECK(envelope_from(&envelope, "north-1", &why) == VERDICT_ADMIT);
    CHECK(envelope_from(&envelope, "north-2", &why) == VERDICT_MISPLACED);
    CHECK(strstr(why.text, "north-2") != NULL);
    envelope.signer.role = ROLE_GATEWAY;
    CHECK(envelope_from(&envelope, "north-1", &why) == VERDICT_ADMIT);
    envelope.signer.role = ROLE_CONTROL; /* even control cannot speak as a device */
    CHECK(envelope_from(&envelope, "north-1", NULL) == VERDICT_MISPLACED);

    envelope.whole = value_object();
    envelope_deinit(&envelope);
    CHECK(!envelope.whole && !envelope.content);
    envelope_deinit(&envelope);
    return CHECK_DONE();
}
