#include "provider/link.h"

#include "check.h"
#include "unit/people/people_database.h"

#define ISSUER "https://id.town.example"

static const int64_t NOW_US = 1800000000000000;

static struct user add_user(struct user_store *users, const char *name)
{
    struct user user = {.disabled = false};
    const struct user_new new = {
        .name = name, .role = USER_ROLE_VIEWER, .password = "a long password", .now_us = NOW_US};
    CHECK(user_add(users, &new, NULL) == OK);
    CHECK(user_find(users, name, &user, NULL) == OK);
    return user;
}

static void test_links(struct link_store *links, const struct user *ann, const struct user *ben)
{
    const struct id_token person = {.subject = "248289761001", .name = "Ann Other"};
    const struct link_person who = {.issuer = ISSUER, .person = &person, .now_us = NOW_US};
    struct link link = {.user = ""};
    CHECK(link_find(links, &who, &link, NULL) == ERR_NOT_FOUND);
    CHECK(link_add(links, &who, ann->id, NULL) == OK);
    CHECK(link_find(links, &who, &link, NULL) == OK);
    CHECK_TEXT(link.user, "ann");
    CHECK_TEXT(link.user_id, ann->id);
    CHECK(link.generation == ann->generation && id_valid(link.id));
    /* One person of the provider is one user here, and stays that. */
    CHECK(link_add(links, &who, ann->id, NULL) == ERR_CONFLICT);
    CHECK(link_add(links, &who, ben->id, NULL) == ERR_CONFLICT);
    /* The same subject of another issuer is another person, and so is the same name. */
    const struct link_person other = {
        .issuer = "https://id.other.example", .person = &person, .now_us = NOW_US};
    CHECK(link_find(links, &other, &link, NULL) == ERR_NOT_FOUND);
    const struct id_token like = {.subject = "248289761002", .name = "Ann Other"};
    const struct link_person alike = {.issuer = ISSUER, .person = &like, .now_us = NOW_US};
    CHECK(link_find(links, &alike, &link, NULL) == ERR_NOT_FOUND);
    const struct id_token capital = {.subject = "248289761001 "};
    const struct link_person spaced = {.issuer = ISSUER, .person = &capital, .now_us = NOW_US};
    CHECK(link_find(links, &spaced, &link, NULL) == ERR_NOT_FOUND);
}

static void test_list(struct link_store *links, const struct user *ann, const struct user *ben)
{
    CLEANUP(value_free_p) struct value *before = NULL;
    CHECK(link_list(links, ann->id, &before, NULL) == OK && value_count(before) == 1);
    const struct value *first = value_at(before, 0);
    char id[ID_TEXT_SIZE];
    CHECK(value_need_text(first, "id", id, sizeof id, NULL) == OK);
    CHECK_TEXT(value_text_or(value_get(first, "label"), ""), "Ann Other");
    CHECK_TEXT(value_text_or(value_get(first, "issuer"), ""), ISSUER);
    CHECK(value_kind(value_get(first, "used_at")) == VALUE_KIND_NULL);
    CHECK(!value_get(first, "subject"));
    struct link link = {.user = ""};
    CHECK(link_find_id(links, id, &link, NULL) == OK);
    CHECK(link_used(links, &link, NOW_US + 7, NULL) == OK);
    CLEANUP(value_free_p) struct value *after = NULL;
    CHECK(link_list(links, ann->id, &after, NULL) == OK);
    CHECK(value_kind(value_get(value_at(after, 0), "used_at")) == VALUE_KIND_TEXT);
    /* Another's hand takes nothing away. */
    CHECK(link_remove(links, ben->id, id, NULL) == ERR_NOT_FOUND);
    CHECK(link_remove(links, ann->id, id, NULL) == OK);
    CHECK(link_remove(links, ann->id, id, NULL) == ERR_NOT_FOUND);
    CHECK(link_find_id(links, id, &link, NULL) == ERR_NOT_FOUND);
}

static void test_many(struct link_store *links, const struct user *ben)
{
    for (int i = 0; i <= LINK_PER_USER_MAX; i++) {
        struct id_token person = {.name = "Ben"};
        (void)snprintf(person.subject, sizeof person.subject, "ben-%d", i);
        const struct link_person who = {.issuer = ISSUER, .person = &person, .now_us = NOW_US};
        CHECK(link_add(links, &who, ben->id, NULL) == (i < LINK_PER_USER_MAX ? OK : ERR_LIMIT));
    }
    CLEANUP(value_free_p) struct value *none = NULL;
    CHECK(link_remove_all(links, ben->id, NULL) == OK);
    CHECK(link_list(links, ben->id, &none, NULL) == OK && value_count(none) == 0);
}

int main(void)
{
    struct people_database people;
    people_database_open(&people);
    struct user_store *users = NULL;
    struct link_store *links = NULL;
    CHECK(user_store_open(&users, people.database, NULL) == OK);
    CHECK(link_store_open(&links, people.database, NULL) == OK);
    const struct user ann = add_user(users, "ann");
    const struct user ben = add_user(users, "ben");
    test_links(links, &ann, &ben);
    test_list(links, &ann, &ben);
    test_many(links, &ben);
    link_store_close(links);
    user_store_close(users);
    people_database_close(&people);
    return CHECK_DONE();
}
