/*
 * Any bytes as a PKCS#7 with certificates: whatever is inside, nobody comes to trust a CA by it
 * that is not trusted already, for the fuzzer has no trusted key.
 */
#include <assert.h>

#include "base/clock.h"
#include "trust/anchors.h"
#include "trust/authority.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct anchors *make_anchors(void)
{
    struct authority *authority = NULL;
    struct anchors *anchors = NULL;
    CLEANUP(text_deinit) struct text pem = text_limited(ANCHORS_FILE_SIZE_MAX);
    enum err err = authority_new(&authority, "riverside", KEY_KIND_ED25519, clock_wall_us(), NULL);
    assert(!err);
    certificate_write_pem(authority_certificate(authority), &pem);
    err = anchors_from_pem(&anchors, text_span(&pem), NULL);
    assert(!err);
    authority_close(authority);
    return anchors;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct anchors *trusted;
    if (!trusted) { trusted = make_anchors(); }
    CLEANUP(certificate_bag_deinit) struct certificate_bag bag = {0};
    if (certificate_bag_from_der(&bag, span_of(data, size), &(struct why){""})) {
        assert(bag.count == 0);
        return 0;
    }
    assert(bag.count >= 1 && bag.count <= CERTIFICATE_BAG_MAX);
    struct anchors *none = NULL;
    struct anchors_pin pin = {.site = "riverside", .now_us = clock_wall_us()};
    enum err err = anchors_renew(&none, trusted, &bag, &pin, &(struct why){""});
    assert(err == ERR_DENIED && !none);
    /* Whatever is pinned vouches for nobody: the fuzzer has no key of a root either. */
    pin.given = true;
    certificate_fingerprint(bag.items[0], pin.fingerprint);
    err = anchors_succeed(&none, trusted, &bag, &pin, &(struct why){""});
    assert(err == ERR_DENIED && !none);
    return 0;
}
