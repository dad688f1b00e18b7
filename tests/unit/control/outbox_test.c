/* Orders on their way out of control's tables. */
#include "programs/control/outbox.h"

#include <signal.h>
#include <sys/wait.h>

#include "alert/dispatch.h"
#include "check.h"
#include "control_parts.h"

static struct dispatch *dispatch;

static struct id order(struct parts *parts, const char *zone)
{
    struct why why = {0};
    struct id id = {""};
    CLEANUP(value_free_p)
    struct value *body = json("{'tier':'advisory','texts':[{'language':'en','text':'x'}]}");
    struct value *zones = value_array();
    struct value *targets = value_object();
    value_append(zones, value_text(zone));
    value_set(targets, "zones", zones);
    value_set(body, "targets", targets);
    const struct dispatch_order words = {.body = body, .actor = "ada"};
    (void)parts;
    test_must(dispatch_create(dispatch, &words, clock_wall_us(), &id, &why), &why);
    return id;
}

static void an_order_goes_out_at_once(struct parts *parts, struct outbox *outbox)
{
    outbox_connected(outbox, true);
    const int64_t begin_us = clock_monotonic_us();
    const struct id id = order(parts, "north");
    outbox_wake(outbox);
    CHECK(parts_wait_published(parts, 1));
    printf("# published after %lld us\n", (long long)(clock_monotonic_us() - begin_us));
    char topic[MQTT_TOPIC_SIZE];
    (void)snprintf(topic, sizeof topic, "tocsin/alerts/zone/north/%s", id.text);
    CHECK_TEXT(parts->published[0].topic, topic);
    CHECK(parts->published[0].retain && parts->published[0].size > 500);
    CHECK(tables_number(&parts->tables, "SELECT count(*) FROM outbox") == 1);
    CHECK(tables_number(&parts->tables, "SELECT count(*) FROM deliveries WHERE state = 0") == 1);
    outbox_published(outbox, parts->published[0].token, OK);
    CHECK(parts_wait(parts, "SELECT count(*) FROM outbox", 0));
    CHECK(parts_wait(parts, "SELECT count(*) FROM deliveries WHERE state = 1", 1));
    outbox_published(outbox, 12345, OK); /* another part's token */
}

static void the_silent_get_it_again(struct parts *parts, struct outbox *outbox)
{
    CHECK(parts_wait_published(parts, 2)); /* two seconds later, to the one device */
    CHECK(strncmp(parts->published[1].topic, "tocsin/alerts/device/sign-1/", 28) == 0);
    CHECK(!parts->published[1].retain);
    outbox_published(outbox, parts->published[1].token, OK);
    CHECK(parts_wait(parts, "SELECT count(*) FROM outbox", 0));
    CHECK(parts->told_alerts >= 1);
}

static void nothing_is_lost_while_the_bus_is_away(struct parts *parts, struct outbox *outbox)
{
    outbox_connected(outbox, false);
    const struct id first = order(parts, "north");
    const struct id second = order(parts, "south");
    outbox_wake(outbox);
    outbox_wake(outbox);
    const size_t before = parts_count(parts);
    CHECK(tables_number(&parts->tables, "SELECT count(*) FROM outbox WHERE kind = 0") == 2);
    outbox_connected(outbox, true);
    CHECK(parts_wait_published(parts, before + 2));
    CHECK(strstr(parts->published[before].topic, first.text) != NULL);
    CHECK(strstr(parts->published[before + 1].topic, second.text) != NULL);
    /* the broker refuses one: it comes again, and so does what was behind it */
    outbox_published(outbox, parts->published[before].token, ERR_DENIED);
    CHECK(parts_wait_published(parts, before + 3));
    CHECK_TEXT(parts->published[before + 2].topic, parts->published[before].topic);
    CHECK(outbox_healthy(outbox));
}

/* Killed between the commit and the PUBACK: the next run publishes it. */
static void kill_9_repeats_and_loses_nothing(struct parts *parts)
{
    int ends[2];
    char told = 0;
    if (pipe(ends) != 0) { exit(1); }
    (void)fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        struct outbox *outbox = parts_outbox(parts);
        outbox_connected(outbox, true);
        if (!parts_wait_published(parts, 1) || write(ends[1], "x", 1) != 1) { _exit(1); }
        for (;;) {
            (void)pause();
        }
    }
    (void)close(ends[1]);
    CHECK(read(ends[0], &told, 1) == 1);
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
    (void)close(ends[0]);
    CHECK(tables_number(&parts->tables, "SELECT count(*) FROM outbox") == 1);
    struct outbox *outbox = parts_outbox(parts);
    outbox_connected(outbox, true);
    CHECK(parts_wait_published(parts, 1));
    outbox_published(outbox, parts->published[0].token, OK);
    CHECK(parts_wait(parts, "SELECT count(*) FROM outbox", 0));
    outbox_close(outbox);
    parts->published_count = 0;
    CHECK(database_execute(parts->tables.database,
                           "DELETE FROM deliveries; DELETE FROM alert_history;"
                           "DELETE FROM alert_zones; DELETE FROM alerts",
                           NULL) == OK);
}

/* Another server publishes, until this one leads. */
static void one_of_several(struct parts *parts)
{
    CHECK(database_execute(parts->tables.database,
                           "DELETE FROM outbox; UPDATE deliveries SET due_us = NULL;", NULL) == OK);
    const size_t before = parts_count(parts);
    const struct id id = order(parts, "north");
    struct outbox *outbox = parts_outbox_of(parts, true);
    outbox_connected(outbox, true);
    outbox_wake(outbox);
    outbox_close(outbox); /* it has looked at all that it was told */
    CHECK(parts_count(parts) == before);
    CHECK(tables_number(&parts->tables, "SELECT count(*) FROM outbox WHERE kind = 0") == 1);

    outbox = parts_outbox_of(parts, true);
    outbox_connected(outbox, true);
    outbox_lead(outbox, true);
    CHECK(parts_wait_published(parts, before + 1));
    CHECK(strstr(parts->published[before].topic, id.text) != NULL);
    outbox_published(outbox, parts->published[before].token, OK);
    CHECK(parts_wait(parts, "SELECT count(*) FROM outbox WHERE kind = 0", 0));
    outbox_lead(outbox, false);
    outbox_close(outbox);
}

int main(void)
{
    static struct parts parts;
    struct why why = {0};
    parts_open(&parts);
    test_must(dispatch_open(&dispatch, parts.tables.database, parts.control, &why), &why);
    CHECK(database_execute(parts.tables.database,
                           "INSERT INTO devices VALUES ('sign-1', 0, 'north', 1, '1', '', 64, 32, "
                           "1, 1, 4000000000000000, '', '', 1, '', 0, 0)",
                           NULL) == OK);
    (void)order(&parts, "north");
    kill_9_repeats_and_loses_nothing(&parts);
    struct outbox *outbox = parts_outbox(&parts);
    an_order_goes_out_at_once(&parts, outbox);
    the_silent_get_it_again(&parts, outbox);
    nothing_is_lost_while_the_bus_is_away(&parts, outbox);
    outbox_close(outbox);
    one_of_several(&parts);
    dispatch_close(dispatch);
    parts_close(&parts);
    return CHECK_DONE();
}
