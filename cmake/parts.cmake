# Parts that others wrote, each as part::name. A dependency is wrapped by one folder of src/.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

function(part name)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${ARGN})
  add_library(part::${name} ALIAS PkgConfig::${name})
endfunction()

function(part_library name)
  add_library(part_${name} INTERFACE)
  target_link_libraries(part_${name} INTERFACE ${ARGN})
  add_library(part::${name} ALIAS part_${name})
endfunction()

part(jansson jansson)
part(sodium libsodium)
part(inih inih)
part(seccomp libseccomp)
part(microhttpd libmicrohttpd)
part(gnutls gnutls)
part(mosquitto libmosquitto)
part(curl libcurl)
part(crypto libcrypto libssl)
part(pango pangocairo pangoft2 cairo fontconfig)
part(deflate libdeflate)
part(avformat libavformat libavcodec libavutil libswscale)
part_library(crypt crypt) # bcrypt
part_library(wslay wslay)
part_library(threads Threads::Threads)
part_library(m m)

include(cmake/sqlite.cmake)
include(cmake/vision.cmake)
