# How every C file of the project is compiled: the interface target frl_flags.

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Debug CACHE STRING "" FORCE)
endif()
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
# gcc 12 would move a pair of pointers as one vector that it has just stored as two words:
# the load then waits until every store before it has reached the cache.
set(CMAKE_C_FLAGS_RELEASE "-O2 -g -DNDEBUG -fno-tree-slp-vectorize")
set(CMAKE_C_FLAGS_DEBUG "-O1 -g -fno-omit-frame-pointer")

add_library(frl_flags INTERFACE)
target_compile_definitions(frl_flags INTERFACE _POSIX_C_SOURCE=200809L _DEFAULT_SOURCE)
target_compile_options(frl_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wvla -Wformat=2
  -Wstrict-prototypes -Wmissing-prototypes
  -fstack-protector-strong
  $<$<C_COMPILER_ID:Clang>:-Wthread-safety>
  $<$<BOOL:${FERRULE_WERROR}>:-Werror>)

if(FERRULE_SANITIZE)
  set(frl_sanitize -fsanitize=${FERRULE_SANITIZE} -fno-sanitize-recover=all)
  target_compile_options(frl_flags INTERFACE ${frl_sanitize})
  target_link_options(frl_flags INTERFACE ${frl_sanitize})
endif()
if(FERRULE_FUZZ)
  target_compile_options(frl_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(FERRULE_COVERAGE)
  target_compile_options(frl_flags INTERFACE --coverage)
  target_link_options(frl_flags INTERFACE --coverage)
endif()
