#include "fleet/physical.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NMEA_SIZE_MAX = 96, NMEA_FIELDS = 20 };

static const char *const names[] = {
    [SECURE_BOOT_UNKNOWN] = "unknown", [SECURE_BOOT_OFF] = "off", [SECURE_BOOT_ON] = "on"};

const char *secure_boot_name(enum secure_boot state)
{
    return names[state];
}

/* ---- as JSON ---- */

static bool is_null(const struct value *value)
{
    return !value || value_kind(value) == VALUE_KIND_NULL;
}

static enum err parse_tamper(struct physical *out, const struct value *member, struct why *why)
{
    if (is_null(member)) { return OK; }
    const struct value *open = value_get(member, "open");
    if (!open || value_kind(open) != VALUE_KIND_BOOLEAN) {
        return why_set(why, ERR_MALFORMED, "tamper: open must be true or false");
    }
    out->guarded = true;
    out->open = value_boolean_or(open, false);
    if (is_null(value_get(member, "since"))) { return OK; }
    return value_need_time(member, "since", &out->tampered_us, why);
}

static enum err parse_position(struct physical *out, const struct value *member, struct why *why)
{
    static const double latitudes[2] = {-90, 90};
    static const double longitudes[2] = {-180, 180};
    if (is_null(member)) { return OK; }
    struct position *position = &out->position;
    out->placed = true;
    const enum err err = value_need_real(member, "latitude", latitudes, &position->latitude, why);
    return err ? err : value_need_real(member, "longitude", longitudes, &position->longitude, why);
}

static enum err parse_boot(struct physical *out, const struct value *member, struct why *why)
{
    const char *name = value_text_or(value_get(member, "secure_boot"), "");
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(names[i], name) == 0) {
            out->secure_boot = (enum secure_boot)i;
            return OK;
        }
    }
    return why_set(why, ERR_MALFORMED, "secure_boot is \"%.20s\", expected on, off or unknown",
                   name);
}

enum err physical_parse(struct physical *out, const struct value *member, struct why *why)
{
    struct physical physical = {0};
    enum err err = OK;
    if (!is_null(member)) {
        err = parse_tamper(&physical, value_get(member, "tamper"), why);
        if (!err) { err = parse_position(&physical, value_get(member, "position"), why); }
        if (!err) { err = parse_boot(&physical, member, why); }
    }
    if (err) { return why_prefix(why, err, "physical"); }
    *out = physical;
    return OK;
}

struct value *physical_to_value(const struct physical *physical)
{
    struct value *whole = value_object();
    struct value *tamper = physical->guarded ? value_object() : value_null();
    struct value *position = physical->placed ? value_object() : value_null();
    if (physical->guarded) {
        value_set_boolean(tamper, "open", physical->open);
        value_set_text(tamper, "since", NULL);
        if (physical->tampered_us) { value_set_time(tamper, "since", physical->tampered_us); }
    }
    if (physical->placed) {
        value_set_real(position, "latitude", physical->position.latitude);
        value_set_real(position, "longitude", physical->position.longitude);
    }
    value_set(whole, "tamper", tamper);
    value_set(whole, "position", position);
    value_set_text(whole, "secure_boot", secure_boot_name(physical->secure_boot));
    return whole;
}

/* ---- NMEA 0183 ---- */

/* Whether the letters between '$' and '*' give the checksum that stands behind. */
static bool sum_fits(const char *line)
{
    unsigned sum = 0;
    const char *at = line + 1;
    for (; *at && *at != '*'; at++) {
        sum ^= (unsigned char)*at;
    }
    char expected[8];
    (void)snprintf(expected, sizeof expected, "*%02X", sum & 0xFFU);
    return strncasecmp(at, expected, 3) == 0 && strspn(at + 3, "\r\n") == strlen(at + 3);
}

/* Cuts `line` at its commas; how many fields there are. */
static size_t cut(char *line, char *fields[static NMEA_FIELDS])
{
    size_t count = 1;
    fields[0] = line;
    for (char *comma = strchr(line, ','); comma && count < NMEA_FIELDS;
         comma = strchr(comma + 1, ',')) {
        *comma = '\0';
        fields[count++] = comma + 1;
    }
    return count;
}

/* "5230.1234" with "N": degrees and minutes. */
static bool read_angle(double *degrees, const char *digits, const char *side, const char *sides)
{
    const size_t whole = strspn(digits, "0123456789");
    if (whole < 3 || whole > 5 || strlen(side) != 1 || !strchr(sides, side[0]) ||
        strspn(digits, "0123456789.") != strlen(digits)) {
        return false;
    }
    const double value = strtod(digits, NULL);
    const int full = (int)value / 100;
    const double minutes = value - full * 100.0;
    *degrees = full + minutes / 60;
    if (side[0] == sides[1]) { *degrees = -*degrees; }
    return minutes < 60;
}

bool position_read_nmea(struct position *out, const char *line)
{
    char copy[NMEA_SIZE_MAX];
    char *fields[NMEA_FIELDS];
    if (line[0] != '$' || !text_copy(copy, sizeof copy, line) || !sum_fits(line)) { return false; }
    *strchr(copy, '*') = '\0';
    const size_t count = cut(copy, fields);
    if (count < 7 || strlen(fields[0]) != 6) { return false; }
    const bool gga = strcmp(fields[0] + 3, "GGA") == 0;
    const bool rmc = strcmp(fields[0] + 3, "RMC") == 0;
    const bool fixed = (gga && strcmp(fields[6], "0") != 0) || (rmc && strcmp(fields[2], "A") == 0);
    const size_t first = gga ? 2 : 3;
    struct position position;
    if (!fixed || !read_angle(&position.latitude, fields[first], fields[first + 1], "NS") ||
        !read_angle(&position.longitude, fields[first + 2], fields[first + 3], "EW") ||
        position.latitude < -90 || position.latitude > 90 || position.longitude < -180 ||
        position.longitude > 180) {
        return false;
    }
    *out = position;
    return true;
}
