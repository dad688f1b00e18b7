#include "peer/bulletin.h"

#include <string.h>

#include "base/text.h"
#include "queries/peer_bulletin.h"

#define ABSENT_US (5 * CLOCK_MINUTE_US) /* clocks of two machines may differ by that */

struct peer {
    char run[ID_TEXT_SIZE];
    int64_t read; /* the highest number */
    bool there;   /* in the newest list */
};

struct bulletin {
    struct database *database;
    struct statement *present, *absent, *forget, *peers, *write, *read;
    char run[ID_TEXT_SIZE];
    int64_t number; /* of our newest message */
    bool began;     /* the peers of our start are known: later ones are read from their first */
    struct peer list[BULLETIN_PEER_MAX];
    size_t count;
};

enum err bulletin_open(struct bulletin **out, struct database *database, const char *run,
                       struct why *why)
{
    CLEANUP(bulletin_close_p) struct bulletin *bulletin = MEM_NEW(struct bulletin);
    const struct statement_text texts[] = {
        {&bulletin->present, SQL_BULLETIN_PRESENT}, {&bulletin->absent, SQL_BULLETIN_ABSENT},
        {&bulletin->forget, SQL_BULLETIN_FORGET},   {&bulletin->peers, SQL_BULLETIN_PEERS},
        {&bulletin->write, SQL_BULLETIN_WRITE},     {&bulletin->read, SQL_BULLETIN_READ}};
    bulletin->database = database;
    if (!text_copy(bulletin->run, sizeof bulletin->run, run)) {
        return why_set(why, ERR_RANGE, "the run of a server is a UUID");
    }
    const enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (err == OK) { *out = TAKE(bulletin); }
    return err;
}

void bulletin_close(struct bulletin *bulletin)
{
    free(bulletin); /* the statements belong to the connection */
}

size_t bulletin_peers(const struct bulletin *bulletin)
{
    return bulletin->count;
}

/* ---- who is there ---- */

static void meet(struct bulletin *bulletin, const char *run, int64_t newest)
{
    for (size_t i = 0; i < bulletin->count; i++) {
        if (strcmp(bulletin->list[i].run, run) != 0) { continue; }
        bulletin->list[i].there = true;
        return;
    }
    if (bulletin->count == BULLETIN_PEER_MAX) { return; }
    struct peer peer = {.read = bulletin->began ? 0 : newest, .there = true};
    if (text_copy(peer.run, sizeof peer.run, run)) { bulletin->list[bulletin->count++] = peer; }
}

static enum err meet_all(struct bulletin *bulletin, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *rows = bulletin->peers;
    statement_bind_text(rows, ":run", bulletin->run);
    statement_bind_integer(rows, ":limit", BULLETIN_PEER_MAX);
    enum step step = STEP_DONE;
    enum err err = statement_step(rows, &step, why);
    for (size_t i = 0; i < bulletin->count; i++) {
        bulletin->list[i].there = false;
    }
    while (err == OK && step == STEP_ROW) {
        meet(bulletin, column_text(rows, 0), column_integer(rows, 1));
        err = statement_step(rows, &step, why);
    }
    if (err != OK) { return err; }
    size_t left = 0;
    for (size_t i = 0; i < bulletin->count; i++) {
        if (bulletin->list[i].there) { bulletin->list[left++] = bulletin->list[i]; }
    }
    bulletin->count = left;
    bulletin->began = true;
    return OK;
}

static enum err enter_presence(struct bulletin *bulletin, const char *server, int64_t now_us,
                               struct why *why)
{
    statement_bind_text(bulletin->present, ":run", bulletin->run);
    statement_bind_text(bulletin->present, ":name", server);
    statement_bind_integer(bulletin->present, ":now", now_us);
    enum err err = statement_run(bulletin->present, NULL, why);
    if (err != OK) { return err; }
    statement_bind_text(bulletin->absent, ":run", bulletin->run);
    statement_bind_integer(bulletin->absent, ":before", now_us - ABSENT_US);
    err = statement_run(bulletin->absent, NULL, why);
    if (err != OK) { return err; }
    statement_bind_integer(bulletin->forget, ":before", now_us - BULLETIN_KEEP_US);
    err = statement_run(bulletin->forget, NULL, why);
    return err == OK ? meet_all(bulletin, why) : err;
}

enum err bulletin_present(struct bulletin *bulletin, const char *server, int64_t now_us,
                          struct why *why)
{
    enum err err = database_begin(bulletin->database, why);
    if (err != OK) { return err; }
    err = enter_presence(bulletin, server, now_us, why);
    database_end(bulletin->database, &err, why);
    return err;
}

/* ---- messages ---- */

enum err bulletin_write(struct bulletin *bulletin, const struct bulletin_message *message,
                        int64_t now_us, struct why *why)
{
    struct statement *row = bulletin->write;
    statement_bind_text(row, ":run", bulletin->run);
    statement_bind_integer(row, ":number", bulletin->number + 1);
    statement_bind_integer(row, ":now", now_us);
    statement_bind_text(row, ":kind", message->kind);
    statement_bind_text(row, ":data", message->data);
    const enum err err = statement_run(row, NULL, why);
    if (err == OK) { bulletin->number++; }
    return err;
}

void bulletin_take_back(struct bulletin *bulletin, size_t count)
{
    bulletin->number -= (int64_t)count;
}

static enum err read_peer(struct bulletin *bulletin, struct peer *peer,
                          const struct bulletin_reader *reader, bool *more, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *rows = bulletin->read;
    statement_bind_text(rows, ":run", peer->run);
    statement_bind_integer(rows, ":after", peer->read);
    statement_bind_integer(rows, ":limit", BULLETIN_READ_MAX);
    enum step step = STEP_DONE;
    int count = 0;
    enum err err = statement_step(rows, &step, why);
    while (err == OK && step == STEP_ROW) {
        const struct bulletin_message message = {.kind = column_text(rows, 1),
                                                 .data = column_text(rows, 2)};
        peer->read = column_integer(rows, 0);
        count++;
        reader->each(reader->context, &message);
        err = statement_step(rows, &step, why);
    }
    *more = *more || count == BULLETIN_READ_MAX;
    return err;
}

enum err bulletin_read(struct bulletin *bulletin, const struct bulletin_reader *reader, bool *more,
                       struct why *why)
{
    enum err err = OK;
    *more = false;
    for (size_t i = 0; err == OK && i < bulletin->count; i++) {
        err = read_peer(bulletin, &bulletin->list[i], reader, more, why);
    }
    return err;
}
