#include "geodata/osm_block.h"

#include "check.h"
#include "unit/geodata/osm_bytes.h"

struct seen {
    int nodes, ways, relations;
    size_t tags, refs, members;
    int64_t last_id, last_ref;
    double longitude, latitude;
    bool named, inner;
};

static enum err look(void *context, const struct osm_object *object, struct why *why)
{
    struct seen *seen = context;
    (void)why;
    seen->tags += object->tag_count;
    seen->last_id = object->id;
    seen->named = seen->named || span_equal(osm_object_tag(object, "name"), span_text("Lake"));
    switch (object->kind) {
    case OSM_KIND_NODE:
        seen->nodes++;
        seen->longitude = object->longitude;
        seen->latitude = object->latitude;
        break;
    case OSM_KIND_WAY:
        seen->ways++;
        seen->refs += object->node_count;
        seen->last_ref = object->nodes[object->node_count - 1];
        break;
    case OSM_KIND_RELATION:
        seen->relations++;
        seen->members += object->member_count;
        seen->inner = span_equal(object->members[1].role, span_text("inner"));
        break;
    }
    return OK;
}

static enum err read(struct span bytes, struct seen *seen, struct why *why)
{
    *seen = (struct seen){0};
    CLEANUP(osm_block_free_p)
    struct osm_block *block = osm_block_new((struct osm_taker){look, seen});
    return osm_block_read(block, bytes, why);
}

/* Dense nodes, a plain one, a way and a relation. */
static void make(struct bytes *out)
{
    static const char *const strings[] = {"", "name", "Lake", "outer", "inner"};
    struct bytes object = {0};
    struct bytes group = {0};
    osm_strings(out, strings, ARRAY_LEN(strings));
    OSM_ROW(&object, 1, true, 10, 11, 13);
    OSM_ROW(&object, 8, true, 100000000, 100000100, -100000000);
    OSM_ROW(&object, 9, true, 762000000, 762000100, 1800000000);
    OSM_ROW(&object, 10, false, 0, 1, 2, 0, 0);
    osm_message(&group, 2, &object);
    osm_message(out, 2, &group);
    osm_number(&object, 1, zigzag(14));
    OSM_ROW(&object, 2, false, 1);
    OSM_ROW(&object, 3, false, 2);
    osm_number(&object, 8, zigzag(99300000));
    osm_number(&object, 9, zigzag(762100000));
    osm_message(&group, 1, &object);
    osm_number(&object, 1, 20);
    OSM_ROW(&object, 8, true, 10, 14, 11);
    osm_message(&group, 3, &object);
    osm_number(&object, 1, 30);
    OSM_ROW(&object, 8, false, 3, 4);
    OSM_ROW(&object, 9, true, 20, 5);
    OSM_ROW(&object, 10, false, 1, 1);
    osm_message(&group, 4, &object);
    osm_message(out, 2, &group);
    bytes_deinit(&object);
    bytes_deinit(&group);
}

static void test_objects(void)
{
    struct bytes block = {0};
    struct seen seen;
    struct why why = {0};
    make(&block);
    check_(read(bytes_span(&block), &seen, &why) == OK, why.text, __FILE__, __LINE__);
    CHECK(seen.nodes == 4 && seen.ways == 1 && seen.relations == 1 && seen.tags == 2 && seen.named);
    CHECK(seen.refs == 3 && seen.last_ref == 11 && seen.members == 2 && seen.inner);
    CHECK(seen.last_id == 30);
    CHECK(seen.longitude > 76.20999 && seen.longitude < 76.21001);
    CHECK(seen.latitude > 9.92999 && seen.latitude < 9.93001);
    /* Another granularity and offsets, after the groups: they count for all of the block. */
    osm_number(&block, 17, 50);
    osm_number(&block, 20, 1000000000);
    CHECK(read(bytes_span(&block), &seen, NULL) == OK);
    CHECK(seen.longitude > 39.10499 && seen.longitude < 39.10501);
    /* Cut anywhere, it is refused or shorter, never more. */
    int wrong = 0;
    for (size_t size = 0; size < block.size; size++) {
        const enum err err = read(span_of(block.data, size), &seen, NULL);
        wrong += (err && err != ERR_MALFORMED) || seen.nodes > 4;
    }
    CHECK(wrong == 0);
    bytes_deinit(&block);
}

static void test_refusals(void)
{
    static const char *const strings[] = {"", "a"};
    for (int fault = 0; fault < 4; fault++) {
        static const char *const reasons[] = {"not in its table", "beyond 90 or 180",
                                              "as many keys", "dense nodes are damaged"};
        struct bytes block = {0};
        struct bytes object = {0};
        struct bytes group = {0};
        struct seen seen;
        struct why why = {0};
        osm_strings(&block, strings, ARRAY_LEN(strings));
        OSM_ROW(&object, 1, true, 1);
        OSM_ROW(&object, 8, true, fault == 1 ? 900000001 : 0);
        if (fault == 3) {
            OSM_ROW(&object, 9, true, 0, 0);
        } else {
            OSM_ROW(&object, 9, true, 0);
        }
        if (fault == 0) { OSM_ROW(&object, 10, false, 1, 7, 0); }
        osm_message(&group, 2, &object);
        if (fault == 2) {
            OSM_ROW(&object, 2, false, 1);
            osm_message(&group, 3, &object);
        }
        osm_message(&block, 2, &group);
        CHECK(read(bytes_span(&block), &seen, &why) == ERR_MALFORMED);
        check_(strstr(why.text, reasons[fault]) != NULL, why.text, __FILE__, __LINE__);
        bytes_deinit(&block);
        bytes_deinit(&object);
        bytes_deinit(&group);
    }
}

int main(void)
{
    test_objects();
    test_refusals();
    return CHECK_DONE();
}
