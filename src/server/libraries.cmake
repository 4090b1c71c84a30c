# SPDX-License-Identifier: Apache-2.0
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
target_link_libraries(${module} PRIVATE spdlog::spdlog nlohmann_json::nlohmann_json)
