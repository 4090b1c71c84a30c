# SPDX-License-Identifier: Apache-2.0
find_package(OpenSSL 3.0 REQUIRED)
target_link_libraries(${module} PUBLIC OpenSSL::SSL OpenSSL::Crypto)
