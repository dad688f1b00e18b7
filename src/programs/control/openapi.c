#include "programs/control/openapi.h"

/* The assembler includes the file: a string constant of this length is beyond what ISO C promises.
 */
__asm__(".pushsection .rodata\n"
        "openapi_begin:\n"
        ".incbin \"" OPENAPI_PATH "\"\n"
        "openapi_end:\n"
        ".popsection\n");

extern const uint8_t openapi_begin[];
extern const uint8_t openapi_end[];

struct span openapi_document(void)
{
    return span_of(openapi_begin, (size_t)(openapi_end - openapi_begin));
}
