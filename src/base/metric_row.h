// SPDX-License-Identifier: Apache-2.0
//
// A metric is one row of the `metrics.def` of the folder that counts it. The row becomes a field of
// that folder's metrics struct (after #define SLUICE_METRICS_AS_FIELDS), which is plain
// std::uint64_t so that counting is one `++`, and a MetricRow of its table
// (SLUICE_METRICS_AS_ROWS), from which admin/ makes the Prometheus text and core/ the $SYS topics.
// The rows, between base/metric_begin.inc and base/metric_end.inc:
//
//   SLUICE_METRIC(name, kind, "sentence")
//     is the field metrics.name and is shown as name
//   SLUICE_METRIC_OF(family, label, value, kind, "sentence")
//     is the field metrics.family_value and is shown as family{label="value"}
//   SLUICE_METRIC_EACH(name, label, "values", kind, "sentence")
//     is the array metrics.name and its element i is shown as name{label="the i-th value"}
//
// kind: counter (only grows), gauge, or histogram: EACH of the upper bounds of its buckets in
// seconds,
// "+Inf" and "sum"; a number counts what fell into its own bucket, the sum is in nanoseconds.
// values are parted by `|`; an empty one keeps its place and is not shown. Rows of one family stand
// together and share the sentence of the first. Each shard has a struct of its own; they are summed
// at scrape.
//
// Thread: the counting struct belongs to one thread; a copy of it goes to whoever sums.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace sluice {

enum class MetricKind : std::uint8_t { counter, gauge, histogram };

struct MetricRow {
  std::string_view family;  ///< the name shown, without prefix and suffix
  std::string_view label;   ///< empty if it has none
  std::string_view values;  ///< of the label, parted by '|'; each takes one number
  MetricKind kind;
  std::string_view sentence;  ///< empty on the later rows of a family
};

/// The name that Prometheus is shown: "sluice_sessions", "sluice_turns_total".
inline std::string metric_name(const MetricRow& row) {
  std::string name = "sluice_";
  name.append(row.family).append(row.kind == MetricKind::counter ? "_total" : "");
  return name;
}

/// How many numbers a row takes: one for each value of its label.
constexpr std::size_t metric_slots(std::string_view values) {
  std::size_t slots = 1;
  for (const char c : values) slots += c == '|' ? 1 : 0;
  return slots;
}

constexpr std::size_t metric_slots(std::span<const MetricRow> rows) {
  std::size_t slots = 0;
  for (const MetricRow& row : rows) slots += metric_slots(row.values);
  return slots;
}

/// The numbers of a metrics struct, in the order of its rows.
template <class Metrics>
constexpr auto metric_numbers(const Metrics& metrics) {
  static_assert(std::is_trivially_copyable_v<Metrics> && sizeof(Metrics) % 8 == 0);
  return std::bit_cast<std::array<std::uint64_t, sizeof(Metrics) / 8>>(metrics);
}

/// Adds every number of `part` to the same one of `sum`.
template <class Metrics>
constexpr void add_metrics(Metrics& sum, const Metrics& part) {
  auto numbers = metric_numbers(sum);
  const auto more = metric_numbers(part);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] += more[i];
  sum = std::bit_cast<Metrics>(numbers);
}

}  // namespace sluice
