#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "base/encode.h"
#include "wire/http_server.h"

enum { KEY_TEXT_SIZE = 24 };

/* On a thread of libmicrohttpd, when the 101 has been sent. */
/* NOLINTNEXTLINE(readability-function-size): libmicrohttpd's own signature */
static void on_upgrade(void *context, struct MHD_Connection *connection, void *request_context,
                       const char *early, size_t early_size, MHD_socket fd,
                       struct MHD_UpgradeResponseHandle *upgrade)
{
    (void)connection;
    struct http_request *request = request_context;
    struct http_server *server = request->server;
    (void)pthread_mutex_lock(&server->lock);
    request->upgraded = true;
    server->upgraded++;
    (void)pthread_cond_broadcast(&server->served);
    (void)pthread_mutex_unlock(&server->lock);
    /* libmicrohttpd leaves Nagle's algorithm on: 40 ms for every small message. */
    const int on = 1;
    (void)setsockopt(request->peer->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    const struct websocket_arrival arrival = {.handler = request->socket_handler,
                                              .fd = fd,
                                              .upgrade = upgrade,
                                              .early = span_of(early, early_size)};
    if (websockets_adopt(context, &arrival)) {
        request->socket_handler = (struct websocket_handler){0};
    } else {
        (void)MHD_upgrade_action(upgrade, MHD_UPGRADE_ACTION_CLOSE);
    }
}

/* Sec-WebSocket-Accept of RFC 6455, 4.2.2; false when `key` is not 16 bytes in base64. */
static bool accept_key(const char *key, struct text *accept)
{
    uint8_t nonce[KEY_TEXT_SIZE];
    size_t size = 0;
    if (!key || strlen(key) != KEY_TEXT_SIZE ||
        decode_base64(nonce, sizeof nonce, &size, key, NULL) || size != 16) {
        return false;
    }
    CLEANUP(text_deinit) struct text salted = text_limited(128);
    text_format(&salted, "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    uint8_t digest[20];
    if (gnutls_hash_fast(GNUTLS_DIG_SHA1, salted.data, salted.size, digest) < 0) { return false; }
    encode_base64(accept, span_of(digest, sizeof digest));
    return true;
}

void http_answer_websocket(struct http_request *request, const struct websocket_handler *handler)
{
    request->socket_handler = *handler;
    const char *version = http_header(request, "Sec-WebSocket-Version");
    CLEANUP(text_deinit) struct text accept = text_limited(64);
    if (strcmp(request->method, "GET") != 0 ||
        !http_token_listed(http_header(request, "Upgrade"), "websocket") ||
        !http_token_listed(http_header(request, "Connection"), "upgrade") || !version ||
        strcmp(version, "13") != 0 ||
        !accept_key(http_header(request, "Sec-WebSocket-Key"), &accept)) {
        http_add_header(request, "Upgrade", "websocket");
        http_add_header(request, "Sec-WebSocket-Version", "13");
        http_request_drop_socket(request);
        http_answer_problem(request, 426, http_status_title(426),
                            "This address speaks WebSocket, version 13.");
        return;
    }
    struct websockets *owner = request->server->websockets;
    if (websockets_full(owner)) {
        http_request_drop_socket(request);
        http_answer_problem(request, 503, http_status_title(503),
                            "Too many WebSockets are open. Try again later.");
        return;
    }
    http_add_header(request, "Upgrade", "websocket");
    http_add_header(request, "Sec-WebSocket-Accept", text_c(&accept));
    http_answer_take(request, 101, NULL, MHD_create_response_for_upgrade(on_upgrade, owner));
}
