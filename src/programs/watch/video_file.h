/*
 * watch/video_file - pictures of a video file, one after the other (libavformat, libavcodec).
 *
 * For replay only: a camera's stream comes through camera/source. One thread. Time starts at 1 s
 * and follows the file's own time stamps.
 */
#pragma once

#include "base/err.h"
#include "detector/frame.h"

struct video_file;

MUST_USE enum err video_file_open(struct video_file **out, const char *path, struct why *why);
void video_file_close(struct video_file *video); /* NULL is allowed */
CLEANUP_FOR(struct video_file, video_file_close)

/* The next picture, borrowed until the next call; `*more` false at the end of the file. */
MUST_USE enum err video_file_next(struct video_file *video, struct frame *frame, bool *more,
                                  struct why *why);
