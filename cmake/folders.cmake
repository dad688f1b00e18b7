# folder(NAME USES folder... PARTS part...): the library of src/NAME, and a test for each
# tests/unit/NAME/*_test.c. A new .c file or test is found by itself.
function(folder name)
  cmake_parse_arguments(F "" "" "USES;PARTS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.c)
  if(NOT sources)
    return()
  endif()
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/src ${CMAKE_BINARY_DIR}/generated)
  foreach(used IN LISTS F_USES)
    if(TARGET ${used})
      target_link_libraries(${name} PUBLIC ${used})
    endif()
  endforeach()
  foreach(used IN LISTS F_PARTS)
    target_link_libraries(${name} PUBLIC part::${used})
  endforeach()
  queries(${name})
  file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/unit/${name}/*_test.c)
  foreach(test IN LISTS tests)
    get_filename_component(stem ${test} NAME_WE)
    unit_test(unit.${name}.${stem} ${test} ${name})
  endforeach()
endfunction()

# unit_test(NAME SOURCE LIBRARY...): a TAP program under CTest (tests/check.h).
function(unit_test name source)
  string(REPLACE . _ target ${name})
  add_executable(${target} ${source})
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_compile_options(${target} PRIVATE -Wno-frame-larger-than) # a test may be generous
  target_compile_definitions(${target} PRIVATE TESTS_DIR="${CMAKE_SOURCE_DIR}/tests"
    SHARED_DATA="${CMAKE_SOURCE_DIR}/../shared/data")
  target_link_libraries(${target} PRIVATE ${ARGN})
  add_test(NAME ${name} COMMAND ${target} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT 120 SKIP_RETURN_CODE 77)
endfunction()

# queries(FOLDER [TARGET]): sql/queries/FOLDER/NAME.sql -> generated/queries/FOLDER_NAME.h with SQL_*
# constants, for the library FOLDER or the program TARGET.
function(queries name)
  set(target ${name})
  if(ARGC GREATER 1)
    set(target ${ARGV1})
  endif()
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/sql/queries/${name}/*.sql)
  foreach(file IN LISTS files)
    get_filename_component(stem ${file} NAME_WE)
    set(header ${CMAKE_BINARY_DIR}/generated/queries/${name}_${stem}.h)
    add_custom_command(OUTPUT ${header}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/generated/queries
      COMMAND awk -f ${CMAKE_SOURCE_DIR}/tools/sql2h.awk ${file} > ${header}
      DEPENDS ${file} ${CMAKE_SOURCE_DIR}/tools/sql2h.awk)
    target_sources(${target} PRIVATE ${header})
  endforeach()
endfunction()
