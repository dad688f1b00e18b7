# OpenCV (Debian) and, where setup could fetch it, OpenVINO's C API.
part_library(opencv "")
part_library(openvino "")
