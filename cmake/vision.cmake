# OpenCV (Debian) and, where setup could fetch it (tools/fetch-openvino.sh), OpenVINO's C API.
# OpenCV 4 speaks C++ only: src/detector/opencv.cc wraps it.
enable_language(CXX)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

find_path(OPENCV_INCLUDE opencv2/dnn.hpp PATH_SUFFIXES opencv4 REQUIRED)
add_library(part_opencv INTERFACE)
target_include_directories(part_opencv SYSTEM INTERFACE ${OPENCV_INCLUDE})
foreach(module core imgproc dnn objdetect)
  find_library(OPENCV_${module} opencv_${module} REQUIRED)
  target_link_libraries(part_opencv INTERFACE ${OPENCV_${module}})
endforeach()
add_library(part::opencv ALIAS part_opencv)

# The library's soname carries its version; CMake puts the folder into the run path of the build tree,
# `cmake --install` puts the libraries into lib/tocsin beside bin/.
set(CMAKE_INSTALL_RPATH "$ORIGIN/../lib/tocsin")
set(OPENVINO_ROOT ${TOCSIN_CACHE}/openvino)
file(GLOB OPENVINO_C ${OPENVINO_ROOT}/lib/libopenvino_c.so.*)
add_library(part_openvino INTERFACE)
# Sanitizers cannot live with its RTLD_DEEPBIND: those builds run models on OpenCV.
if(OPENVINO_C AND NOT TOCSIN_SANITIZE)
  add_library(openvino_c SHARED IMPORTED)
  set_target_properties(openvino_c PROPERTIES IMPORTED_LOCATION ${OPENVINO_C}
    INTERFACE_INCLUDE_DIRECTORIES ${OPENVINO_ROOT}/include)
  target_link_libraries(part_openvino INTERFACE openvino_c)
  target_compile_definitions(part_openvino INTERFACE TOCSIN_OPENVINO)
  file(GLOB OPENVINO_LIBRARIES ${OPENVINO_ROOT}/lib/*.so*)
  install(FILES ${OPENVINO_LIBRARIES} DESTINATION lib/tocsin)
else()
  message(STATUS "OpenVINO is not in ${OPENVINO_ROOT}: detection runs on OpenCV")
endif()
add_library(part::openvino ALIAS part_openvino)

# Called by the root after folder(detector).
function(detector_engines)
  if(NOT TARGET detector)
    return()
  endif()
  target_sources(detector PRIVATE ${CMAKE_SOURCE_DIR}/src/detector/opencv.cc)
  # Pixel loops: with -O3 the compiler turns them into SIMD, the more so when it need not keep the order of floating
  # point exceptions that nobody asks for; a camera is fed 10..30 frames a second.
  set_source_files_properties(${CMAKE_SOURCE_DIR}/src/detector/crop.c
    ${CMAKE_SOURCE_DIR}/src/camera/motion.c PROPERTIES COMPILE_OPTIONS "-O3;-fno-trapping-math")
endfunction()
