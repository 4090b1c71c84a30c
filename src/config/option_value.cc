// SPDX-License-Identifier: Apache-2.0
#include "config/option_value.h"

#include "base/assert.h"
#include "config/toml_text.h"

#include <array>
#include <charconv>
#include <optional>

namespace sluice::config {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// The whole text as a number, or nothing.
template <class N>
std::optional<N> whole_number(std::string_view text) {
  N number{};
  const char* const end = text.data() + text.size();
  const auto [next, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || next != end) return std::nullopt;
  return number;
}

std::string format_decimal(double number) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  std::string text(buffer.data(), end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string format_bound(const OptionRow& row, OptionBound bound) {
  switch (row.type) {
    case OptionType::bytes:
      return format_bytes(static_cast<std::uint64_t>(bound.number));
    case OptionType::duration:
      return format_duration(Duration(static_cast<std::int64_t>(bound.number)));
    case OptionType::decimal:
      return format_decimal(bound.number);
    default:
      return std::to_string(static_cast<std::uint64_t>(bound.number));
  }
}

std::string join_words(std::string_view words) {
  const auto parts = split(words, '|');
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += i + 1 == parts.size() ? " or " : ", ";
    text += parts[i];
  }
  return text;
}

/// What the bounds of the row count in the value.
double measure(const OptionValue& value) {
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return static_cast<double>(*number);
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* time = std::get_if<Duration>(&value)) return static_cast<double>(time->count());
  if (const auto* text = std::get_if<std::string>(&value)) return static_cast<double>(text->size());
  if (const auto* texts = std::get_if<std::vector<std::string>>(&value)) {
    return static_cast<double>(texts->size());
  }
  return 0;
}

Parsed<OptionValue> parse_words(const OptionRow& row, std::string_view text) {
  std::uint8_t index = 0;
  for (const std::string_view word : split(row.words, '|')) {
    if (word == text) return WordIndex{index};
    ++index;
  }
  return std::unexpected("allowed is " + allowed_values(row));
}

Parsed<OptionValue> parse_text_list(std::string_view text) {
  std::vector<std::string> texts;
  if (trim(text).empty()) return texts;
  for (const std::string_view part : split(text, ',')) texts.emplace_back(trim(part));
  return texts;
}

template <class T>
Parsed<OptionValue> or_allowed(const OptionRow& row, const std::optional<T>& value) {
  if (!value) return std::unexpected("allowed is " + allowed_values(row));
  return OptionValue(*value);
}

template <class T>
Parsed<OptionValue> as_value(const Parsed<T>& parsed) {
  if (!parsed) return std::unexpected(parsed.error());
  return OptionValue(*parsed);
}

std::optional<bool> truth(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

Parsed<OptionValue> parse_unchecked(const OptionRow& row, std::string_view text) {
  switch (row.type) {
    case OptionType::boolean:
      return or_allowed(row, truth(text));
    case OptionType::integer:
      return or_allowed(row, whole_number<std::uint64_t>(text));
    case OptionType::decimal:
      return or_allowed(row, whole_number<double>(text));
    case OptionType::bytes:
      return as_value(parse_bytes(text));
    case OptionType::duration:
      return as_value(parse_duration(text));
    case OptionType::text:
      return OptionValue(std::string(text));
    case OptionType::text_list:
      return parse_text_list(text);
    case OptionType::words:
      return parse_words(row, text);
  }
  return std::unexpected("unknown type");
}

}  // namespace

std::string option_path(const OptionRow& row) {
  return std::string(row.group).append(".").append(row.name);
}

Parsed<OptionValue> check_option(const OptionRow& row, OptionValue value) {
  if (row.type == OptionType::boolean || row.type == OptionType::words) return value;
  const double number = measure(value);
  // Written so that a number that is none (NaN) is refused.
  if (number >= row.min.number && number <= row.max.number) return value;
  return std::unexpected("out of range: allowed is " + allowed_values(row));
}

Parsed<OptionValue> parse_option(const OptionRow& row, std::string_view text) {
  auto value = parse_unchecked(row, text);
  if (!value) return value;
  return check_option(row, std::move(*value));
}

std::string allowed_values(const OptionRow& row) {
  if (row.type == OptionType::boolean) return "true or false";
  if (row.type == OptionType::words) return join_words(row.words);
  std::string text = format_bound(row, row.min) + " to " + format_bound(row, row.max);
  if (row.type == OptionType::text) return "a text of " + text + " bytes";
  const std::string_view unit =
      row.unit.empty() && row.type == OptionType::text_list ? "entries" : row.unit;
  if (!unit.empty()) text.append(" ").append(unit);
  return text;
}

std::string format_option(const OptionRow& row, const OptionValue& value) {
  switch (row.type) {
    case OptionType::boolean:
      return std::get<bool>(value) ? "true" : "false";
    case OptionType::integer:
      return std::to_string(std::get<std::uint64_t>(value));
    case OptionType::decimal:
      return format_decimal(std::get<double>(value));
    case OptionType::bytes:
      return quoted(format_bytes(std::get<std::uint64_t>(value)));
    case OptionType::duration:
      return quoted(format_duration(std::get<Duration>(value)));
    case OptionType::text:
      return quoted(std::get<std::string>(value));
    case OptionType::text_list:
      return quoted_list(std::get<std::vector<std::string>>(value));
    case OptionType::words:
      break;
  }
  const std::string_view word = split(row.words, '|')[std::get<WordIndex>(value).index];
  return truth(word) ? std::string(word) : quoted(word);
}

OptionValue read_option(const OptionRow& row, void* options) {
  const OptionField field = row.field(options);
  return std::visit(
      [](auto* pointer) -> OptionValue {
        using Field = std::remove_pointer_t<decltype(pointer)>;
        if constexpr (std::is_same_v<Field, std::uint8_t>)
          return WordIndex{*pointer};
        else
          return *pointer;
      },
      field);
}

void store_option(const OptionRow& row, void* options, const OptionValue& value) {
  std::visit(
      [&value](auto* pointer) {
        using Field = std::remove_pointer_t<decltype(pointer)>;
        if constexpr (std::is_same_v<Field, std::uint8_t>) {
          SLUICE_ASSERT(std::holds_alternative<WordIndex>(value));
          *pointer = std::get<WordIndex>(value).index;
        } else {
          SLUICE_ASSERT(std::holds_alternative<Field>(value));
          *pointer = std::get<Field>(value);
        }
      },
      row.field(options));
}

}  // namespace sluice::config
