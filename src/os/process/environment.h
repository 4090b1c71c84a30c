// SPDX-License-Identifier: Apache-2.0
//
// A variable of the process's environment.
#pragma once

#include <cstdlib>
#include <string_view>

namespace sluice::os {

/// Empty if it is not set. Any thread: nothing of ours sets the environment.
inline std::string_view environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? std::string_view{} : std::string_view(value);
}

}  // namespace sluice::os
