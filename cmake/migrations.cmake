# sql/migrations/DATABASE/NNNN-title.sql -> generated/migrations/DATABASE.h with
# MIGRATIONS_DATABASE[], for every folder of sql/migrations. Built before whatever links `store`. Where the one text
# does not do, PostgreSQL has its own in postgres/NNNN-title.sql.
file(GLOB databases CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/sql/migrations/*)
foreach(database IN LISTS databases)
  file(GLOB steps CONFIGURE_DEPENDS ${database}/*.sql)
  if(NOT steps)
    continue()
  endif()
  list(SORT steps)
  file(GLOB others CONFIGURE_DEPENDS ${database}/postgres/*.sql)
  get_filename_component(stem ${database} NAME)
  set(header ${CMAKE_BINARY_DIR}/generated/migrations/${stem}.h)
  add_custom_command(OUTPUT ${header}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/generated/migrations
    COMMAND awk -v database=${stem} -f ${CMAKE_SOURCE_DIR}/tools/migrations2h.awk ${steps} > ${header}
    DEPENDS ${steps} ${others} ${CMAKE_SOURCE_DIR}/tools/migrations2h.awk)
  target_sources(store PRIVATE ${header})
endforeach()
