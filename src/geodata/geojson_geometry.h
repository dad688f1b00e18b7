/*
 * geodata/geojson_geometry - one geometry object of GeoJSON as shapes. Used by geodata/geojson
 * only.
 */
#pragma once

#include "geodata/json.h"
#include "geodata/shape.h"

struct geometry_reader {
    struct shape shapes[3]; /* what was found, by kind - 1 */
    bool present;           /* a geometry that is not null */
    bool beyond;            /* some latitude lies outside the map's square */
    char sentence[160];     /* what json->fault may point to */
    struct shape raw;
    struct bytes scratch;
};

void geometry_reader_deinit(struct geometry_reader *reader);
void geometry_reader_clear(struct geometry_reader *reader);

/* Is `type` the type of a geometry? */
bool geometry_is_type(struct span type);

/* Reads the object that comes next. A fault stops `json`. */
void geometry_read(struct geometry_reader *reader, struct json *json);

/*
 * A place in degrees, checked. False with `sentence` set when it cannot be WGS 84: not finite,
 * a latitude beyond 90 or a longitude beyond 360 (what lies beyond 180 is taken around the globe).
 */
bool geometry_place(struct geometry_reader *reader, double longitude, double latitude,
                    struct point *place);
