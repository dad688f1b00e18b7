/* Who an alert is for, and the topics that reach them. */
#include "alert/target.h"

#include "check.h"
#include "tables.h"

static enum err parse(struct target_set *set, const char *text, struct why *why)
{
    CLEANUP(value_free_p) struct value *value = json(text);
    return target_set_parse(set, value, why);
}

static bool refused(const char *text, enum err expected, const char *word)
{
    struct target_set set = {0};
    struct why why = {0};
    const enum err err = parse(&set, text, &why);
    if (err != expected || !strstr(why.text, word)) { printf("# %s: %s\n", text, why.text); }
    return err == expected && strstr(why.text, word) && set.zones == NULL;
}

static void count_topic(void *context, enum target_scope scope, const char *name)
{
    char topic[TARGET_TOPIC_SIZE];
    target_topic(topic, scope, name, "ID");
    struct text *out = context;
    text_add(out, topic);
    text_add(out, " ");
}

static void a_set_goes_both_ways(void)
{
    struct target_set set = {0};
    CHECK(parse(&set, "{'broadcast':false,'zones':['north','a.b-1'],'devices':['sign-1']}", NULL) ==
          OK);
    CHECK(target_set_includes(&set, "other", "north"));
    CHECK(target_set_includes(&set, "sign-1", ""));
    CHECK(!target_set_includes(&set, "sign-2", "south"));
    CHECK(!target_set_includes(&set, "sign-2", ""));
    CLEANUP(value_free_p) struct value *value = target_set_to_value(&set);
    CLEANUP(text_deinit) struct text text = text_limited(1000);
    value_write(value, &text);
    CHECK_TEXT(text_c(&text),
               "{\"broadcast\":false,\"zones\":[\"north\",\"a.b-1\"],\"devices\":[\"sign-1\"]}");
    struct target_set copy;
    target_set_copy(&copy, &set);
    target_set_deinit(&set);
    CLEANUP(text_deinit) struct text topics = text_limited(1000);
    target_set_each(&copy, count_topic, &topics);
    CHECK_TEXT(text_c(&topics),
               "alerts/zone/north/ID alerts/zone/a.b-1/ID alerts/device/sign-1/ID ");
    target_set_deinit(&copy);
}

static void a_broadcast_needs_one_topic(void)
{
    struct target_set set = {0};
    CHECK(parse(&set, "{'broadcast':true,'zones':['north']}", NULL) == OK);
    CHECK(target_set_includes(&set, "anyone", "anywhere"));
    CLEANUP(text_deinit) struct text topics = text_limited(1000);
    target_set_each(&set, count_topic, &topics);
    CHECK_TEXT(text_c(&topics), "alerts/broadcast/ID ");
    target_set_deinit(&set);
}

static void bad_sets_are_refused(void)
{
    CHECK(refused("{}", ERR_MALFORMED, "nobody"));
    CHECK(refused("[]", ERR_MALFORMED, "object"));
    CHECK(refused("{'zones':[],'devices':[]}", ERR_MALFORMED, "nobody"));
    CHECK(refused("{'zones':'north'}", ERR_MALFORMED, "list"));
    CHECK(refused("{'zones':['a/b']}", ERR_MALFORMED, "a/b"));
    CHECK(refused("{'zones':['#']}", ERR_MALFORMED, "#"));
    CHECK(refused("{'zones':['North']}", ERR_MALFORMED, "North"));
    CHECK(refused("{'zones':['']}", ERR_MALFORMED, "name"));
    CHECK(refused("{'devices':[1]}", ERR_MALFORMED, "name"));
    CHECK(refused("{'broadcast':'yes'}", ERR_MALFORMED, "broadcast"));
    CHECK(refused("{'broadcast':true,'everyone':true}", ERR_MALFORMED, "everyone"));
    struct value *many = value_object();
    struct value *zones = value_array();
    for (int i = 0; i <= TARGET_ZONE_MAX; i++) {
        value_append(zones, value_text("z"));
    }
    value_set(many, "zones", zones);
    struct target_set set = {0};
    CHECK(target_set_parse(&set, many, NULL) == ERR_LIMIT);
    value_free(many);
    char longest[80];
    memset(longest, 'a', sizeof longest);
    longest[63] = '\0';
    CHECK(target_name_valid(longest));
    longest[63] = 'a';
    longest[64] = '\0';
    CHECK(!target_name_valid(longest));
}

int main(void)
{
    a_set_goes_both_ways();
    a_broadcast_needs_one_topic();
    bad_sets_are_refused();
    enum target_scope scope;
    CHECK(target_scope_parse(&scope, "zone", NULL) == OK && scope == TARGET_SCOPE_ZONE);
    CHECK(target_scope_parse(&scope, "city", NULL) == ERR_MALFORMED);
    return CHECK_DONE();
}
