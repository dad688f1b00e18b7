/*
 * wire/s3_answer - the few words that we read out of a store's XML answers.
 *
 * Not an XML reader: the text of the first element of a name, without children, within a size. What
 * it finds is only compared, or sent back to the same store. Pure; any bytes.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>

/* Copies the text of the first <name> into `out`, its five entities decoded. False: there is none,
 * it has children, or does not fit. */
MUST_USE bool s3_answer_element(struct span xml, const char *name, char *out, size_t size);
