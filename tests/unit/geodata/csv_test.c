#include "geodata/csv.h"

#include "check.h"

struct sum {
    size_t features, attributes;
    struct point last;
    struct bytes values; /* of the last feature */
};

static enum err add(void *context, struct feature *feature, struct why *why)
{
    struct sum *sum = context;
    (void)why;
    sum->features++;
    sum->attributes += feature->attribute_count;
    sum->last = feature->shape.points[0];
    sum->values.size = 0;
    bytes_add(&sum->values, feature->attributes.data, feature->attributes.size);
    return OK;
}

static enum err read_text(const char *text, struct sum *sum, struct feature_tally *tally,
                          struct why *why)
{
    struct schema schema = {0};
    struct input input = input_over(span_text(text), "dir/test.csv");
    bytes_deinit(&sum->values);
    *sum = (struct sum){0};
    struct reading reading = {.schema = &schema, .taker = {add, sum}};
    const enum err err = csv_read(&input, &reading, why);
    *tally = reading.tally;
    schema_deinit(&schema);
    return err;
}

static void test_forms(void)
{
    static const char *const forms[] = {
        "name,lat,lon,n\nA,10,20,5\n\"B, \"\"b\"\"\",10,20,6\n",
        "name;Latitude;LONGITUDE;n\r\nA;10;20;5\r\n\"B\";10;20;6",
        "name\ty\tx\tn\nA\t10\t20\t5\n\nB\t10\t 20 \t6\n\n",
        "\xef\xbb\xbflon,lat,n,m\n20,10,1,\xff\n20,10,,yes\n20,10,2,\n",
    };
    const struct point expected = shape_project(20, 10);
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        struct sum sum = {0};
        struct feature_tally tally;
        struct why why = {0};
        check_(read_text(forms[i], &sum, &tally, &why) == OK, why.text, __FILE__, __LINE__);
        CHECK(sum.features == (i == 3 ? 3 : 2) && sum.attributes == 4);
        CHECK(sum.last.x == expected.x && sum.last.y == expected.y);
        bytes_deinit(&sum.values);
    }
}

static void test_values(void)
{
    struct sum sum = {0};
    struct feature_tally tally;
    CHECK(read_text("lon,lat,a,b,c,d\n1,2,5,-1.5,007,x\n,,1,2,3,4\n", &sum, &tally, NULL) == OK);
    CHECK(tally.no_geometry == 1 && tally.taken == 1);
    /* 5 is a number, 007 is a text */
    CHECK(memcmp(sum.values.data, "\x00\x02\x28\x05\x01\x05\x15", 7) == 0);
    CHECK(memcmp(sum.values.data + 11,
                 "\x02\x05\x0a\x03"
                 "007",
                 7) == 0);
    bytes_deinit(&sum.values);
}

static void test_refusals(void)
{
    static const struct {
        const char *text, *reason;
    } bad[] = {
        {"", "lon and lat"},
        {"\n", "lon and lat"},
        {"1,2\n3,4\n", "lon and lat"},
        {"lon,lat\n1\n", "row 2: it has not as many columns"},
        {"lon,lat\n1,x\n", "no numbers"},
        {"lon,lat\n1,nan\n", "no numbers"},
        {"lon,lat\n1,\n", "no numbers"},
        {"lon,lat\n500000,1100000\n", "WGS 84"},
        {"lon,lat,a\n1,2,\"x\n", "does not end"},
        {"lon,lat,a\n1,2,\"x\"y\n", "does not end"},
        {"lon,lat,a,a\n1,2,3,4\n", "twice"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct sum sum = {0};
        struct feature_tally tally;
        struct why why = {0};
        const enum err err = read_text(bad[i].text, &sum, &tally, &why);
        check_(err == ERR_MALFORMED && strstr(why.text, bad[i].reason), why.text, __FILE__,
               __LINE__);
        bytes_deinit(&sum.values);
    }
}

int main(void)
{
    test_forms();
    test_values();
    test_refusals();
    return CHECK_DONE();
}
