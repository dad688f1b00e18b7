#include "ledger/entry.h"

#include "base/clock.h"
#include "check.h"

static const int64_t now_us = INT64_C(1795312229000000);

static void test_words(void)
{
    CLEANUP(value_free_p) struct value *details = value_object();
    CLEANUP(value_free_p) struct value *sensitive = value_object();
    value_set_text(details, "tier", "advisory");
    value_set_text(sensitive, "text", "Path closed");
    const struct entry_fact fact = {.at_us = now_us,
                                    .user = "ana",
                                    .action = "alert.create",
                                    .resource = "019ac9a5",
                                    .authorisation = "session",
                                    .details = details,
                                    .address = "192.0.2.7",
                                    .agent = "Firefox",
                                    .sensitive = sensitive};
    CLEANUP(entry_deinit) struct entry entry;
    CHECK(entry_write(&entry, &fact, NULL) == OK);
    CHECK(strstr(text_c(&entry.bytes), "192.0.2.7") == NULL);
    CHECK(strstr(text_c(&entry.bytes), "Path closed") == NULL);
    CHECK_TEXT(text_c(&entry.sealed), "{\"address\":\"192.0.2.7\",\"agent\":\"Firefox\","
                                      "\"details\":{\"text\":\"Path closed\"}}");
    CLEANUP(entry_words_deinit) struct entry_words words = {.at_us = 0};
    CHECK(entry_read(&words, text_span(&entry.bytes), NULL) == OK);
    CHECK_TEXT(words.id, entry.id.text);
    CHECK_TEXT(words.user, "ana");
    CHECK_TEXT(words.action, "alert.create");
    CHECK_TEXT(words.resource, "019ac9a5");
    CHECK(words.at_us == now_us);
    const struct span salt = span_of(entry.salt, sizeof entry.salt);
    CHECK(entry_seal_fits(words.whole, salt, text_span(&entry.sealed)));
    entry.salt[3] ^= 1;
    CHECK(!entry_seal_fits(words.whole, salt, text_span(&entry.sealed)));
    entry.salt[3] ^= 1;
    entry.sealed.data[5] ^= 1;
    CHECK(!entry_seal_fits(words.whole, salt, text_span(&entry.sealed)));
    CHECK(!entry_seal_fits(words.whole, span_of("", 0), span_of("", 0)));
    /* Twice the same fact: another salt, so that equal secrets do not show. */
    CLEANUP(entry_deinit) struct entry again;
    CHECK(entry_write(&again, &fact, NULL) == OK);
    CHECK(memcmp(again.salt, entry.salt, ENTRY_SALT_SIZE) != 0);
}

static void test_bare(void)
{
    char resource[ENTRY_RESOURCE_SIZE + 40];
    memset(resource, 'x', sizeof resource);
    resource[sizeof resource - 1] = '\0';
    memcpy(resource + ENTRY_RESOURCE_SIZE - 2, "\xc3\xa4", 2); /* a letter is cut in two */
    const struct entry_fact fact = {
        .at_us = now_us, .action = "control.start", .resource = resource};
    CLEANUP(entry_deinit) struct entry entry;
    CHECK(entry_write(&entry, &fact, NULL) == OK);
    CHECK(entry.sealed.size == 0);
    CHECK(strstr(text_c(&entry.bytes), "\"sealed\":null") != NULL);
    CLEANUP(entry_words_deinit) struct entry_words words = {.at_us = 0};
    CHECK(entry_read(&words, text_span(&entry.bytes), NULL) == OK);
    CHECK(strlen(words.resource) == ENTRY_RESOURCE_SIZE - 1);
    CHECK(words.resource[ENTRY_RESOURCE_SIZE - 2] == '?');
    CHECK(!*words.user);
}

static void test_refusals(void)
{
    static const char *const bad[] = {
        "", "{}", "[1]", "{\"action\":\"a\"}",
        /* in every way an entry, but with a blank */
        "{\"action\":\"a\", \"authorisation\":null,\"details\":null,"
        "\"id\":\"019ac9a5-1c60-7000-8000-000000000001\",\"resource\":null,\"sealed\":null,"
        "\"time\":\"2026-11-22T02:40:29.123456Z\",\"user\":null}",
        /* a member twice */
        "{\"action\":\"a\",\"action\":\"a\",\"authorisation\":null,\"details\":null,"
        "\"id\":\"019ac9a5-1c60-7000-8000-000000000001\",\"resource\":null,\"sealed\":null,"
        "\"time\":\"2026-11-22T02:40:29.123456Z\",\"user\":null}",
        /* no identifier */
        "{\"action\":\"a\",\"authorisation\":null,\"details\":null,\"id\":\"1\","
        "\"resource\":null,\"sealed\":null,\"time\":\"2026-11-22T02:40:29.123456Z\","
        "\"user\":null}"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct entry_words words = {.at_us = 0};
        struct why why = {""};
        CHECK(entry_read(&words, span_text(bad[i]), &why) == ERR_MALFORMED && *why.text);
    }
    CLEANUP(value_free_p) struct value *large = value_object();
    char text[2 * ENTRY_BYTES_MAX];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    value_set_text(large, "text", text);
    struct entry entry;
    const struct entry_fact fact = {.at_us = now_us, .action = "a", .details = large};
    CHECK(entry_write(&entry, &fact, NULL) == ERR_LIMIT);
}

int main(void)
{
    test_words();
    test_bare();
    test_refusals();
    return CHECK_DONE();
}
