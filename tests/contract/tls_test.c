/*
 * Certificates of the site CA between the libraries that our programs use: mutual TLS 1.3 with
 * GnuTLS (libmicrohttpd) on one end and OpenSSL (libcurl, Mosquitto) on the other, both ways round.
 */
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#include "check.h"
#include "site.h"

/* Certificates of now: GnuTLS judges them by the machine's clock. */
static struct test_site site;

static const char *file_of(const char *name, const char *suffix)
{
    static char paths[4][256];
    static int turn;
    char file[96];
    char *path = paths[turn++ % 4];
    (void)snprintf(file, sizeof file, "%s%s", name, suffix);
    return test_path(&site, path, file);
}

/* ---- the GnuTLS end, on a thread of its own ---- */

struct gnutls_end {
    int fd;
    bool server;
    char certificate[256], key[256], authority[256];
    bool shaken, version_13;
    unsigned status;
    char error[128];
};

static void *gnutls_shake(void *context)
{
    struct gnutls_end *end = context;
    gnutls_certificate_credentials_t credentials = NULL;
    gnutls_session_t session = NULL;
    if (gnutls_certificate_allocate_credentials(&credentials) ||
        gnutls_certificate_set_x509_trust_file(credentials, end->authority, GNUTLS_X509_FMT_PEM) <
            1 ||
        gnutls_certificate_set_x509_key_file(credentials, end->certificate, end->key,
                                             GNUTLS_X509_FMT_PEM) < 0 ||
        gnutls_init(&session, end->server ? GNUTLS_SERVER : GNUTLS_CLIENT)) {
        abort();
    }
    (void)gnutls_priority_set_direct(session, "NORMAL:-VERS-ALL:+VERS-TLS1.3", NULL);
    (void)gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
    gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
    gnutls_session_set_verify_cert(session, end->server ? NULL : "localhost", 0);
    gnutls_handshake_set_timeout(session, 20000);
    gnutls_transport_set_int(session, end->fd);
    int result = 0;
    do {
        result = gnutls_handshake(session);
    } while (result < 0 && !gnutls_error_is_fatal(result));
    char letter = 'g';
    end->status = gnutls_session_get_verify_cert_status(session);
    end->version_13 = gnutls_protocol_get_version(session) == GNUTLS_TLS1_3;
    ssize_t size = result == 0 ? gnutls_record_send(session, &letter, 1) : 0;
    while (size == 1 || (size < 0 && !gnutls_error_is_fatal((int)size))) {
        /* Session tickets come first, and are no data. */
        size = gnutls_record_recv(session, &letter, 1);
        end->shaken = size == 1 && letter == 'o';
        if (size == 1) { break; }
    }
    (void)snprintf(end->error, sizeof end->error, "%s", gnutls_strerror(result));
    (void)shutdown(end->fd, SHUT_RDWR);
    gnutls_deinit(session);
    gnutls_certificate_free_credentials(credentials);
    return NULL;
}

/* ---- the OpenSSL end ---- */

static bool openssl_shake(int fd, bool server, const char *name)
{
    SSL_CTX *context = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    if (!context || SSL_CTX_use_certificate_chain_file(context, file_of(name, ".crt")) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, file_of(name, ".key"), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_load_verify_file(context, file_of("ca", ".crt")) != 1) {
        abort();
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL *tls = SSL_new(context);
    char letter = 'o';
    (void)SSL_set_fd(tls, fd);
    if (!server) { (void)SSL_set1_host(tls, "localhost"); }
    const int result = server ? SSL_accept(tls) : SSL_connect(tls);
    const bool shaken = result == 1 && SSL_write(tls, &letter, 1) == 1 &&
                        SSL_read(tls, &letter, 1) == 1 && letter == 'g';
    SSL_free(tls);
    SSL_CTX_free(context);
    (void)shutdown(fd, SHUT_RDWR);
    return shaken;
}

/* Whether the two speak to each other; `other` is the name of the GnuTLS end's certificate. */
static bool speak(bool gnutls_serves, const char *other, const char *own, const char *authority)
{
    int ends[2];
    pthread_t thread;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) { abort(); }
    struct gnutls_end end = {.fd = ends[0], .server = gnutls_serves};
    (void)snprintf(end.certificate, sizeof end.certificate, "%s", file_of(other, ".crt"));
    (void)snprintf(end.key, sizeof end.key, "%s", file_of(other, ".key"));
    (void)snprintf(end.authority, sizeof end.authority, "%s", file_of(authority, ".crt"));
    if (pthread_create(&thread, NULL, gnutls_shake, &end) != 0) { abort(); }
    const bool shaken = openssl_shake(ends[1], !gnutls_serves, own);
    (void)pthread_join(thread, NULL);
    (void)close(ends[0]);
    (void)close(ends[1]);
    printf("# gnutls: %s, status %u\n", end.error, end.status);
    return shaken && end.shaken && end.version_13 && end.status == 0;
}

int main(void)
{
    struct why why = {0};
    const int64_t now_us = clock_wall_us();
    (void)signal(SIGPIPE, SIG_IGN);
    test_site_open(&site, "riverside");
    authority_close(site.authority);
    test_must(authority_new(&site.authority, "riverside", KEY_KIND_ED25519, now_us, &why), &why);
    test_must(
        authority_save(site.authority, file_of("ca", ".key"), file_of("ca", ".crt"), NULL, &why),
        &why);
    test_site_issue(&site, ROLE_EDGE, "north-1", now_us);
    test_site_issue(&site, ROLE_CONTROL, "control-1", now_us);
    test_site_issue(&site, ROLE_EDGE, "expired", now_us - 40 * CLOCK_DAY_US);
    CLEANUP(authority_close_p) struct authority *other = NULL;
    test_must(authority_new(&other, "riverside", KEY_KIND_ED25519, now_us, &why), &why);
    test_must(authority_save(other, file_of("other", ".key"), file_of("other", ".crt"), NULL, &why),
              &why);

    CHECK(speak(true, "north-1", "control-1", "ca"));
    CHECK(speak(false, "control-1", "north-1", "ca"));
    CHECK(!speak(true, "north-1", "expired", "ca"));
    CHECK(!speak(true, "expired", "control-1", "ca"));
    CHECK(!speak(true, "north-1", "control-1", "other"));
    test_site_close(&site);
    return CHECK_DONE();
}
