/* The numbers of geodata/json. */
#include <math.h>
#include <stdlib.h>

#include "geodata/json.h"

enum { DIGITS_EXACT = 19, TEXT_MAX = 512 };

/* A number as its letters say it. */
struct letters {
    const char *from, *to;
    uint64_t mantissa; /* the first 19 significant digits */
    int exponent;      /* the value is mantissa * 10^exponent, if nothing was `cut` */
    bool negative, whole, cut;
};

static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static bool is_digit(const struct json *json)
{
    return json->at < json->end && *json->at >= '0' && *json->at <= '9';
}

/* Takes a row of digits; at least one. */
static void digits(struct json *json, struct letters *letters, bool fraction)
{
    const char *from = json->at;
    while (is_digit(json)) {
        const unsigned digit = (unsigned)(*json->at++ - '0');
        if (letters->mantissa < UINT64_C(1000000000000000000)) {
            letters->mantissa = letters->mantissa * 10 + digit;
            letters->exponent -= fraction;
        } else {
            letters->cut = letters->cut || digit > 0;
            letters->exponent += !fraction;
        }
    }
    if (json->at == json->end) {
        json->starved = true; /* a number may go on; inside an object, something follows it */
    } else if (json->at == from) {
        json->fault = "a number is malformed";
    }
}

static void exponent(struct json *json, struct letters *letters)
{
    json->at++;
    const bool negative = json->at < json->end && *json->at == '-';
    if (json->at < json->end && (*json->at == '-' || *json->at == '+')) { json->at++; }
    const char *from = json->at;
    int number = 0;
    for (; is_digit(json); json->at++) {
        if (number < 100000) { number = number * 10 + (*json->at - '0'); }
    }
    if (json->at == json->end) {
        json->starved = true;
    } else if (json->at == from) {
        json->fault = "a number is malformed";
    }
    letters->exponent += negative ? -number : number;
}

static struct letters read_letters(struct json *json)
{
    (void)json_peek(json);
    struct letters letters = {.from = json->at, .whole = true};
    if (json_stopped(json)) { return letters; }
    letters.negative = *json->at == '-';
    json->at += letters.negative;
    const char *integer = json->at;
    digits(json, &letters, false);
    if (!json_stopped(json) && *integer == '0' && json->at - integer > 1) {
        json->fault = "a number begins with a needless zero";
    }
    if (!json_stopped(json) && *json->at == '.') {
        letters.whole = false;
        json->at++;
        digits(json, &letters, true);
    }
    if (!json_stopped(json) && (*json->at == 'e' || *json->at == 'E')) {
        letters.whole = false;
        exponent(json, &letters);
    }
    letters.to = json->at;
    return letters;
}

/* The slow and exact way, for the C library. */
static double library(const struct letters *letters)
{
    char text[TEXT_MAX];
    const size_t size = (size_t)(letters->to - letters->from);
    if (size >= sizeof text) { return HUGE_VAL; }
    memcpy(text, letters->from, size);
    text[size] = '\0';
    return strtod(text, NULL);
}

static double checked(struct json *json, double number)
{
    if (json_stopped(json)) { return 0; }
    if (isfinite(number)) { return number; }
    json->fault = "a number is too large, or has too many digits";
    return 0;
}

/* Exact when both factors are doubles: one operation rounds once. */
static bool is_easy(const struct letters *letters)
{
    return !letters->cut && letters->mantissa <= UINT64_C(1) << 53 && letters->exponent >= -22 &&
           letters->exponent <= 22;
}

static double scaled(const struct letters *letters)
{
    const double mantissa = (double)letters->mantissa;
    const double real = letters->exponent < 0 ? mantissa / powers[-letters->exponent]
                                              : mantissa * powers[letters->exponent];
    return letters->negative ? -real : real;
}

struct json_number json_number(struct json *json)
{
    const struct letters letters = read_letters(json);
    struct json_number number = {.negative = letters.negative, .magnitude = letters.mantissa};
    if (json_stopped(json)) { return number; }
    number.whole = letters.whole && letters.exponent == 0 && !letters.cut;
    number.real = checked(json, is_easy(&letters) ? scaled(&letters) : library(&letters));
    return number;
}

double json_coordinate(struct json *json)
{
    const struct letters letters = read_letters(json);
    if (json_stopped(json)) { return 0; }
    const bool near = letters.exponent >= -22 && letters.exponent <= 22;
    return checked(json, near ? scaled(&letters) : library(&letters));
}
