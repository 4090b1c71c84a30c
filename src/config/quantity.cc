// SPDX-License-Identifier: Apache-2.0
#include "config/quantity.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace sluice::config {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t size;
};

// Largest first: format_* takes the first that divides.
constexpr std::array byte_units = {
    Unit{"TiB", 1ULL << 40},
    Unit{"TB", 1'000'000'000'000},
    Unit{"GiB", 1ULL << 30},
    Unit{"GB", 1'000'000'000},
    Unit{"MiB", 1ULL << 20},
    Unit{"MB", 1'000'000},
    Unit{"KiB", 1ULL << 10},
    Unit{"kB", 1'000},
    Unit{"B", 1},
};
constexpr std::array time_units = {
    Unit{"w", 604'800'000'000'000},
    Unit{"d", 86'400'000'000'000},
    Unit{"h", 3'600'000'000'000},
    Unit{"m", 60'000'000'000},
    Unit{"s", 1'000'000'000},
    Unit{"ms", 1'000'000},
    Unit{"us", 1'000},
    Unit{"ns", 1},
};

constexpr const char* bytes_allowed =
    "write a size such as 256B, 64KiB or 10MB (units B, kB, MB, GB, TB, KiB, MiB, GiB, TiB)";
constexpr const char* duration_allowed =
    "write a time with its unit such as 100ms, 30s, 5m, 1h30m or 14d (units ns, us, ms, s, m, h, "
    "d, w)";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_in_any_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes digits, and a fraction after a point, off the front.
std::optional<double> take_number(std::string_view& text) {
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [next, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(next - text.data()));
  return number;
}

/// Takes letters off the front.
std::string_view take_word(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && lower(text[length]) >= 'a' && lower(text[length]) <= 'z') ++length;
  const std::string_view word = text.substr(0, length);
  text.remove_prefix(length);
  return word;
}

void skip_spaces(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
}

template <std::size_t count>
std::optional<std::uint64_t> size_of_unit(const std::array<Unit, count>& units,
                                          std::string_view name) {
  for (const Unit& unit : units) {
    if (equal_in_any_case(unit.name, name)) return unit.size;
  }
  return std::nullopt;
}

template <std::size_t count>
std::string format(const std::array<Unit, count>& units, std::uint64_t amount,
                   std::string_view zero) {
  if (amount == 0) return std::string(zero);
  for (const Unit& unit : units) {
    if (amount % unit.size == 0) return std::to_string(amount / unit.size).append(unit.name);
  }
  return std::to_string(amount);
}

/// A product that fits into 63 bits and needs no fraction of a byte or nanosecond.
std::optional<std::uint64_t> exact_product(double number, std::uint64_t size) {
  const double product = number * static_cast<double>(size);
  if (product > 9.2e18 || product != std::floor(product)) return std::nullopt;
  return static_cast<std::uint64_t>(product);
}

}  // namespace

Parsed<std::uint64_t> parse_bytes(std::string_view text) {
  const auto number = take_number(text);
  if (!number) return std::unexpected(bytes_allowed);
  skip_spaces(text);
  const std::string_view word = take_word(text);
  const auto size = size_of_unit(byte_units, word.empty() ? "B" : word);
  if (!size || !text.empty()) return std::unexpected(bytes_allowed);
  const auto bytes = exact_product(*number, *size);
  if (!bytes) return std::unexpected("a size is a whole number of bytes below 2^63");
  return *bytes;
}

std::string format_bytes(std::uint64_t bytes) { return format(byte_units, bytes, "0B"); }

Parsed<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration(0);
  if (text.empty()) return std::unexpected(duration_allowed);
  std::uint64_t total = 0;
  while (!text.empty()) {
    const auto number = take_number(text);
    if (!number) return std::unexpected(duration_allowed);
    skip_spaces(text);
    const auto size = size_of_unit(time_units, take_word(text));
    if (!size) return std::unexpected(duration_allowed);
    const auto part = exact_product(*number, *size);
    if (!part || total + *part > 9'200'000'000'000'000'000U) {
      return std::unexpected("a time is a whole number of nanoseconds below 292 years");
    }
    total += *part;
    skip_spaces(text);
  }
  return Duration(static_cast<std::int64_t>(total));
}

std::string format_duration(Duration duration) {
  return format(time_units, static_cast<std::uint64_t>(duration.count()), "0s");
}

}  // namespace sluice::config
