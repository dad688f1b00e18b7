#include "geodata/schema.h"

#include <stdio.h>

#include "check.h"

int main(void)
{
    struct schema schema = {0};
    char name[32];
    bool numbered = true;
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 3000; i++) {
            uint32_t number = 0;
            (void)snprintf(name, sizeof name, "name %u", i);
            numbered = numbered && schema_number(&schema, span_text(name), 7, &number, NULL) == OK;
            numbered = numbered && number == i;
        }
    }
    CHECK(numbered);
    CHECK(schema.count == 3000);
    CHECK_TEXT(schema.names[2999].name, "name 2999");
    uint32_t number = 9;
    CHECK(schema_find(&schema, span_text("name 2999"), &number) && number == 2999);
    CHECK(!schema_find(&schema, span_text("name 3000"), &number) && schema.count == 3000);
    const struct schema empty = {0};
    CHECK(!schema_find(&empty, span_text("name 0"), &number));
    CHECK(schema_number(&schema, span_of("a\0b", 3), 0, &number, NULL) == ERR_MALFORMED);
    char *huge = mem_zeroed(SCHEMA_NAME_SIZE_MAX + 1);
    CHECK(schema_number(&schema, span_of(huge, SCHEMA_NAME_SIZE_MAX + 1), 0, &number, NULL) ==
          ERR_LIMIT);
    CHECK(schema_number(&schema, span_of("", 0), 0, &number, NULL) == OK && number == 3000);
    free(huge);
    schema_deinit(&schema);
    return CHECK_DONE();
}
