#include "wire/s3_answer.h"

#include "check.h"

static bool found(const char *xml, const char *name, const char *expected)
{
    char out[16] = "untouched";
    return s3_answer_element(span_text(xml), name, out, sizeof out) && strcmp(out, expected) == 0;
}

static bool refused(const char *xml, const char *name)
{
    char out[16];
    return !s3_answer_element(span_text(xml), name, out, sizeof out);
}

int main(void)
{
    static const char error[] = "<?xml version=\"1.0\"?>\n<Error><Code>SlowDown</Code></Error>";
    CHECK(found(error, "Code", "SlowDown"));
    CHECK(found("<a><UploadId>x&amp;y&lt;/&quot;</UploadId></a>", "UploadId", "x&y</\""));
    CHECK(found("<A></A>", "A", ""));
    CHECK(found("<A>123456789012345</A>", "A", "123456789012345"));
    CHECK(found("<A>&unknown;</A>", "A", "&unknown;"));
    CHECK(refused("<A>1234567890123456</A>", "A"));
    CHECK(refused(error, "Error")); /* has children */
    CHECK(refused(error, "Message") && refused("", "A") && refused("<A>", "A") &&
          refused("<A", "A"));
    char out[16];
    CHECK(!s3_answer_element(span_of("<A>a\0b</A>", 10), "A", out, sizeof out));
    return CHECK_DONE();
}
