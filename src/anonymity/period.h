/*
 * anonymity/period - months and quarters in UTC, and when they are over.
 *
 * A period is a number: twice its first month, counted from 1970-01; one more for a quarter. So a
 * month comes before the quarter that it begins. Pure arithmetic.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>

enum {
    PERIOD_TEXT_SIZE = 16, /* "2026-03", "2026-Q1" */
    PERIOD_MAX = 1 << 18,  /* years 1970 to 9999 */
};

uint32_t period_month(int64_t wall_us);
uint32_t period_quarter(int64_t wall_us);
bool period_is_quarter(uint32_t period);

/* The first moment that is no longer in it. */
int64_t period_end_us(uint32_t period);

const char *period_text(char text[static PERIOD_TEXT_SIZE], uint32_t period);

/* Reads what period_text writes. ERR_MALFORMED otherwise. */
MUST_USE enum err period_parse(uint32_t *period, const char *text, struct why *why);
