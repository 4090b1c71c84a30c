# SPDX-License-Identifier: Apache-2.0
find_package(OpenSSL 3 REQUIRED)
find_package(CURL 7.85 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_library(SLUICE_ARGON2 argon2 REQUIRED)
find_library(SLUICE_LDAP ldap REQUIRED)
find_library(SLUICE_LBER lber REQUIRED)
find_library(SLUICE_PQ pq REQUIRED)
find_path(SLUICE_PQ_HEADERS libpq-fe.h PATH_SUFFIXES postgresql REQUIRED)
target_include_directories(${module} SYSTEM PRIVATE ${SLUICE_PQ_HEADERS})
target_link_libraries(${module} PRIVATE OpenSSL::Crypto CURL::libcurl
                      nlohmann_json::nlohmann_json ${SLUICE_ARGON2} ${SLUICE_LDAP} ${SLUICE_LBER}
                      ${SLUICE_PQ})
