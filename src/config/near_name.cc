// SPDX-License-Identifier: Apache-2.0
#include "config/near_name.h"

#include <algorithm>
#include <array>
#include <vector>

namespace sluice::config {
namespace {

constexpr std::size_t length_max = 128;

}  // namespace

// The optimal string alignment distance; three rows of its matrix are enough.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  a = a.substr(0, length_max);
  b = b.substr(0, length_max);
  std::array<std::vector<std::size_t>, 3> rows;
  for (auto& row : rows) row.resize(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i + 2) % 3];
    const auto& two_above = rows[(i + 1) % 3];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + change});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], two_above[j - 2] + 1);
    }
  }
  return rows[a.size() % 3][b.size()];
}

std::string nearest_name(std::string_view name, std::span<const std::string> names) {
  std::string nearest;
  std::size_t distance_min = 0;
  for (const std::string& candidate : names) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance * 3 > candidate.size()) continue;
    if (!nearest.empty() && distance >= distance_min) continue;
    nearest = candidate;
    distance_min = distance;
  }
  return nearest;
}

}  // namespace sluice::config
