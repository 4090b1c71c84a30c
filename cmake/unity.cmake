# SPDX-License-Identifier: Apache-2.0
# Sources that are compiled several at a time: headers are read once for all of them, which halves the
# time of a build from nothing. The presets of releases and of clang ask for it, for what is not on the
# path of a message; dev compiles every source alone, so an include that is missing is seen there.
option(SLUICE_UNITY "Compile sources of the command line, back ends and tests several at a time" OFF)

# sluice_unity(target [SIZE n] [ALONE pattern]): so many of its sources at a time, but for those that the
# pattern matches. Those stay alone too that name things alike on purpose: tables of options and flags.
function(sluice_unity target)
  if(NOT SLUICE_UNITY)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "SIZE;ALONE" "")
  if(NOT arg_SIZE)
    set(arg_SIZE 8)
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${arg_SIZE})
  get_target_property(sources ${target} SOURCES)
  foreach(source ${sources})
    if(NOT source MATCHES "\\.cc$" OR NOT IS_ABSOLUTE ${source})
      continue()
    endif()
    file(STRINGS ${source} table REGEX "(FlagTable table| rows\\[\\] =)" LIMIT_COUNT 1)
    if(table OR (arg_ALONE AND source MATCHES "${arg_ALONE}"))
      set_source_files_properties(${source} TARGET_DIRECTORY ${target}
                                  PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endif()
  endforeach()
endfunction()
