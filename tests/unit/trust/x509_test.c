#include "trust/x509.h"

#include <openssl/err.h>

#include "check.h"

int main(void)
{
    struct why why = {0};
    uint8_t bytes[8];
    BIO *reader = x509_reader(span_text("hello"));
    CHECK(BIO_read(reader, bytes, sizeof bytes) == 5 && memcmp(bytes, "hello", 5) == 0);
    BIO_free_all(reader);

    CHECK(x509_failed(&why, ERR_DENIED, "no reason") == ERR_DENIED);
    CHECK_TEXT(why.text, "no reason");
    ERR_raise(ERR_LIB_X509, X509_R_KEY_VALUES_MISMATCH);
    CHECK(x509_failed(&why, ERR_MALFORMED, "it failed") == ERR_MALFORMED);
    CHECK_TEXT(why.text, "it failed: key values mismatch");
    CHECK(ERR_peek_error() == 0); /* the next one finds nothing of this */
    CHECK(x509_failed(NULL, ERR_IO, "nobody asks") == ERR_IO);
    return CHECK_DONE();
}
