# SPDX-License-Identifier: Apache-2.0
find_package(OpenSSL 3 REQUIRED)
find_library(SLUICE_ARGON2 argon2 REQUIRED)
target_link_libraries(${module} PRIVATE OpenSSL::Crypto ${SLUICE_ARGON2})
