#include "inspection/policy.h"

#include "check.h"
#include "ledger_keys.h"

static char log_vkey[NOTE_VKEY_SIZE], vkeys[4][NOTE_VKEY_SIZE];
static struct policy policy;

static enum err parse(const char *form, struct why *why)
{
    CLEANUP(text_deinit) struct text text = text_limited(POLICY_SIZE_MAX);
    for (; *form; form++) { /* L is the log's key, 0..3 are the witnesses' */
        if (*form == 'L') {
            text_add(&text, log_vkey);
        } else if (*form >= '0' && *form <= '3' && form[1] != ' ' && form[-1] != 'w') {
            text_add(&text, vkeys[*form - '0']);
        } else {
            text_add_char(&text, *form);
        }
    }
    return policy_parse(&policy, text_span(&text), why);
}

static bool met(bool a, bool b, bool c)
{
    const bool cosigned[POLICY_WITNESSES_MAX] = {a, b, c};
    return policy_met(&policy, cosigned);
}

int main(void)
{
    struct ledger_signer log_key;
    struct why why = {""};
    ledger_signer_open(&log_key, NOTE_KIND_ED25519, "site/audit", 1);
    note_key_write(&log_key.note.key, log_vkey);
    for (uint8_t i = 0; i < 4; i++) {
        struct ledger_signer witness;
        ledger_signer_open(&witness, NOTE_KIND_COSIGNATURE, "site/gateway/w", (uint8_t)(10 + i));
        note_key_write(&witness.note.key, vkeys[i]);
        ledger_signer_close(&witness);
    }
    CHECK(parse("# only the log\n\n \t log L https://example.com/\nquorum none\n", &why) == OK);
    CHECK(policy.log_count == 1 && policy.no_quorum && met(false, false, false));
    CHECK(parse("log L\nwitness wa 0\nquorum wa\n", &why) == OK);
    CHECK(met(true, false, false) && !met(false, true, true));
    static const char witnesses[] = "log L\nwitness wa 0\nwitness wb 1\nwitness wc 2\n";
    char text[256];
    (void)snprintf(text, sizeof text, "%sgroup g 2 wa wb wc\nquorum g\n", witnesses);
    CHECK(parse(text, &why) == OK);
    CHECK(met(true, true, false) && met(false, true, true) && !met(true, false, false));
    (void)snprintf(text, sizeof text, "%sgroup g any wa wb\ngroup h all g wc\nquorum h\n",
                   witnesses);
    CHECK(parse(text, &why) == OK);
    CHECK(met(true, false, true) && met(false, true, true) && !met(true, true, false));
    CHECK(!met(false, false, true));

    static const char *const bad[] = {"",
                                      "log L\n",
                                      "quorum none",
                                      "quorum none\nquorum none\n",
                                      "quorum x\n",
                                      "log\nquorum none\n",
                                      "log 0\nquorum none\n",
                                      "log L\nlog L\nquorum none\n",
                                      "witness wa L\nquorum wa\n",
                                      "witness wa 0\nwitness wb 0\nquorum wa\n",
                                      "witness wa 0\nwitness wa 1\nquorum wa\n",
                                      "witness none 0\nquorum none\n",
                                      "witness wa 0\ngroup g 2 wa\nquorum g\n",
                                      "witness wa 0\ngroup g 0 wa\nquorum g\n",
                                      "witness wa 0\ngroup g any wa\ngroup h any wa\nquorum g\n",
                                      "witness wa 0\ngroup g any\nquorum g\n",
                                      "group g any g\nquorum g\n",
                                      "trust everybody\nquorum none\n",
                                      "quorum none\r\n"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        why.text[0] = '\0';
        const enum err err = parse(bad[i], &why);
        CHECK(err == ERR_MALFORMED && *why.text);
        if (err == OK) { printf("# accepted: %s\n", bad[i]); }
    }
    CHECK(parse("log L\nwitness wa 0\ngroup g 3 wa\nquorum g\n", &why) == ERR_MALFORMED);
    CHECK_TEXT(why.text, "line 3 of the policy: expected group NAME all|any|K MEMBER...");
    ledger_signer_close(&log_key);
    return CHECK_DONE();
}
