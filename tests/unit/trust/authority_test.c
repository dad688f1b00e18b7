#include "trust/authority.h"

#include <openssl/ssl.h>
#include <sys/stat.h>

#include "check.h"
#include "craft.h"

static enum err issue(const struct authority *authority, const struct authority_request *request,
                      struct authority_issued *issued, struct why *why)
{
    return authority_issue(issued, authority, request, TEST_NOW_US, why);
}

static void test_files(const struct test_site *site)
{
    struct why why = {0};
    struct stat facts;
    CHECK(stat(TEST_PATH(site, "ca.key"), &facts) == 0 && (facts.st_mode & 07777) == 0600);
    CHECK(stat(TEST_PATH(site, "ca.crt"), &facts) == 0 && (facts.st_mode & 07777) == 0644);
    CLEANUP(authority_close_p) struct authority *read = NULL;
    CHECK(authority_open(&read, TEST_PATH(site, "ca.key"), TEST_PATH(site, "ca.crt"), NULL, &why) ==
          OK);
    CHECK_TEXT(authority_site(read), "riverside");

    struct authority *none = NULL;
    test_site_issue(site, ROLE_EDGE, "north-1", TEST_NOW_US);
    CHECK(stat(TEST_PATH(site, "north-1.key"), &facts) == 0 && (facts.st_mode & 07777) == 0600);
    CHECK(authority_open(&none, TEST_PATH(site, "north-1.key"), TEST_PATH(site, "north-1.crt"),
                         NULL, &why) == ERR_MALFORMED);
    CHECK(strstr(why.text, "tocsin ca init") != NULL);
    CHECK(authority_open(&none, TEST_PATH(site, "north-1.key"), TEST_PATH(site, "ca.crt"), NULL,
                         &why) == ERR_MALFORMED);
    CHECK(authority_open(&none, TEST_PATH(site, "no.key"), TEST_PATH(site, "ca.crt"), NULL, &why) ==
          ERR_NOT_FOUND);
    CHECK(authority_new(&none, "Not A Site", KEY_KIND_ED25519, TEST_NOW_US, &why) == ERR_MALFORMED);
    CHECK(!none);
}

static void test_sealed(const struct test_site *site)
{
    struct why why = {0};
    CLEANUP(secret_free_p) struct secret *words = NULL;
    CLEANUP(authority_close_p) struct authority *read = NULL;
    test_must(secret_new(&words, span_text("open sesame"), &why), &why);
    CHECK(authority_save(site->authority, TEST_PATH(site, "s.key"), TEST_PATH(site, "s.crt"), words,
                         &why) == OK);
    CHECK(authority_open(&read, TEST_PATH(site, "s.key"), TEST_PATH(site, "s.crt"), NULL, &why) ==
          ERR_DENIED);
    CHECK(authority_open(&read, TEST_PATH(site, "s.key"), TEST_PATH(site, "s.crt"), words, &why) ==
          OK);
}

static void test_days(const struct test_site *site)
{
    static const struct {
        enum role role;
        int asked, given;
    } cases[] = {{ROLE_EDGE, 0, 30},     {ROLE_GATEWAY, 0, 30}, {ROLE_CONTROL, 0, 365},
                 {ROLE_BROKER, 0, 365},  {ROLE_OPS, 0, 365},    {ROLE_EDGE, 1, 1},
                 {ROLE_EDGE, 3650, 3650}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(authority_issued_deinit) struct authority_issued issued = {0};
        const struct authority_request request = {
            .role = cases[i].role, .name = "a", .days = cases[i].asked};
        struct why why = {0};
        CHECK(issue(site->authority, &request, &issued, &why) == OK);
        const int64_t end_us = certificate_end_us(issued.certificate);
        CHECK(end_us == TEST_NOW_US + cases[i].given * CLOCK_DAY_US);
        CHECK(end_us <= certificate_end_us(authority_certificate(site->authority)));
    }
    CLEANUP(authority_issued_deinit) struct authority_issued issued = {0};
    const struct authority_request late = {.role = ROLE_EDGE, .name = "a", .days = 30};
    struct why why = {0};
    const int64_t nearly_us = TEST_NOW_US + 3649 * CLOCK_DAY_US;
    CHECK(authority_issue(&issued, site->authority, &late, nearly_us, &why) == OK);
    CHECK(certificate_end_us(issued.certificate) ==
          certificate_end_us(authority_certificate(site->authority)));
    authority_issued_deinit(&issued);
    CHECK(authority_issue(&issued, site->authority, &late, TEST_NOW_US + 3650 * CLOCK_DAY_US,
                          &why) == ERR_DENIED);
}

static void test_refused(const struct test_site *site)
{
    static const char *const bad_hosts[] = {"a b", "a,DNS:evil", "",           "-x", ".x",
                                            "*",   "a/b",        "300.1.1.1.", "::g"};
    CLEANUP(authority_issued_deinit) struct authority_issued none = {0};
    struct why why = {0};
    struct authority_request request = {.role = ROLE_EDGE, .name = "a,URI:x"};
    CHECK(issue(site->authority, &request, &none, &why) == ERR_MALFORMED);
    request = (struct authority_request){.role = ROLE_EDGE, .name = "a", .days = -1};
    CHECK(issue(site->authority, &request, &none, &why) == ERR_RANGE);
    request.days = 3651;
    CHECK(issue(site->authority, &request, &none, &why) == ERR_RANGE);
    request = (struct authority_request){.role = ROLE_EDGE, .name = "a", .host_count = 1};
    for (size_t i = 0; i < ARRAY_LEN(bad_hosts); i++) {
        if (strcmp(bad_hosts[i], "300.1.1.1.") == 0) {
            continue;
        } /* a DNS name, if a strange one */
        request.hosts = &bad_hosts[i];
        CHECK(issue(site->authority, &request, &none, &why) == ERR_MALFORMED);
    }
    const char *many[AUTHORITY_HOST_MAX + 1];
    for (size_t i = 0; i < ARRAY_LEN(many); i++) {
        many[i] = "localhost";
    }
    request.hosts = many;
    request.host_count = ARRAY_LEN(many);
    CHECK(issue(site->authority, &request, &none, &why) == ERR_LIMIT);
    CHECK(!none.key && !none.certificate);
}

static void test_serials(const struct test_site *site)
{
    CLEANUP(authority_issued_deinit) struct authority_issued one = {0};
    CLEANUP(authority_issued_deinit) struct authority_issued two = {0};
    const struct authority_request request = {.role = ROLE_EDGE, .name = "a"};
    struct why why = {0};
    CHECK(issue(site->authority, &request, &one, &why) == OK);
    CHECK(issue(site->authority, &request, &two, &why) == OK);
    const uint8_t *at = certificate_der(one.certificate).data;
    const uint8_t *other = certificate_der(two.certificate).data;
    X509 *a = d2i_X509(NULL, &at, (long)certificate_der(one.certificate).size);
    X509 *b = d2i_X509(NULL, &other, (long)certificate_der(two.certificate).size);
    CHECK(ASN1_STRING_length(X509_get0_serialNumber(a)) == 16);
    CHECK(ASN1_INTEGER_cmp(X509_get0_serialNumber(a), X509_get0_serialNumber(b)) != 0);
    X509_free(a);
    X509_free(b);
}

static void test_web(const struct test_site *site)
{
    static const char *const hosts[] = {"tocsin.example", "*.tocsin.example", "192.0.2.7",
                                        "2001:db8::1"};
    struct why why = {0};
    CLEANUP(authority_close_p) struct authority *web = NULL;
    CLEANUP(authority_issued_deinit) struct authority_issued issued = {0};
    CHECK(authority_new(&web, "riverside", KEY_KIND_P256, TEST_NOW_US, &why) == OK);
    struct authority_request request = {.role = ROLE_CONTROL, .name = "web"};
    CHECK(issue(web, &request, &issued, &why) == ERR_MALFORMED); /* without a host */
    request.hosts = hosts;
    request.host_count = ARRAY_LEN(hosts);
    CHECK(issue(web, &request, &issued, &why) == OK);
    CHECK(key_kind(issued.key) == KEY_KIND_P256);
    const uint8_t *at = certificate_der(issued.certificate).data;
    X509 *x509 = d2i_X509(NULL, &at, (long)certificate_der(issued.certificate).size);
    CHECK(X509_check_host(x509, "tocsin.example", 0, 0, NULL) == 1);
    CHECK(X509_check_host(x509, "a.tocsin.example", 0, 0, NULL) == 1);
    CHECK(X509_check_host(x509, "example", 0, 0, NULL) == 0);
    CHECK(X509_check_ip_asc(x509, "192.0.2.7", 0) == 1);
    CHECK(X509_check_ip_asc(x509, "2001:db8::1", 0) == 1);
    CHECK(X509_check_purpose(x509, X509_PURPOSE_SSL_SERVER, 0) == 1);
    CHECK(X509_check_purpose(x509, X509_PURPOSE_SSL_CLIENT, 0) == 0);
    X509_free(x509);
    (void)site;
}

/* ---- mutual TLS 1.3 in memory, both ends OpenSSL ---- */

static SSL *tls_end(const struct test_site *site, const char *name, bool server)
{
    char file[64];
    SSL_CTX *context = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    if (!context) { abort(); }
    (void)SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    (void)snprintf(file, sizeof file, "%s.crt", name);
    CHECK(SSL_CTX_use_certificate_chain_file(context, TEST_PATH(site, file)) == 1);
    (void)snprintf(file, sizeof file, "%s.key", name);
    CHECK(SSL_CTX_use_PrivateKey_file(context, TEST_PATH(site, file), SSL_FILETYPE_PEM) == 1);
    CHECK(SSL_CTX_load_verify_file(context, TEST_PATH(site, "ca.crt")) == 1);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(context), TEST_NOW_US / CLOCK_SECOND_US);
    (void)X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_X509_STRICT);
    SSL *tls = SSL_new(context);
    SSL_CTX_free(context);
    if (server) {
        SSL_set_accept_state(tls);
    } else {
        SSL_set_connect_state(tls);
        (void)SSL_set1_host(tls, "localhost");
    }
    return tls;
}

static void test_mutual_tls(const struct test_site *site)
{
    test_site_issue(site, ROLE_CONTROL, "control-1", TEST_NOW_US);
    SSL *server = tls_end(site, "north-1", true);
    SSL *client = tls_end(site, "control-1", false);
    BIO *one = NULL;
    BIO *two = NULL;
    if (BIO_new_bio_pair(&one, 0, &two, 0) != 1) { abort(); }
    SSL_set_bio(server, one, one);
    SSL_set_bio(client, two, two);
    int done = 0;
    for (int turn = 0; turn < 20 && done != 3; turn++) {
        done = (SSL_do_handshake(client) == 1 ? 1 : 0) | (SSL_do_handshake(server) == 1 ? 2 : 0);
    }
    CHECK(done == 3);
    CHECK_TEXT(SSL_get_version(client), "TLSv1.3");
    CHECK(SSL_get_verify_result(client) == X509_V_OK);
    CHECK(SSL_get_verify_result(server) == X509_V_OK);
    SSL_free(client);
    SSL_free(server);
}

int main(void)
{
    struct test_site site;
    test_site_open(&site, "riverside");
    test_files(&site);
    test_sealed(&site);
    test_days(&site);
    test_refused(&site);
    test_serials(&site);
    test_web(&site);
    test_mutual_tls(&site);
    test_site_close(&site);
    return CHECK_DONE();
}
