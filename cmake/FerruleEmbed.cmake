# A file of the project as bytes in a header: what the command carries with it.
#
# frl_embed(NAME FILE) writes build/include/embedded/NAME.h with
# `static const unsigned char NAME[]`, made anew when the file changes.
function(frl_embed name file)
  set(path ${CMAKE_SOURCE_DIR}/${file})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
  file(READ ${path} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "((0x[0-9a-f][0-9a-f],)(0x[0-9a-f][0-9a-f],)(0x[0-9a-f][0-9a-f],)(0x[0-9a-f][0-9a-f],)(0x[0-9a-f][0-9a-f],)(0x[0-9a-f][0-9a-f],)(0x[0-9a-f][0-9a-f],)(0x[0-9a-f][0-9a-f],))"
    "\\1\n" bytes "${bytes}")
  string(TOUPPER ${name} guard)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/include/embedded/${name}.h @ONLY CONTENT
"/* made from @file@ */
#ifndef FRL_EMBEDDED_@guard@_H
#define FRL_EMBEDDED_@guard@_H
static const unsigned char @name@[] = {
@bytes@};
#endif
")
endfunction()

frl_embed(log4j2_properties cluster/conf/log4j2.properties)

# what `ferrule kernel new` writes: the headers that kernels include, and a project
file(GLOB frl_kernel_headers RELATIVE ${CMAKE_SOURCE_DIR} CONFIGURE_DEPENDS
  include/ferrule/kernel.h include/ferrule/kernel_abi.h include/ferrule/kernel/*.h)
file(GLOB frl_kernel_project RELATIVE ${CMAKE_SOURCE_DIR} CONFIGURE_DEPENDS
  examples/kernel_project/*)
set(frl_kernel_includes "")
set(frl_kernel_rows "")
foreach(file IN LISTS frl_kernel_headers frl_kernel_project)
  string(MAKE_C_IDENTIFIER ${file} name)
  frl_embed(${name} ${file})
  string(REPLACE "examples/kernel_project/" "" target ${file})
  string(APPEND frl_kernel_includes "#include \"embedded/${name}.h\"\n")
  string(APPEND frl_kernel_rows "    {\"${target}\", ${name}, sizeof ${name}}, \\\n")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/include/embedded/kernel_files.h @ONLY CONTENT
"/* the files of a new kernel project */
#ifndef FRL_EMBEDDED_KERNEL_FILES_H
#define FRL_EMBEDDED_KERNEL_FILES_H
@frl_kernel_includes@
#define FRL_KERNEL_FILES \\
@frl_kernel_rows@
#endif
")
frl_embed(status_page cluster/status/page.html)
