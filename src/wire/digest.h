/*
 * wire/digest - SHA-256 and MD5 of bytes and of files, as the protocols of stores want them.
 *
 * SHA-256 names content and signs requests. MD5 is what an S3 store calls its ETag and nothing
 * else here: it finds damage, it proves nothing. Any thread. Wraps OpenSSL.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

enum { DIGEST_SHA256_SIZE = 32, DIGEST_MD5_SIZE = 16 };

struct digest {
    char sha256[DIGEST_SHA256_SIZE * 2 + 1]; /* lower-case hexadecimal */
    char md5[DIGEST_MD5_SIZE * 2 + 1];
    uint8_t md5_bytes[DIGEST_MD5_SIZE];
};

void digest_bytes(struct digest *out, struct span bytes);

/* Of `size` bytes of the file `fd` from `offset` on. ERR_IO also when the file ends before. */
MUST_USE enum err digest_file(struct digest *out, int fd, uint64_t offset, uint64_t size,
                              struct why *why);

void digest_hmac_sha256(uint8_t out[static DIGEST_SHA256_SIZE], struct span key, struct span bytes);
