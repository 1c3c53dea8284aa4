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
