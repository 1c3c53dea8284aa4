# The targets, found by walking the folders: nobody edits a list to add a file.

# Lowest first; design of the layers: each may use only those it is allowed to,
# which tests/checks verifies.
set(FERRULE_MODULE_ORDER
  base arrow row wire codec net auth telemetry kernel pubsub zerobus split cluster)

configure_file(cmake/version.h.in include/ferrule/version.h @ONLY)

# One OBJECT library frl_<module> for each folder of src/ with C files in it.
function(frl_add_modules)
  set(found "")
  foreach(module IN LISTS FERRULE_MODULE_ORDER)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${module}/*.c)
    if(sources)
      add_library(frl_${module} OBJECT ${sources})
      target_include_directories(frl_${module} PRIVATE
        ${CMAKE_SOURCE_DIR}/include ${CMAKE_BINARY_DIR}/include ${CMAKE_SOURCE_DIR}/src)
      target_link_libraries(frl_${module} PRIVATE frl_flags frl_deps)
      list(APPEND found ${module})
    endif()
  endforeach()
  set(FERRULE_MODULES ${found} PARENT_SCOPE)
endfunction()

# libferrule.a for our own programs, libferrule.so for everybody else's.
function(frl_add_libraries)
  set(objects "")
  foreach(module IN LISTS FERRULE_MODULES)
    list(APPEND objects $<TARGET_OBJECTS:frl_${module}>)
  endforeach()

  add_library(ferrule_static STATIC ${objects})
  set_target_properties(ferrule_static PROPERTIES OUTPUT_NAME ferrule)
  add_library(ferrule SHARED ${objects})
  set_target_properties(ferrule PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION 0)
  frl_export_only(ferrule ${CMAKE_SOURCE_DIR}/cmake/ferrule.map)
  target_link_libraries(ferrule PRIVATE frl_flags frl_deps)
  foreach(library IN ITEMS ferrule_static ferrule)
    target_include_directories(${library} PUBLIC
      $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include>
      $<BUILD_INTERFACE:${CMAKE_BINARY_DIR}/include>
      $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  endforeach()
  target_link_libraries(ferrule_static PUBLIC frl_deps)

  install(TARGETS ferrule LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(DIRECTORY include/ferrule ${CMAKE_BINARY_DIR}/include/ferrule
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
endfunction()

# The `ferrule` command: one file, sees the public headers only.
function(frl_add_command)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/cli/*.c)
  if(sources)
    add_executable(ferrule_command ${sources})
    set_target_properties(ferrule_command PROPERTIES OUTPUT_NAME ferrule)
    target_include_directories(ferrule_command PRIVATE ${CMAKE_SOURCE_DIR}/cli)
    target_link_libraries(ferrule_command PRIVATE frl_flags ferrule_static)
    install(TARGETS ferrule_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    install(CODE "
      set(pages \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_MANDIR}/man1\")
      file(MAKE_DIRECTORY \"\${pages}\")
      execute_process(COMMAND $<TARGET_FILE:ferrule_command> man --to \"\${pages}\"
        COMMAND_ERROR_IS_FATAL ANY)")
  endif()
endfunction()

# libferrule_jni.so, the native half of the jar: everything linked in.
function(frl_add_jni)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/jvm/src/main/c/*.c)
  if(NOT FERRULE_JNI OR NOT sources)
    return()
  endif()
  file(GLOB hosts /usr/lib/jvm/default-java /usr/lib/jvm/*)
  find_path(FERRULE_JNI_INCLUDE_DIR jni.h
    HINTS $ENV{JAVA_HOME}/include ENV JAVA_HOME PATHS ${hosts} PATH_SUFFIXES include)
  if(NOT FERRULE_JNI_INCLUDE_DIR)
    message(STATUS "ferrule: no JDK found (JAVA_HOME), the JVM's native library is left out")
    return()
  endif()
  add_library(ferrule_jni SHARED ${sources})
  target_include_directories(ferrule_jni PRIVATE ${CMAKE_SOURCE_DIR}/jvm/src/main/c)
  target_include_directories(ferrule_jni SYSTEM PRIVATE
    ${FERRULE_JNI_INCLUDE_DIR} ${FERRULE_JNI_INCLUDE_DIR}/linux)
  target_link_libraries(ferrule_jni PRIVATE frl_flags ferrule_static)
  frl_export_only(ferrule_jni ${CMAKE_SOURCE_DIR}/cmake/ferrule_jni.map)
endfunction()

# ferrule/_native.abi3.so, the native half of the wheel: everything linked in. One build
# serves CPython 3.11 and every later version.
function(frl_add_python)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/python/src/*.c)
  if(NOT FERRULE_PYTHON OR NOT sources)
    return()
  endif()
  find_package(Python3 3.11 REQUIRED COMPONENTS Interpreter Development.Module)
  add_library(ferrule_python MODULE ${sources})
  set_target_properties(ferrule_python PROPERTIES
    PREFIX "" OUTPUT_NAME _native SUFFIX .abi3.so)
  target_include_directories(ferrule_python SYSTEM PRIVATE ${Python3_INCLUDE_DIRS})
  # the limited API keeps functions in void pointers
  set_source_files_properties(${sources} PROPERTIES COMPILE_OPTIONS -Wno-pedantic)
  target_link_libraries(ferrule_python PRIVATE frl_flags ferrule_static)
  frl_export_only(ferrule_python ${CMAKE_SOURCE_DIR}/cmake/ferrule_python.map)
  target_link_options(ferrule_python PRIVATE -Wl,-z,undefs) # the interpreter's symbols
  if(CMAKE_BUILD_TYPE STREQUAL Release)
    target_link_options(ferrule_python PRIVATE -Wl,--strip-debug)
  endif()

  install(TARGETS ferrule_python LIBRARY DESTINATION ferrule COMPONENT python)
  install(DIRECTORY include/ferrule DESTINATION ferrule/include COMPONENT python # compile()
    FILES_MATCHING REGEX "/kernel(_abi)?\\.h$" REGEX "/kernel/[^/]*\\.h$")
  if(SKBUILD_METADATA_DIR)
    install(DIRECTORY ${FERRULE_DEPS_PREFIX}/licenses/
      DESTINATION ${SKBUILD_METADATA_DIR}/licenses/third-party COMPONENT python)
  endif()
endfunction()

# Links a shared library so that only what its map names can be seen from outside.
function(frl_export_only target map)
  target_link_options(${target} PRIVATE
    -Wl,--version-script=${map} -Wl,--exclude-libs,ALL -Wl,-z,relro,-z,now)
  if(NOT FERRULE_SANITIZE) # a sanitizer's symbols come from the program
    target_link_options(${target} PRIVATE -Wl,-z,defs)
  endif()
  set_target_properties(${target} PROPERTIES LINK_DEPENDS ${map})
endfunction()
