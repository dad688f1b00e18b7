#include "ledger/log_key.h"

#include <stdio.h>
#include <unistd.h>

#include "system/file.h"
#include "trust/key.h"

#define NAME_NOW "audit.key"
#define NAME_OLD "audit.key.old"
#define NAME_NEXT "audit.key.next"

void log_keys_deinit(struct log_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        signing_key_free(keys->secrets[i]);
    }
    keys->count = 0;
}

static bool there(const char *folder, const char *name)
{
    char path[FILE_PATH_SIZE];
    return file_join(path, folder, name, NULL) == OK && file_exists(path);
}

/* Reads one file as the next of `keys`. */
static enum err add(struct log_keys *keys, const char *folder, const char *name, const char *origin,
                    struct why *why)
{
    char path[FILE_PATH_SIZE];
    CLEANUP(key_free_p) struct key *key = NULL;
    CLEANUP(secret_free_p) struct secret *seed = NULL;
    CLEANUP(signing_key_free_p) struct signing_key *secret = NULL;
    enum err err = file_join(path, folder, name, why);
    if (err == OK) { err = key_load(&key, path, NULL, why); }
    if (err == OK) { err = key_seed(key, &seed, why); }
    if (err == OK) { err = signing_key_new(&secret, seed, why); }
    if (err != OK) { return err; }
    uint8_t public_key[PUBLIC_KEY_SIZE];
    struct note_signer *signer = &keys->signers[keys->count];
    signing_key_public(secret, public_key);
    err = note_key_make(&signer->key, NOTE_KIND_ED25519, origin, public_key, why);
    if (err != OK) { return err; }
    signer->secret = secret;
    keys->secrets[keys->count++] = TAKE(secret);
    return OK;
}

static enum err make(const char *folder, const char *name, struct why *why)
{
    char path[FILE_PATH_SIZE];
    CLEANUP(key_free_p) struct key *key = NULL;
    enum err err = file_join(path, folder, name, why);
    if (err == OK) { err = key_generate(&key, KEY_KIND_ED25519, why); }
    return err == OK ? key_save(key, path, NULL, why) : err;
}

static enum err move(const char *folder, const char *from, const char *to, struct why *why)
{
    char one[FILE_PATH_SIZE];
    char other[FILE_PATH_SIZE];
    enum err err = file_join(one, folder, from, why);
    if (err == OK) { err = file_join(other, folder, to, why); }
    if (err == OK && rename(one, other) != 0) {
        err = why_set(why, ERR_IO, "cannot rename %.140s", one);
    }
    return err;
}

enum err log_keys_open(struct log_keys *keys, const char *folder, const char *origin, bool may_make,
                       struct why *why)
{
    struct log_keys read = {.count = 0};
    enum err err = OK;
    if (!there(folder, NAME_NOW) && there(folder, NAME_OLD) && there(folder, NAME_NEXT)) {
        err = move(folder, NAME_NEXT, NAME_NOW, why);
    } else if (!there(folder, NAME_NOW)) {
        err = may_make ? make(folder, NAME_NOW, why)
                       : why_set(why, ERR_NOT_FOUND, "there is no %s in %.140s", NAME_NOW, folder);
    }
    if (err == OK) { err = add(&read, folder, NAME_NOW, origin, why); }
    if (err == OK && there(folder, NAME_OLD)) { err = add(&read, folder, NAME_OLD, origin, why); }
    if (err != OK) {
        log_keys_deinit(&read);
        return err;
    }
    *keys = read;
    return OK;
}

enum err log_key_prepare(const char *folder, const char *origin, char vkey[static NOTE_VKEY_SIZE],
                         struct why *why)
{
    if (there(folder, NAME_NEXT)) {
        return why_set(why, ERR_CONFLICT, "a new key waits already: start control to take it");
    }
    if (!there(folder, NAME_NOW)) {
        return why_set(why, ERR_NOT_FOUND, "there is no %s in %.140s", NAME_NOW, folder);
    }
    struct log_keys next = {.count = 0};
    enum err err = make(folder, NAME_NEXT, why);
    if (err == OK) { err = add(&next, folder, NAME_NEXT, origin, why); }
    if (err == OK) { note_key_write(&next.signers[0].key, vkey); }
    log_keys_deinit(&next);
    return err;
}

enum err log_keys_add_next(struct log_keys *keys, const char *folder, bool *found, struct why *why)
{
    *found = there(folder, NAME_NEXT);
    if (!*found) { return OK; }
    while (keys->count > 1) { /* a third one: the oldest has had its time */
        signing_key_free(keys->secrets[--keys->count]);
    }
    return add(keys, folder, NAME_NEXT, keys->signers[0].key.name, why);
}

enum err log_keys_turn(const char *folder, struct why *why)
{
    const enum err err = move(folder, NAME_NOW, NAME_OLD, why);
    return err == OK ? move(folder, NAME_NEXT, NAME_NOW, why) : err;
}

enum err log_key_forget_old(const char *folder, struct why *why)
{
    char path[FILE_PATH_SIZE];
    const enum err err = file_join(path, folder, NAME_OLD, why);
    if (err != OK) { return err; }
    return unlink(path) == 0 ? OK : why_set(why, ERR_NOT_FOUND, "there is no %s", path);
}
