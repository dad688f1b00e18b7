/*
 * control/openapi - web/openapi.json, inside the program.
 */
#pragma once

#include "base/span.h"

struct span openapi_document(void);
