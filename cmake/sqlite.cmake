# SQLite3 Multiple Ciphers, built once by tools/fetch-sqlite.sh into the cache.
if(NOT EXISTS ${TOCSIN_CACHE}/sqlite3mc/libsqlite3mc.a)
  message(FATAL_ERROR "SQLite3 Multiple Ciphers is missing at ${TOCSIN_CACHE}/sqlite3mc; run `make setup`.")
endif()
add_library(part_sqlite STATIC IMPORTED)
set_target_properties(part_sqlite PROPERTIES
  IMPORTED_LOCATION ${TOCSIN_CACHE}/sqlite3mc/libsqlite3mc.a
  INTERFACE_INCLUDE_DIRECTORIES ${TOCSIN_CACHE}/sqlite3mc
  INTERFACE_LINK_LIBRARIES "Threads::Threads;${CMAKE_DL_LIBS};m")
add_library(part::sqlite ALIAS part_sqlite)
