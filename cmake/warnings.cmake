add_compile_options(
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wdouble-promotion
  -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wwrite-strings -Wcast-qual
  -Wpointer-arith -Wformat=2 -Wundef -Wvla -Walloca -Wswitch-enum -Wimplicit-fallthrough
  -Wnull-dereference -Wframe-larger-than=32768
  $<$<C_COMPILER_ID:GNU>:-Wlogical-op> $<$<C_COMPILER_ID:GNU>:-Wduplicated-cond>
  $<$<C_COMPILER_ID:GNU>:-Wduplicated-branches> $<$<C_COMPILER_ID:GNU>:-Wjump-misses-init>
  -fno-common -fvisibility=hidden -fstack-protector-strong -fstack-clash-protection)
add_compile_definitions(_GNU_SOURCE TOCSIN_VERSION="${TOCSIN_VERSION}")
if(TOCSIN_SANITIZE)
  add_compile_options(-fsanitize=${TOCSIN_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TOCSIN_SANITIZE})
endif()
