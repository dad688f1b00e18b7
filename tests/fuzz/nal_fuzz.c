#include "camera/nal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int codec = PACKET_CODEC_H264; codec <= PACKET_CODEC_H265; codec++) {
        CLEANUP(text_deinit) struct text sets = text_limited(2 * size + 8);
        nal_parameters((enum packet_codec)codec, span_of(data, size), &sets);
        /* What was found stays what it is, and is the same as where it was found. */
        if (!nal_same_sequence((enum packet_codec)codec, text_span(&sets), span_of(data, size))) {
            abort();
        }
    }
    return 0;
}
