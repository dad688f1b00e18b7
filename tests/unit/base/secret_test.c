#include "base/secret.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "check.h"

static void reads_keys_in_hex(void)
{
    struct why why = {.text = ""};
    const char *const wrong[] = {"00ff1", "00ff1g", "00ff1000", "00 ff 10"};
    struct secret *none = NULL;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        CHECK(setenv("TOCSIN_TEST_KEY", wrong[i], 1) == 0);
        CHECK(secret_hex_from_environment(&none, "TOCSIN_TEST_KEY", 3, &why) == ERR_MALFORMED);
        CHECK_TEXT(why.text, "TOCSIN_TEST_KEY must be 6 hexadecimal digits");
    }
    CHECK(secret_hex_from_environment(&none, "TOCSIN_TEST_KEY", 3, &why) == ERR_NOT_FOUND && !none);
    CLEANUP(secret_free_p) struct secret *key = NULL;
    CHECK(setenv("TOCSIN_TEST_KEY", "00fF10", 1) == 0);
    CHECK(secret_hex_from_environment(&key, "TOCSIN_TEST_KEY", 3, &why) == OK);
    CHECK(getenv("TOCSIN_TEST_KEY") == NULL && secret_equal(key, span_of("\0\xff\x10", 3)));
}

/* Kilobytes of this process that the kernel may not write to swap; -1: it does not say. */
static long locked_kib(void)
{
    char line[256];
    long kib = -1;
    FILE *status = fopen("/proc/self/status", "re");
    while (status && fgets(line, sizeof line, status)) {
        if (strncmp(line, "VmLck:", 6) == 0) { kib = strtol(line + 6, NULL, 10); }
    }
    if (status) { (void)fclose(status); }
    return kib;
}

/* In memory of its own, which is not swapped, not in a core, and zeroed before it is given back. */
static void locks_memory(void)
{
    CLEANUP(secret_free_p) struct secret *secret = NULL;
    struct rlimit limit;
    const long before = locked_kib();
    CHECK(getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && before >= 0);
    CHECK(secret_new(&secret, span_text("locked"), NULL) == OK);
    printf("# %ld KiB locked, the limit is %llu KiB\n", locked_kib(),
           (unsigned long long)limit.rlim_cur / 1024);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* their mlock does nothing */
    CHECK(locked_kib() >= before + 4 || limit.rlim_cur < 16 * 1024);
#endif
}

int main(void)
{
    locks_memory();
    reads_keys_in_hex();
    struct why why = {.text = ""};
    CLEANUP(secret_free_p) struct secret *secret = NULL;
    CHECK(secret_from_environment(&secret, "TOCSIN_TEST_SECRET", &why) == ERR_NOT_FOUND);
    CHECK(strstr(why.text, "TOCSIN_TEST_SECRET"));
    CHECK(setenv("TOCSIN_TEST_SECRET", "hunter2", 1) == 0);
    const char *in_place = getenv("TOCSIN_TEST_SECRET");
    CHECK(secret_from_environment(&secret, "TOCSIN_TEST_SECRET", &why) == OK);
    CHECK(getenv("TOCSIN_TEST_SECRET") == NULL);
    CHECK(in_place[0] == '\0'); /* overwritten where it stood, so /proc no longer shows it */
    CHECK(span_equal(secret_bytes(secret), span_text("hunter2")));
    CHECK(secret_equal(secret, span_text("hunter2")));
    CHECK(!secret_equal(secret, span_text("hunter3")));
    CHECK(!secret_equal(secret, span_text("hunter")));

    static uint8_t large[SECRET_SIZE_MAX + 1];
    struct secret *none = NULL;
    CHECK(secret_new(&none, span_of(large, sizeof large), &why) == ERR_LIMIT && !none);
    CLEANUP(secret_free_p) struct secret *empty = NULL;
    CHECK(secret_new(&empty, span_of(NULL, 0), &why) == OK &&
          secret_equal(empty, span_of(NULL, 0)));
    return CHECK_DONE();
}
