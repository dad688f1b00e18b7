/*
 * detector/opencv - the little of OpenCV that the engines need, as C.
 *
 * OpenCV 4 speaks C++ only; opencv.cc is the only C++ of the project. Nothing throws out of it: a
 * function that fails returns false and writes what OpenCV said. Read by C and C++.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct opencv_said {
    char text[160];
};

/* Rows and columns of floats, borrowed until the next run. */
struct opencv_matrix {
    const float *values;
    size_t rows, columns;
};

/* A network from an ONNX file: input [1, 3, side, side], one output [1, rows, columns]. */
struct opencv_network;
bool opencv_network_open(struct opencv_network **out, const char *file, int threads,
                         struct opencv_said *said);
bool opencv_network_run(struct opencv_network *network, const float *input, int side,
                        struct opencv_matrix *output, struct opencv_said *said);
void opencv_network_close(struct opencv_network *network);

/* The HOG people detector: three planes of 0..255 in; centre x, y, width, height, score out. */
struct opencv_hog;
bool opencv_hog_open(struct opencv_hog **out, int threads, struct opencv_said *said);
bool opencv_hog_run(struct opencv_hog *hog, const float *input, int side,
                    struct opencv_matrix *output, struct opencv_said *said);
void opencv_hog_close(struct opencv_hog *hog);

#ifdef __cplusplus
}
#endif
