// SPDX-License-Identifier: Apache-2.0
//
// The limits that control groups set to this process, v2 or v1, along its whole path: an outer
// group's limit holds for the inner ones.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sluice::os {

class Cgroup {
 public:
  /// `root` is "" on a real machine; tests lay out a tree of their own below it.
  explicit Cgroup(std::string root) : root_(std::move(root)) {}

  /// Nothing where no group limits it.
  std::optional<std::uint64_t> memory_bytes_max() const;
  /// Processors' worth of time, in thousandths.
  std::optional<std::uint64_t> cpu_milli_max() const;

 private:
  std::string root_;
};

}  // namespace sluice::os
