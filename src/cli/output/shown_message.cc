// SPDX-License-Identifier: Apache-2.0
#include "cli/output/shown_message.h"

#include <array>
#include <ctime>

namespace sluice::cli {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

std::string padded(std::int64_t number, std::size_t digits) {
  std::string text = std::to_string(number);
  return text.size() < digits ? std::string(digits - text.size(), '0') + text : text;
}

}  // namespace

std::string local_time_text(WallTime time, const char* format) {
  const auto seconds = static_cast<std::time_t>(time.ns / second_ns);
  std::tm parts{};
  if (localtime_r(&seconds, &parts) == nullptr) return {};
  std::array<char, 256> text{};
  return {text.data(), std::strftime(text.data(), text.size(), format, &parts)};
}

std::string json_time_text(WallTime time) {
  return local_time_text(time, "%Y-%m-%dT%H:%M:%S.") + padded(time.ns % second_ns / 1'000, 6) +
         "Z" + local_time_text(time, "%z");
}

std::string unix_time_text(WallTime time) {
  return std::to_string(time.ns / second_ns) + "." + nanosecond_text(time);
}

std::string short_time_text(WallTime time) {
  return local_time_text(time, "%H:%M:%S.") + padded(time.ns % second_ns / 1'000'000, 3);
}

std::string nanosecond_text(WallTime time) { return padded(time.ns % second_ns, 9); }

}  // namespace sluice::cli
