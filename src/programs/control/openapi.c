#include "programs/control/openapi.h"

/* The assembler includes the file: such a string constant is longer than ISO C promises to take. */
__asm__(".pushsection .rodata\n"
        ".balign 8\n"
        "openapi_size: .quad openapi_end - openapi_begin\n"
        "openapi_begin: .incbin \"" OPENAPI_PATH "\"\n"
        "openapi_end:\n"
        ".popsection\n");

extern const uint64_t openapi_size;
extern const uint8_t openapi_begin[];

struct span openapi_document(void)
{
    return span_of(openapi_begin, openapi_size);
}
