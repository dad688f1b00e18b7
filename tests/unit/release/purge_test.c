#include "release/purge.h"

#include "check.h"
#include "unit/wire/store_peer.h"

int main(void)
{
    peer_open();
    char api[64];
    struct why why = {""};
    struct secret *good = NULL;
    struct secret *bad = NULL;
    if (secret_new(&good, span_text("good"), NULL) ||
        secret_new(&bad, span_text("TOPSECRET"), NULL)) {
        abort();
    }
    static const char *const origins[] = {"https://control.example"};
    (void)snprintf(api, sizeof api, "http://127.0.0.1:%d", http_server_port(peer.server));
    struct purge purge = {.api = api,
                          .zone = "z1",
                          .url = "https://m.example/current.json",
                          .origins = origins,
                          .origin_count = 1,
                          .token = good,
                          .attempts_max = 3,
                          .pause_least_ms = 1};
    CHECK(purge_run(&purge, &why) == OK);
    CHECK_TEXT(peer.purged, "Bearer good {\"files\":[\"https://m.example/current.json\",{\"url\":"
                            "\"https://m.example/current.json\",\"headers\":{\"Origin\":\"https://"
                            "control.example\"}}]}");
    CHECK(peer_count("POST client/v4/zones/z1/purge_cache") == 1);

    peer_fail("purge_cache", 503, 2, false);
    CHECK(purge_run(&purge, &why) == OK && peer_count("purge_cache") == 4);
    peer_fail("purge_cache", 503, 9, false);
    CHECK(purge_run(&purge, &why) == ERR_UNAVAILABLE && peer_count("purge_cache") == 7);
    peer_forget();
    purge.token = bad;
    CHECK(purge_run(&purge, &why) == ERR_DENIED &&
          peer_count("purge_cache") == 1); /* no use in asking again */
    CHECK(strstr(why.text, "no entry") && !strstr(why.text, "TOPSECRET"));
    purge.api = "http://192.0.2.1"; /* the token would be readable */
    CHECK(purge_run(&purge, &why) == ERR_RANGE);
    purge.api = "http://127.0.0.1:1";
    CHECK(purge_run(&purge, &why) == ERR_UNAVAILABLE);
    secret_free(good);
    secret_free(bad);
    peer_close();
    return CHECK_DONE();
}
