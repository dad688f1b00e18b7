#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "wire/http_server.h"

enum { PEER_CERTIFICATE_SIZE_MAX = 16 * 1024 };

static void write_address(char text[static INET6_ADDRSTRLEN], const struct sockaddr *address)
{
    const void *bytes = NULL;
    int family = address->sa_family;
    if (family == AF_INET) {
        bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    } else if (family == AF_INET6) {
        const struct in6_addr *six =
            &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
        bytes = six;
        if (IN6_IS_ADDR_V4MAPPED(six)) { /* one client, one name */
            bytes = six->s6_addr + 12;
            family = AF_INET;
        }
    }
    if (!bytes || !inet_ntop(family, bytes, text, INET6_ADDRSTRLEN)) { text[0] = '\0'; }
}

static struct http_peer *peer_of(struct MHD_Connection *connection)
{
    struct http_peer *peer = MEM_NEW(struct http_peer);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info && info->client_addr) { write_address(peer->address, info->client_addr); }
    info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    peer->fd = info ? info->connect_fd : -1;
    peer->deadline_us = clock_monotonic_us() + HTTP_IDLE_TIMEOUT_S * CLOCK_SECOND_US;
    return peer;
}

void http_peer_notify(void *context, struct MHD_Connection *connection, void **socket_context,
                      enum MHD_ConnectionNotificationCode code)
{
    struct http_server *server = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        struct http_peer *peer = peer_of(connection);
        *socket_context = peer;
        (void)pthread_mutex_lock(&server->lock);
        peer->next = server->peers;
        if (peer->next) { peer->next->before = peer; }
        server->peers = peer;
        (void)pthread_mutex_unlock(&server->lock);
        return;
    }
    /* libmicrohttpd says so before it closes the descriptor: http_peers_expire never meets
     * another's. */
    struct http_peer *peer = *socket_context;
    (void)pthread_mutex_lock(&server->lock);
    if (peer->next) { peer->next->before = peer->before; }
    if (peer->before) {
        peer->before->next = peer->next;
    } else {
        server->peers = peer->next;
    }
    (void)pthread_mutex_unlock(&server->lock);
    text_deinit(&peer->certificate);
    free(peer);
    *socket_context = NULL;
}

void http_peers_expect(struct http_peer *peer, struct http_server *server, bool request)
{
    const int64_t deadline_us =
        request ? clock_monotonic_us() + HTTP_IDLE_TIMEOUT_S * CLOCK_SECOND_US : 0;
    (void)pthread_mutex_lock(&server->lock);
    peer->deadline_us = deadline_us;
    (void)pthread_mutex_unlock(&server->lock);
}

void http_peers_hang_up(struct http_server *server, int64_t now_us)
{
    for (struct http_peer *peer = server->peers; peer; peer = peer->next) {
        if (peer->deadline_us && peer->deadline_us < now_us) {
            (void)shutdown(peer->fd, SHUT_RDWR); /* libmicrohttpd sees the end and cleans up */
        }
    }
}

void http_peers_expire(struct http_server *server, int64_t now_us)
{
    (void)pthread_mutex_lock(&server->lock);
    http_peers_hang_up(server, now_us);
    (void)pthread_mutex_unlock(&server->lock);
}

/* The one URI of the subject alternative names, which must be a SPIFFE ID; "" when it is not so. */
static void read_identity(struct http_peer *peer, gnutls_x509_crt_t certificate)
{
    int uris = 0;
    int kind = 0;
    for (unsigned int i = 0; kind >= 0; i++) {
        char name[HTTP_IDENTITY_SIZE];
        size_t size = sizeof name - 1;
        kind = gnutls_x509_crt_get_subject_alt_name(certificate, i, name, &size, NULL);
        if (kind != GNUTLS_SAN_URI) { continue; }
        name[size] = '\0';
        const bool sound = strlen(name) == size && strncmp(name, "spiffe://", 9) == 0;
        uris++;
        if (!sound || !text_copy(peer->identity, sizeof peer->identity, name)) { uris++; }
    }
    if (uris != 1 || kind != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE) { peer->identity[0] = '\0'; }
}

bool http_peer_verify(struct http_peer *peer, struct MHD_Connection *connection)
{
    if (peer->verified) { return *peer->identity != '\0'; }
    peer->verified = true;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (!info) { return false; }
    /* libmicrohttpd only asks for a certificate; that there is a good one is for us to see. */
    gnutls_typed_vdata_st purpose = {.type = GNUTLS_DT_KEY_PURPOSE_OID};
    char oid[] = GNUTLS_KP_TLS_WWW_CLIENT;
    purpose.data = (unsigned char *)oid;
    unsigned int status = ~0U;
    unsigned int count = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(info->tls_session, &count);
    if (!chain || count == 0 ||
        gnutls_certificate_verify_peers(info->tls_session, &purpose, 1, &status) < 0 || status) {
        return false;
    }
    gnutls_x509_crt_t certificate = NULL;
    if (gnutls_x509_crt_init(&certificate) < 0) { return false; }
    if (gnutls_x509_crt_import(certificate, &chain[0], GNUTLS_X509_FMT_DER) == 0) {
        read_identity(peer, certificate);
    }
    gnutls_x509_crt_deinit(certificate);
    if (*peer->identity) {
        peer->certificate = text_limited(PEER_CERTIFICATE_SIZE_MAX);
        text_add_bytes(&peer->certificate, span_of(chain[0].data, chain[0].size));
    }
    return *peer->identity != '\0';
}
