/*
 * tests/site - a whole site in a temporary folder: CA, certificates, signers, for unit tests.
 */
#pragma once

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "system/file.h"
#include "trust/authority.h"
#include "trust/envelope.h"

/* 2026-11-22T09:30:00Z: tests live at this moment unless they say otherwise. */
#define TEST_NOW_US INT64_C(1795339800000000)

struct test_site {
    char folder[64];
    struct authority *authority; /* owned */
};

/* The path of a file of the site, in a buffer of the caller. */
static inline const char *test_path(const struct test_site *site, char path[static 256],
                                    const char *file)
{
    (void)snprintf(path, 256, "%s/%s", site->folder, file);
    return path;
}
#define TEST_PATH(site, file) test_path((site), (char[256]){0}, (file))

static inline void test_must(enum err err, const struct why *why)
{
    if (!err) { return; }
    printf("Bail out! %s\n", why->text);
    exit(1);
}

/* Makes the folder, and the CA (ca.key, ca.crt) at TEST_NOW_US. */
static inline void test_site_open(struct test_site *site, const char *name)
{
    struct why why = {0};
    *site = (struct test_site){.folder = "/tmp/tocsin-test-XXXXXX"};
    if (!mkdtemp(site->folder)) { abort(); }
    test_must(authority_new(&site->authority, name, KEY_KIND_ED25519, TEST_NOW_US, &why), &why);
    test_must(authority_save(site->authority, TEST_PATH(site, "ca.key"), TEST_PATH(site, "ca.crt"),
                             NULL, &why),
              &why);
}

static inline int test_remove_one(const char *path, const struct stat *facts, int kind,
                                  struct FTW *place)
{
    (void)facts;
    (void)kind;
    (void)place;
    return remove(path);
}

static inline void test_site_close(struct test_site *site)
{
    authority_close(site->authority);
    (void)nftw(site->folder, test_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Makes NAME.key and NAME.crt, valid for 30 days from `now_us`. */
static inline void test_site_issue(const struct test_site *site, enum role role, const char *name,
                                   int64_t now_us)
{
    static const char *const hosts[] = {"localhost", "127.0.0.1"};
    struct why why = {0};
    const struct authority_request request = {
        .role = role, .name = name, .days = 30, .hosts = hosts, .host_count = 2};
    CLEANUP(authority_issued_deinit) struct authority_issued issued = {0};
    test_must(authority_issue(&issued, site->authority, &request, now_us, &why), &why);
    test_must(authority_issued_save(&issued, site->folder, name, &why), &why);
}

/* Issues a certificate and opens its signer; the caller closes it. */
static inline struct signer *test_site_signer(const struct test_site *site, enum role role,
                                              const char *name)
{
    struct why why = {0};
    struct signer *signer = NULL;
    char key[IDENTITY_NAME_SIZE + 8];
    char chain[IDENTITY_NAME_SIZE + 8];
    test_site_issue(site, role, name, TEST_NOW_US);
    (void)snprintf(key, sizeof key, "%s.key", name);
    (void)snprintf(chain, sizeof chain, "%s.crt", name);
    test_must(signer_open(&signer, TEST_PATH(site, key), TEST_PATH(site, chain), &why), &why);
    return signer;
}

/* A verifier of the site; the caller closes it. */
static inline struct verifier *test_site_verifier(const struct test_site *site)
{
    struct why why = {0};
    struct verifier *verifier = NULL;
    char ca[256];
    const struct verifier_config config = {.site = authority_site(site->authority),
                                           .ca_path = test_path(site, ca, "ca.crt")};
    test_must(verifier_open(&verifier, &config, &why), &why);
    return verifier;
}

/* A signed message of `type`; text_deinit it. */
static inline struct text test_message(const struct signer *signer, enum tier tier,
                                       const char *type, int64_t now_us)
{
    struct why why = {0};
    struct text out = text_limited(ENVELOPE_SIZE_MAX);
    struct value *content = value_object();
    value_set_text(content, "type", type);
    test_must(
        envelope_sign(signer,
                      &(struct envelope_draft){.tier = tier, .now_us = now_us, .content = content},
                      &out, &why),
        &why);
    return out;
}
