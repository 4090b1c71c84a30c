// SPDX-License-Identifier: Apache-2.0
//
// What is wrong with a file of users or rules, for the operator: where, what, what is allowed.
//
// Thread: any (values).
#pragma once

#include "config/load.h"

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::auth {

using config::Problem;
using Problems = std::vector<Problem>;

inline Problem problem_at(std::string_view file, std::size_t line, std::string text) {
  return {std::string(file) + ":" + std::to_string(line), std::move(text)};
}

}  // namespace sluice::auth
