#include "map/sorter.h"

#include "check.h"

enum { COUNT = 50000 };

/* Adds records whose keys repeat, and asks for them in order: by key, then as they came. */
static void sort_within(size_t memory_bytes)
{
    CLEANUP(sorter_free_p) struct sorter *sorter = sorter_new("/tmp", memory_bytes);
    uint8_t record[64];
    bool good = true;
    for (int round = 0; round < 2; round++) { /* the second time after sorter_clear */
        uint32_t state = 12345;
        for (uint32_t i = 0; i < COUNT; i++) {
            state = state * 1664525 + 1013904223;
            const uint64_t key = state >> 20;
            memset(record, (int)(key & 255), sizeof record);
            memcpy(record, &i, sizeof i);
            good = good && sorter_add(sorter, key, span_of(record, 4 + i % 60), NULL) == OK;
        }
        good = good && sorter_finish(sorter, NULL) == OK && sorter_count(sorter) == COUNT;
        uint64_t last_key = 0;
        uint32_t last = 0;
        uint32_t count = 0;
        for (;; count++) {
            bool more = false;
            uint64_t key = 0;
            struct span span;
            good = good && sorter_next(sorter, &more, &key, &span, NULL) == OK;
            if (!more || !good) { break; }
            uint32_t number = 0;
            memcpy(&number, span.data, sizeof number);
            good = good && span.size == 4 + number % 60;
            good = good && (span.size == 4 || span.data[span.size - 1] == (key & 255));
            good = good && (count == 0 || key > last_key || (key == last_key && number > last));
            last_key = key;
            last = number;
        }
        good = good && count == COUNT;
        sorter_clear(sorter);
    }
    CHECK(good);
}

int main(void)
{
    sort_within((size_t)64 << 20); /* all in memory */
    sort_within((size_t)1 << 20);  /* a few runs */
    sort_within((size_t)32 << 10); /* many */
    CLEANUP(sorter_free_p) struct sorter *sorter = sorter_new("/tmp", 1000);
    bool more = true;
    uint64_t key = 0;
    struct span span;
    CHECK(sorter_finish(sorter, NULL) == OK);
    CHECK(sorter_next(sorter, &more, &key, &span, NULL) == OK && !more);
    CLEANUP(sorter_free_p) struct sorter *nowhere = sorter_new("/nowhere", 10);
    struct why why = {0};
    CHECK(sorter_add(nowhere, 1, span_text("a"), &why) == OK);
    CHECK(sorter_add(nowhere, 2, span_text("b"), &why) == ERR_IO);
    CHECK(strstr(why.text, "/nowhere") != NULL);
    return CHECK_DONE();
}
