#include "ledger/log_key.h"

#include <stdio.h>

#include "check.h"
#include "lib/scratch.h"
#include "system/file.h"

int main(void)
{
    char folder[] = "/tmp/tocsin-keys-XXXXXX";
    if (!mkdtemp(folder)) { return 1; }
    struct log_keys keys = {.count = 0};
    struct why why = {""};
    char vkey[NOTE_VKEY_SIZE];
    CHECK(log_keys_open(&keys, folder, "site/audit", false, &why) == ERR_NOT_FOUND);
    CHECK(log_key_prepare(folder, "site/audit", vkey, &why) == ERR_NOT_FOUND);
    CHECK(log_keys_open(&keys, folder, "site/audit", true, &why) == OK && keys.count == 1);
    CHECK_TEXT(keys.signers[0].key.name, "site/audit");
    const struct note_key first = keys.signers[0].key;
    log_keys_deinit(&keys);
    CHECK(log_keys_open(&keys, folder, "site/audit", true, &why) == OK);
    CHECK(note_key_equal(&keys.signers[0].key, &first)); /* read, not made anew */

    bool waits = true;
    CHECK(log_keys_add_next(&keys, folder, &waits, &why) == OK && !waits && keys.count == 1);
    CHECK(log_key_prepare(folder, "site/audit", vkey, &why) == OK);
    CHECK(log_keys_add_next(&keys, folder, &waits, &why) == OK && waits && keys.count == 2);
    const struct note_key next = keys.signers[1].key;
    CHECK(!note_key_equal(&next, &first));
    log_keys_deinit(&keys);
    CHECK(log_keys_turn(folder, &why) == OK);
    CHECK(log_keys_open(&keys, folder, "site/audit", false, &why) == OK && keys.count == 2);
    CHECK(note_key_equal(&keys.signers[0].key, &next));
    CHECK(note_key_equal(&keys.signers[1].key, &first));
    log_keys_deinit(&keys);

    /* Cut off between the two renames: the next start finishes it. */
    char now[FILE_PATH_SIZE];
    char waiting[FILE_PATH_SIZE];
    CHECK(file_join(now, folder, "audit.key", &why) == OK);
    CHECK(file_join(waiting, folder, "audit.key.next", &why) == OK);
    CHECK(rename(now, waiting) == 0);
    CHECK(log_keys_open(&keys, folder, "site/audit", false, &why) == OK && keys.count == 2);
    CHECK(note_key_equal(&keys.signers[0].key, &next));
    log_keys_deinit(&keys);
    CHECK(log_key_forget_old(folder, &why) == OK);
    CHECK(log_key_forget_old(folder, &why) == ERR_NOT_FOUND);
    CHECK(log_keys_open(&keys, folder, "site/audit", false, &why) == OK && keys.count == 1);
    log_keys_deinit(&keys);
    scratch_remove(folder);
    return CHECK_DONE();
}
