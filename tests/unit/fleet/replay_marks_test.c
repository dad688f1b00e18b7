/* What was seen before a restart is refused after it. */
#include "fleet/replay_marks.h"

#include "check.h"
#include "migrations/edge.h"
#include "site.h"
#include "tables.h"

int main(void)
{
    struct test_site site;
    struct tables tables;
    struct replay_marks *marks = NULL;
    test_site_open(&site, "demo");
    tables_open(&tables, MIGRATIONS_EDGE, ARRAY_LEN(MIGRATIONS_EDGE));
    CLEANUP(signer_close_p) struct signer *signer = test_site_signer(&site, ROLE_CONTROL, "c");
    CLEANUP(text_deinit)
    struct text message = test_message(signer, TIER_INFORMATIONAL, "confirm", TEST_NOW_US);
    {
        CLEANUP(verifier_close_p) struct verifier *verifier = test_site_verifier(&site);
        CLEANUP(envelope_deinit) struct envelope envelope = {0};
        CHECK(verifier_judge(verifier, text_span(&message), TEST_NOW_US, &envelope, NULL) ==
              VERDICT_ADMIT);
        CHECK(replay_marks_open(&marks, tables.database, NULL) == OK);
        CHECK(replay_marks_save(marks, verifier, NULL) == OK);
        replay_marks_close(marks);
    }
    tables_reopen(&tables);
    CLEANUP(verifier_close_p) struct verifier *verifier = test_site_verifier(&site);
    CLEANUP(envelope_deinit) struct envelope envelope = {0};
    CHECK(replay_marks_open(&marks, tables.database, NULL) == OK);
    CHECK(replay_marks_load(marks, verifier, NULL) == OK);
    CHECK(verifier_judge(verifier, text_span(&message), TEST_NOW_US, &envelope, NULL) ==
          VERDICT_REPLAYED);
    replay_marks_close(marks);
    tables_close(&tables);
    test_site_close(&site);
    return CHECK_DONE();
}
