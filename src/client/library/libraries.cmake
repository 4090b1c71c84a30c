# SPDX-License-Identifier: Apache-2.0
# Inside the library the class v1::client and the namespace client stand side by side.
target_include_directories(${module} PUBLIC ${PROJECT_SOURCE_DIR}/include)
target_compile_definitions(${module} PRIVATE "SLUICE_NAMESPACE=namespace v1")
