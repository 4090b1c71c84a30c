// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/server_usage.h"

#include "os/clock.h"
#include "os/file.h"

#include <charconv>
#include <string>
#include <string_view>

namespace sluice::cli {
namespace {

// "VmRSS:     1234 kB" in bytes; 0 if the line is missing.
std::uint64_t kibibytes_of(std::string_view status, std::string_view name) {
  const std::size_t line = status.find(name);
  if (line == std::string_view::npos) return 0;
  const std::size_t digit = status.find_first_of("0123456789", line);
  if (digit == std::string_view::npos) return 0;
  std::uint64_t kibibytes = 0;
  std::from_chars(status.data() + digit, status.data() + status.size(), kibibytes);
  return kibibytes * 1024;
}

}  // namespace

Result<ServerUsage> server_usage(std::uint32_t process) {
  SLUICE_TRY(const Duration cpu_time, os::process_cpu_time(process));
  SLUICE_TRY(const std::string status,
             os::read_file("/proc/" + std::to_string(process) + "/status", 65'536));
  return ServerUsage{.cpu_time = cpu_time,
                     .resident_bytes = kibibytes_of(status, "VmRSS:"),
                     .resident_bytes_peak = kibibytes_of(status, "VmHWM:")};
}

}  // namespace sluice::cli
