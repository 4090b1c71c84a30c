# SPDX-License-Identifier: Apache-2.0
# CLI11 and nlohmann-json are headers only; each is included by one file.
find_package(CLI11 2.1 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
target_link_libraries(${module} PRIVATE CLI11::CLI11 nlohmann_json::nlohmann_json)
set_source_files_properties(${PROJECT_SOURCE_DIR}/src/cli/version.cc PROPERTIES
  COMPILE_DEFINITIONS SLUICE_VERSION="${PROJECT_VERSION}")

# What the program also answers to: installed only where mosquitto's own are not wanted.
if(SLUICE_INSTALL_MOSQUITTO_NAMES)
  include(GNUInstallDirs)
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/names)
  foreach(name mosquitto_pub mosquitto_sub mosquitto_rr)
    file(CREATE_LINK sluice ${PROJECT_BINARY_DIR}/names/${name} SYMBOLIC)
    install(FILES ${PROJECT_BINARY_DIR}/names/${name} DESTINATION ${CMAKE_INSTALL_BINDIR})
  endforeach()
endif()
