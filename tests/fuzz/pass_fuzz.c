/* What a stranger shows the map's server as a pass: none that was not made with the token is good.
 */
#include "base/base.h"
#include "release/pass.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct secret *token;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!token && secret_new(&token, span_text("a token that nobody guesses"), NULL)) { abort(); }
    if (pass_is_good(span_of(data, size), token, "field", INT64_C(1795600000000000))) { abort(); }
    return 0;
}
