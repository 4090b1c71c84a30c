# SPDX-License-Identifier: Apache-2.0
# What every target of ours is compiled with. Warnings are errors, for g++ 12 and clang 19 alike.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(SLUICE_CCACHE ccache)
if(SLUICE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${SLUICE_CCACHE})
endif()
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

add_library(sluice_options INTERFACE)
target_compile_options(sluice_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Wold-style-cast
  -Wcast-qual -Woverloaded-virtual -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(sluice_options INTERFACE -Wthread-safety)
endif()
target_include_directories(sluice_options INTERFACE ${PROJECT_SOURCE_DIR}/src)

# What a message passes by, with src/server/turn: the release preset spends more on these.
set(SLUICE_PATH_FOLDERS codec core net)
set(SLUICE_PATH_FLAGS "" CACHE STRING "More flags for what a message passes by")

set(SLUICE_SANITIZE "" CACHE STRING "Sanitizers, comma separated, e.g. address,undefined or thread")
if(SLUICE_SANITIZE)
  add_compile_options(-fsanitize=${SLUICE_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SLUICE_SANITIZE})
endif()
# A build that measures what the corpus reaches has no sanitizer: it replays and need not search.
if(SLUICE_BUILD_FUZZ AND SLUICE_SANITIZE)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
