add_compile_options(
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wdouble-promotion
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes> $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>
  $<$<COMPILE_LANGUAGE:C>:-Wold-style-definition> -Wwrite-strings
  $<$<COMPILE_LANGUAGE:C>:-Wcast-qual>
  -Wpointer-arith -Wformat=2 -Wundef -Wvla -Walloca -Wswitch-enum -Wimplicit-fallthrough
  -Wnull-dereference -Wframe-larger-than=32768
  $<$<C_COMPILER_ID:GNU>:-Wlogical-op> $<$<C_COMPILER_ID:GNU>:-Wduplicated-cond>
  $<$<C_COMPILER_ID:GNU>:-Wduplicated-branches> $<$<COMPILE_LANG_AND_ID:C,GNU>:-Wjump-misses-init>
  # Designated initialisers leave the rest zero on purpose; gcc knows, clang 14 does not.
  $<$<C_COMPILER_ID:Clang>:-Wno-missing-field-initializers>
  -fno-common -fvisibility=hidden -fstack-protector-strong -fstack-clash-protection)
add_compile_definitions(_GNU_SOURCE TOCSIN_VERSION="${TOCSIN_VERSION}")
if(TOCSIN_SANITIZE)
  add_compile_options(-fsanitize=${TOCSIN_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TOCSIN_SANITIZE})
endif()
