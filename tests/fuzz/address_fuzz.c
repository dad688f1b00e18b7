/* What is shown of a camera's address holds neither user, password nor query, whatever was typed.
 */
#include "camera/address.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth) { abort(); }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(mem_free_p) char *url = MEM_ARRAY(char, size + 1);
    memcpy(url, data, size);
    CLEANUP(address_free_p) struct address *address = NULL;
    struct why why = {0};
    if (address_new(&address, url, &why)) {
        must(!address && why.text[0]);
        return 0;
    }
    must(strcmp(address_whole(address), url) == 0);
    const char *shown = address_shown(address);
    if (address_is_file(address)) {
        must(!strchr(shown, '/') || strcmp(shown, url) == 0);
        return 0;
    }
    must(!strpbrk(shown, "@?#") && strncasecmp(shown, "rtsp", 4) == 0 && strstr(shown, "://"));
    return 0;
}
