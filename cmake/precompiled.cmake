# SPDX-License-Identifier: Apache-2.0
# Headers of the standard library that most sources need, and of GoogleTest, compiled once: a third of
# the time of a build from nothing. The presets of releases and of clang ask for it; dev compiles every
# source by what it includes itself, so an include that is missing is seen there.
option(SLUICE_PRECOMPILE "Compile the headers of the standard library and of GoogleTest once" OFF)

set(SLUICE_STANDARD_HEADERS
  <algorithm> <array> <atomic> <chrono> <cstdint> <cstring> <deque> <expected> <functional> <map>
  <memory> <optional> <span> <string> <string_view> <unordered_map> <utility> <variant> <vector>)

# sluice_precompiled(name header… [FLAGS flag…] [LIBRARIES lib…]): the target that others take them from.
function(sluice_precompiled name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "HEADERS;FLAGS;LIBRARIES")
  set(source ${PROJECT_BINARY_DIR}/${name}.cc)
  file(GENERATE OUTPUT ${source} CONTENT "// Nothing: its headers are what counts.\n")
  add_library(${name} OBJECT ${source})
  target_compile_options(${name} PRIVATE ${arg_FLAGS})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # The same headers give the same file, so ccache knows what was compiled with it.
    target_compile_options(${name} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
  target_link_libraries(${name} PRIVATE sluice_options Threads::Threads ${arg_LIBRARIES})
  target_precompile_headers(${name} PRIVATE ${arg_HEADERS})
endfunction()

if(SLUICE_PRECOMPILE)
  # Without these ccache does not keep what was compiled with such headers.
  if(CMAKE_CXX_COMPILER_LAUNCHER STREQUAL SLUICE_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros ${SLUICE_CCACHE})
  endif()
  sluice_precompiled(sluice_headers HEADERS ${SLUICE_STANDARD_HEADERS})
  # What they define inline is compiled as the headers were.
  sluice_precompiled(sluice_path_headers HEADERS ${SLUICE_STANDARD_HEADERS} FLAGS ${SLUICE_PATH_FLAGS})
endif()

# sluice_precompile(target [from]): the target takes the headers of `from`, which has the same flags.
function(sluice_precompile target)
  set(from sluice_headers ${ARGN})
  list(GET from -1 from)
  if(SLUICE_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM ${from})
    # g++ 12 knows no more that these headers are the system's, and warns of its own strings.
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(${target} PRIVATE -Wno-array-bounds -Wno-stringop-overread
                             -Wno-stringop-overflow -Wno-restrict)
    endif()
  endif()
endfunction()
