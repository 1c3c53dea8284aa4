# Third-party libraries: the interface target frl_deps (headers and static archives).
#
# scripts/deps.sh builds them once into a cache shared by all clones and prints the
# prefix; when they are there already that takes milliseconds. OpenSSL's archives are
# the distribution's own. With FERRULE_SYSTEM_DEPS the host's shared libraries are used
# for all but nanoarrow and yyjson: for packagers, not for what goes into jar and wheel.

add_library(frl_deps INTERFACE)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

if(FERRULE_SYSTEM_DEPS)
  set(frl_system_deps 1)
else()
  set(frl_system_deps 0)
endif()
execute_process(
  COMMAND ${CMAKE_COMMAND} -E env FERRULE_SYSTEM_DEPS=${frl_system_deps}
    ${CMAKE_SOURCE_DIR}/scripts/deps.sh
  OUTPUT_VARIABLE FERRULE_DEPS_PREFIX OUTPUT_STRIP_TRAILING_WHITESPACE
  RESULT_VARIABLE frl_deps_result)
if(NOT frl_deps_result EQUAL 0)
  message(FATAL_ERROR "ferrule: the third-party libraries could not be built (see above)")
endif()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
  scripts/deps.sh cmake/deps/CMakeLists.txt requirements/sources.lock)

target_include_directories(frl_deps SYSTEM INTERFACE ${FERRULE_DEPS_PREFIX}/include)

# archives that need others come before them
set(frl_archives nanoarrow yyjson)
if(NOT FERRULE_SYSTEM_DEPS)
  list(APPEND frl_archives curl nghttp2 uv)
endif()
list(APPEND frl_archives zstd lz4)
if(NOT FERRULE_SYSTEM_DEPS)
  list(APPEND frl_archives z)
endif()
foreach(library IN LISTS frl_archives)
  target_link_libraries(frl_deps INTERFACE ${FERRULE_DEPS_PREFIX}/lib/lib${library}.a)
endforeach()

if(FERRULE_SYSTEM_DEPS)
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(FERRULE_HOST REQUIRED IMPORTED_TARGET
    libcurl libnghttp2 libuv zlib libssl libcrypto)
  target_link_libraries(frl_deps INTERFACE PkgConfig::FERRULE_HOST)
else()
  foreach(library IN ITEMS ssl crypto)
    find_library(FERRULE_${library}_ARCHIVE lib${library}.a REQUIRED)
    target_link_libraries(frl_deps INTERFACE ${FERRULE_${library}_ARCHIVE})
  endforeach()
endif()
target_link_libraries(frl_deps INTERFACE Threads::Threads ${CMAKE_DL_LIBS} m)
