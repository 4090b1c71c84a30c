// SPDX-License-Identifier: Apache-2.0
#include "server/log_line.h"

#include <nlohmann/json.hpp>

namespace sluice::server {
namespace {

using Json = nlohmann::ordered_json;

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::trace:
      return "trace";
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warn:
      return "warn";
    case LogLevel::error:
      return "error";
  }
  return "error";
}

/// Not within a character, so that no half of one is left.
std::string_view cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80) --end;
  return text.substr(0, end);
}

Json value_of(const LogField& field, std::size_t text_bytes_max) {
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    std::string value(cut(*text, text_bytes_max));
    if (value.size() < text->size()) value += "...";
    return value;
  }
  if (const auto* number = std::get_if<std::int64_t>(&field.value)) return *number;
  if (const auto* natural = std::get_if<std::uint64_t>(&field.value)) return *natural;
  return std::get<double>(field.value);
}

}  // namespace

std::string json_line(LogLevel level, std::string_view event, Log::Fields fields,
                      std::size_t text_bytes_max) {
  Json object;
  object["level"] = name_of(level);
  object["event"] = event;
  for (const LogField& field : fields) {
    object[std::string(field.key)] = value_of(field, text_bytes_max);
  }
  constexpr bool ascii = true;
  return object.dump(-1, ' ', ascii, Json::error_handler_t::replace);
}

}  // namespace sluice::server
