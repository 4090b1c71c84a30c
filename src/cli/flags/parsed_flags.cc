// SPDX-License-Identifier: Apache-2.0
#include "cli/flags/parsed_flags.h"

#include "base/assert.h"

#include <charconv>
#include <cmath>

namespace sluice::cli {

void ParsedFlags::add(std::string_view name, std::string value) {
  for (Entry& entry : entries_) {
    if (entry.name == name) {
      entry.values.push_back(std::move(value));
      return;
    }
  }
  Entry entry{.name = std::string(name), .values = {}};
  entry.values.push_back(std::move(value));
  entries_.push_back(std::move(entry));
}

std::size_t ParsedFlags::count(std::string_view name) const {
  const Entry* entry = find(name);
  return entry == nullptr ? 0 : entry->values.size();
}

std::string_view ParsedFlags::text(std::string_view name, std::string_view otherwise) const {
  const Entry* entry = find(name);
  return entry == nullptr ? otherwise : std::string_view(entry->values.back());
}

std::int64_t ParsedFlags::integer(std::string_view name, std::int64_t otherwise) const {
  const Entry* entry = find(name);
  if (entry == nullptr) return otherwise;
  std::int64_t number = 0;
  SLUICE_ASSERT(parse_integer(entry->values.back(), number));
  return number;
}

double ParsedFlags::decimal(std::string_view name, double otherwise) const {
  const Entry* entry = find(name);
  if (entry == nullptr) return otherwise;
  double number = 0;
  SLUICE_ASSERT(parse_decimal(entry->values.back(), number));
  return number;
}

const std::vector<std::string>& ParsedFlags::list(std::string_view name) const {
  const Entry* entry = find(name);
  return entry == nullptr ? none_ : entry->values;
}

const ParsedFlags::Entry* ParsedFlags::find(std::string_view name) const {
  for (const Entry& entry : entries_) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

bool parse_integer(std::string_view text, std::int64_t& number) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end && !text.empty();
}

bool parse_decimal(std::string_view text, double& number) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end && !text.empty() && std::isfinite(number);
}

}  // namespace sluice::cli
