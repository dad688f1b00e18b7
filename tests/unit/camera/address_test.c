#include "camera/address.h"

#include "check.h"

static void shows(const char *url, const char *shown, bool file)
{
    CLEANUP(address_free_p) struct address *address = NULL;
    struct why why = {0};
    CHECK(address_new(&address, url, &why) == OK);
    if (!address) { return; }
    CHECK_TEXT(address_shown(address), shown);
    CHECK_TEXT(address_whole(address), url);
    CHECK(address_is_file(address) == file);
}

static void refuses(const char *url)
{
    struct address *address = NULL;
    struct why why = {0};
    CHECK(address_new(&address, url, &why) == ERR_MALFORMED);
    CHECK(strstr(why.text, "s3cret") == NULL);
    CHECK(address == NULL);
}

int main(void)
{
    shows("rtsp://cam/1", "rtsp://cam/1", false);
    shows("rtsp://user:s3cret@cam:554/1?token=s3cret", "rtsp://cam:554/1", false);
    shows("RTSPS://user@[::1]:322", "RTSPS://[::1]:322", false);
    shows("rtsp://user:s3@cret@cam/x#s3cret", "rtsp://cam/x", false);
    shows("/home/somebody/street.mp4", "street.mp4", true);
    shows("street.mp4", "street.mp4", true);
    refuses("");
    refuses("http://cam/s3cret");
    refuses("concat:s3cret://x");
    refuses("rtsp://user:s3cret@");
    refuses("rtsp://user:s3cret@/path");
    refuses("rtsp://user:pa/s3cret@cam/path");
    refuses("rtsp://user:pa?s3cret@cam/path");
    refuses("rtsp://user:s3cret @cam/path");
    refuses("rtsp://cam/a\r\nTEARDOWN");
    char longer[ADDRESS_SIZE_MAX + 1];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    struct address *address = NULL;
    CHECK(address_new(&address, longer, NULL) == ERR_LIMIT);
    address_free(NULL);
    return CHECK_DONE();
}
