/* Polygons that were taken are what the header promises, and every point is in or out of them. */
#include "camera/picture_area.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth) { abort(); }
}

static void check_area(const struct area *area, bool named)
{
    must(area->corner_count >= AREA_CORNERS_MIN && area->corner_count <= AREA_CORNERS_MAX);
    must(memchr(area->name, '\0', sizeof area->name) && (area->name[0] != '\0') == named);
    for (size_t i = 0; i < area->corner_count; i++) {
        const struct area_point at = area->corners[i];
        must(at.x >= 0 && at.x <= 1 && at.y >= 0 && at.y <= 1);
    }
}

static void parse(const char *text, bool named)
{
    static struct area_list list;
    struct why why = {0};
    if (picture_area_parse(&list, text, named, &why)) {
        must(why.text[0] != '\0');
        return;
    }
    must(list.count <= AREA_COUNT_MAX);
    for (size_t i = 0; i < list.count; i++) {
        check_area(&list.areas[i], named);
    }
    for (int i = 0; i <= 64; i++) {
        const struct area_point point = {(float)(i % 8) / 8 + 0.01F, (float)i / 65};
        must(picture_area_at(&list, point) >> list.count == 0);
        /* Beyond the picture is no polygon. */
        must(picture_area_at(&list, (struct area_point){point.x, 1.5F}) == 0);
        must(picture_area_at(&list, (struct area_point){-0.5F, point.y}) == 0);
        must(picture_area_at(&list, (struct area_point){1.5F, point.y}) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(mem_free_p) char *text = MEM_ARRAY(char, size + 1);
    memcpy(text, data, size);
    parse(text, false);
    parse(text, true);
    return 0;
}
