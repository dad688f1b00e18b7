#include "trust/x509.h"

#include <openssl/err.h>

BIO *x509_reader(struct span bytes)
{
    BIO *reader = bytes.size <= INT32_MAX ? BIO_new_mem_buf(bytes.data, (int)bytes.size) : NULL;
    if (!reader) { abort(); }
    return reader;
}

enum err x509_failed(struct why *why, enum err err, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    return reason ? why_set(why, err, "%s: %.100s", what, reason) : why_set(why, err, "%s", what);
}
