# SPDX-License-Identifier: Apache-2.0
# Only the core of prometheus-cpp: its package file would also ask for the HTTP libraries of the parts that we do not use.
find_package(nlohmann_json REQUIRED)
find_library(SLUICE_PROMETHEUS_CORE prometheus-cpp-core REQUIRED)
target_link_libraries(${module} PRIVATE nlohmann_json::nlohmann_json ${SLUICE_PROMETHEUS_CORE})
