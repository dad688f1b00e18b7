#include "wire/digest.h"

#include <stdlib.h>
#include <unistd.h>

#include "check.h"

/* FIPS 180-4 and RFC 1321, "abc" and the empty message; RFC 4231, test case 2. */
int main(void)
{
    struct digest digest;
    digest_bytes(&digest, span_text("abc"));
    CHECK_TEXT(digest.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK_TEXT(digest.md5, "900150983cd24fb0d6963f7d28e17f72");
    CHECK(digest.md5_bytes[0] == 0x90 && digest.md5_bytes[15] == 0x72);
    digest_bytes(&digest, span_of(NULL, 0));
    CHECK_TEXT(digest.sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    uint8_t mac[DIGEST_SHA256_SIZE];
    digest_hmac_sha256(mac, span_text("Jefe"), span_text("what do ya want for nothing?"));
    CHECK(mac[0] == 0x5b && mac[1] == 0xdc && mac[31] == 0x43);

    char path[] = "/tmp/tocsin-digest-XXXXXX";
    const int fd = mkstemp(path);
    if (fd < 0 || write(fd, "xxabcyy", 7) != 7) { abort(); }
    (void)unlink(path);
    struct why why = {""};
    CHECK(digest_file(&digest, fd, 2, 3, &why) == OK);
    CHECK_TEXT(digest.md5, "900150983cd24fb0d6963f7d28e17f72");
    CHECK(digest_file(&digest, fd, 2, 6, &why) == ERR_IO);
    (void)close(fd);
    return CHECK_DONE();
}
