// SPDX-License-Identifier: Apache-2.0
#include "os/process/cgroup.h"

#include "os/file.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <sstream>
#include <string_view>

namespace sluice::os {
namespace {

constexpr std::size_t file_bytes_max = 65536;
/// v1 has no word for "no limit", only a number near 2^63.
constexpr std::uint64_t v1_unlimited = std::uint64_t{1} << 60;

using Limit = std::optional<std::uint64_t>;

Limit smaller(Limit a, Limit b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

Limit to_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  return number;
}

std::string read_or_empty(const std::string& path) {
  return read_file(path, file_bytes_max).value_or("");
}

/// The path of this process in the hierarchy of a v1 controller, or of v2 if `controller` is empty.
/// A line of /proc/self/cgroup reads "4:cpu,cpuacct:/some/path", or "0::/some/path".
std::optional<std::string> own_path(const std::string& root, std::string_view controller) {
  std::istringstream lines(read_or_empty(root + "/proc/self/cgroup"));
  std::string line;
  while (std::getline(lines, line)) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string names = "," + line.substr(first + 1, second - first - 1) + ",";
    if (names == ",," ? controller.empty()
                      : !controller.empty() && names.contains("," + std::string(controller) + ","))
      return line.substr(second + 1);
  }
  return std::nullopt;
}

/// The smallest limit from a group up to the root of its mount.
Limit smallest_upwards(const std::string& mount, std::string path,
                       const std::function<Limit(const std::string& folder)>& read) {
  Limit limit;
  while (!path.empty() && path != "/") {
    limit = smaller(limit, read(mount + path));
    path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
  }
  return smaller(limit, read(mount));
}

Limit v1_memory(const std::string& folder) {
  const Limit limit = to_number(read_or_empty(folder + "/memory.limit_in_bytes"));
  return limit && *limit < v1_unlimited ? limit : std::nullopt;
}

Limit v2_memory(const std::string& folder) {
  return to_number(read_or_empty(folder + "/memory.max"));  // "max" is no number: no limit
}

Limit milli(Limit quota, Limit period) {
  if (!quota || !period || *period == 0) return std::nullopt;
  return *quota * 1000 / *period;
}

Limit v1_cpu(const std::string& folder) {
  return milli(to_number(read_or_empty(folder + "/cpu.cfs_quota_us")),  // -1 is no limit
               to_number(read_or_empty(folder + "/cpu.cfs_period_us")));
}

Limit v2_cpu(const std::string& folder) {
  const std::string text = read_or_empty(folder + "/cpu.max");  // "200000 100000" or "max 100000"
  const auto space = text.find(' ');
  if (space == std::string::npos) return std::nullopt;
  const std::string_view view(text);
  return milli(to_number(view.substr(0, space)), to_number(view.substr(space + 1)));
}

}  // namespace

std::optional<std::uint64_t> Cgroup::memory_bytes_max() const {
  const std::string mount = root_ + "/sys/fs/cgroup";
  Limit limit;
  if (const auto path = own_path(root_, "memory"))
    limit = smallest_upwards(mount + "/memory", *path, v1_memory);
  if (const auto path = own_path(root_, ""))
    limit = smaller(limit, smallest_upwards(mount, *path, v2_memory));
  return limit;
}

std::optional<std::uint64_t> Cgroup::cpu_milli_max() const {
  const std::string mount = root_ + "/sys/fs/cgroup";
  Limit limit;
  if (const auto path = own_path(root_, "cpu"))
    limit = smallest_upwards(mount + "/cpu", *path, v1_cpu);
  if (const auto path = own_path(root_, ""))
    limit = smaller(limit, smallest_upwards(mount, *path, v2_cpu));
  return limit;
}

}  // namespace sluice::os
