/*
 * camera/nal - finds the parameter sets inside Annex B bytes (ITU-T H.264 B.1, H.265 B.2).
 *
 * Cameras put them in the SDP, in band, or both, and change them without saying so. Reads bytes
 * from outside: bounded by the span, no allocation but the caller's text. Any thread, no I/O.
 */
#pragma once

#include "base/span.h"
#include "base/text.h"
#include "camera/packet.h"

enum nal_kind { NAL_KIND_OTHER, NAL_KIND_VIDEO_SET, NAL_KIND_SEQUENCE_SET, NAL_KIND_PICTURE_SET };

/*
 * The next unit of `rest`, without its start code and trailing zeros, and what follows in `rest`.
 * False at the end. Bytes before the first start code are skipped.
 */
bool nal_next(struct span *rest, struct span *unit);

/* OTHER for an empty unit. */
enum nal_kind nal_kind(enum packet_codec codec, struct span unit);

/* Appends the parameter sets of `bytes` in Annex B with 4-byte start codes. */
void nal_parameters(enum packet_codec codec, struct span bytes, struct text *out);

/* Whether every sequence parameter set of `bytes` stands in `parameters` too. */
bool nal_same_sequence(enum packet_codec codec, struct span parameters, struct span bytes);
