# SPDX-License-Identifier: Apache-2.0
# libsluice, static or shared by BUILD_SHARED_LIBS under one name: sluice::client. Its sources are those
# of the folders that it is made of, compiled apart: position independent, nothing visible but what the
# headers mark. Needs OpenSSL and threads, no other library.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

file(STRINGS ${PROJECT_SOURCE_DIR}/include/sluice/version.hpp lines REGEX "define SLUICE_VERSION_[A-Z]+ [0-9]+")
string(REGEX MATCHALL "[0-9]+" numbers "${lines}")
list(JOIN numbers "." header_version)
if(NOT header_version STREQUAL PROJECT_VERSION)
  message(FATAL_ERROR "include/sluice/version.hpp says ${header_version}, the project is ${PROJECT_VERSION}")
endif()

set(sources)
foreach(folder base os codec net client)
  file(GLOB_RECURSE found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${folder}/*.cc)
  list(APPEND sources ${found})
endforeach()
add_library(sluice_library ${sources})
add_library(sluice::client ALIAS sluice_library)
if(SLUICE_BUILD_BROKER)
  # The program and the tests link the folders themselves: who installs needs the library.
  set_target_properties(sluice_library PROPERTIES EXCLUDE_FROM_ALL ON)
endif()
set_target_properties(sluice_library PROPERTIES
  OUTPUT_NAME sluice EXPORT_NAME client VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
  CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON POSITION_INDEPENDENT_CODE ON
  # Nothing asks which of the two it is, so that a compiler cache has both from one.
  DEFINE_SYMBOL "")
target_compile_features(sluice_library PUBLIC cxx_std_20)
target_compile_definitions(sluice_library PRIVATE "SLUICE_NAMESPACE=namespace v1")
target_include_directories(sluice_library
  PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
  PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(sluice_library PRIVATE Threads::Threads)
if(BUILD_SHARED_LIBS)
  set(shown ${PROJECT_SOURCE_DIR}/packaging/cmake/sluice.map)
  target_link_options(sluice_library PRIVATE -Wl,--version-script=${shown})
  set_target_properties(sluice_library PROPERTIES LINK_DEPENDS ${shown})
endif()
sluice_unity(sluice_library ALONE "tcp_counts")
set(module sluice_library)
foreach(folder base os codec net client/machine client)
  include(${PROJECT_SOURCE_DIR}/src/${folder}/libraries.cmake OPTIONAL)
endforeach()
if(PROJECT_IS_TOP_LEVEL)
  target_compile_options(sluice_library PRIVATE -Wall -Wextra -Werror)
endif()

install(TARGETS sluice_library EXPORT sluice)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/sluice DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/sluice)
install(EXPORT sluice NAMESPACE sluice:: FILE sluiceTargets.cmake DESTINATION ${config_folder})
configure_package_config_file(${PROJECT_SOURCE_DIR}/packaging/cmake/sluiceConfig.cmake.in
  ${PROJECT_BINARY_DIR}/sluiceConfig.cmake INSTALL_DESTINATION ${config_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/sluiceConfigVersion.cmake
  COMPATIBILITY SameMajorVersion)
install(FILES ${PROJECT_BINARY_DIR}/sluiceConfig.cmake ${PROJECT_BINARY_DIR}/sluiceConfigVersion.cmake
  DESTINATION ${config_folder})
# Its prefix is where it lies: `cmake --install --prefix` and a copied tree name another one.
file(RELATIVE_PATH way_up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${PROJECT_SOURCE_DIR}/packaging/cmake/sluice-client.pc.in
  ${PROJECT_BINARY_DIR}/sluice-client.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/sluice-client.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
