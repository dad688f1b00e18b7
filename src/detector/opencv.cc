#include "detector/opencv.h"

#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>
#include <opencv2/objdetect.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <vector>

struct opencv_network {
    cv::dnn::Net net;
    cv::Mat output;
};

struct opencv_hog {
    cv::HOGDescriptor descriptor;
    cv::Mat grey;
    std::vector<float> output;
};

static bool failed(struct opencv_said *said, const char *what)
{
    std::snprintf(said->text, sizeof said->text, "%s", what);
    return false;
}

bool opencv_network_open(struct opencv_network **out, const char *file, int threads,
                         struct opencv_said *said)
{
    try {
        cv::setNumThreads(threads);
        *out = new opencv_network{cv::dnn::readNetFromONNX(file), cv::Mat()};
        return true;
    } catch (const std::exception &error) {
        return failed(said, error.what());
    }
}

bool opencv_network_run(struct opencv_network *network, const float *input, int side,
                        struct opencv_matrix *output, struct opencv_said *said)
{
    try {
        const int shape[4] = {1, 3, side, side};
        network->net.setInput(cv::Mat(4, shape, CV_32F, const_cast<float *>(input)));
        network->output = network->net.forward();
    } catch (const std::exception &error) {
        return failed(said, error.what());
    }
    const cv::Mat &made = network->output;
    if (made.dims != 3 || made.size[0] != 1 || made.type() != CV_32F || !made.isContinuous()) {
        return failed(said, "the output is not [1, 4 + classes, N] of float");
    }
    output->values = made.ptr<float>();
    output->rows = static_cast<size_t>(made.size[1]);
    output->columns = static_cast<size_t>(made.size[2]);
    return true;
}

void opencv_network_close(struct opencv_network *network)
{
    delete network;
}

bool opencv_hog_open(struct opencv_hog **out, int threads, struct opencv_said *said)
{
    try {
        cv::setNumThreads(threads);
        opencv_hog *hog = new opencv_hog;
        hog->descriptor.setSVMDetector(cv::HOGDescriptor::getDefaultPeopleDetector());
        *out = hog;
        return true;
    } catch (const std::exception &error) {
        return failed(said, error.what());
    }
}

// HOG's windows have a wide margin: 64x128 for a body of about 36x100.
static constexpr float BODY_WIDTH = 0.56F, BODY_HEIGHT = 0.80F;

static void write_found(struct opencv_hog *hog, const std::vector<cv::Rect> &found,
                        const std::vector<double> &weights)
{
    const size_t count = std::max<size_t>(found.size(), 1);
    hog->output.assign(5 * count, 0.0F);
    for (size_t i = 0; i < found.size(); i++) {
        const cv::Rect &box = found[i];
        float *at = hog->output.data() + i;
        at[0 * count] = static_cast<float>(box.x) + static_cast<float>(box.width) / 2;
        at[1 * count] = static_cast<float>(box.y) + static_cast<float>(box.height) / 2;
        at[2 * count] = static_cast<float>(box.width) * BODY_WIDTH;
        at[3 * count] = static_cast<float>(box.height) * BODY_HEIGHT;
        // An SVM's distance has no end: 1 and more is as sure as it gets.
        at[4 * count] = static_cast<float>(std::min(1.0, std::max(0.0, weights[i])));
    }
}

bool opencv_hog_run(struct opencv_hog *hog, const float *input, int side,
                    struct opencv_matrix *output, struct opencv_said *said)
{
    try {
        // The green plane is close enough to luma for gradients.
        const float *second = input + static_cast<size_t>(side) * static_cast<size_t>(side);
        const cv::Mat green(side, side, CV_32F, const_cast<float *>(second));
        green.convertTo(hog->grey, CV_8U);
        std::vector<cv::Rect> found;
        std::vector<double> weights;
        hog->descriptor.detectMultiScale(hog->grey, found, weights, 0, cv::Size(8, 8), cv::Size(),
                                         1.08, 1);
        write_found(hog, found, weights);
    } catch (const std::exception &error) {
        return failed(said, error.what());
    }
    output->values = hog->output.data();
    output->rows = 5;
    output->columns = hog->output.size() / 5;
    return true;
}

void opencv_hog_close(struct opencv_hog *hog)
{
    delete hog;
}
