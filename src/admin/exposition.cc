// SPDX-License-Identifier: Apache-2.0
#include "admin/exposition.h"

#include "admin/handlers.h"
#include "base/assert.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace sluice::admin {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

ClientMetric sample(MetricKind kind, std::uint64_t number) {
  ClientMetric metric;
  const auto value = static_cast<double>(number);
  if (kind == MetricKind::counter)
    metric.counter.value = value;
  else
    metric.gauge.value = value;
  return metric;
}

MetricFamily family_of(const MetricRow& row) {
  const bool is_counter = row.kind == MetricKind::counter;
  MetricFamily family;
  family.name = metric_name(row);
  family.help = row.sentence;
  family.type = is_counter                          ? MetricType::Counter
                : row.kind == MetricKind::histogram ? MetricType::Histogram
                                                    : MetricType::Gauge;
  return family;
}

/// The numbers are of each bucket alone; what is shown counts all up to its bound.
ClientMetric histogram_of(const MetricRow& row, std::span<const std::uint64_t> numbers) {
  ClientMetric metric;
  std::string_view values = row.values;
  const std::size_t buckets = metric_slots(row.values) - 1;
  for (std::size_t i = 0; i < buckets; ++i) {
    const std::string bound(values.substr(0, values.find('|')));
    values.remove_prefix(bound.size() + 1);
    metric.histogram.sample_count += numbers[i];
    metric.histogram.bucket.push_back(
        {metric.histogram.sample_count, std::strtod(bound.c_str(), nullptr)});
  }
  metric.histogram.sample_sum = static_cast<double>(numbers[buckets]) / 1e9;
  return metric;
}

/// Adds the samples of a row; returns how many numbers it took.
std::size_t add_samples(const MetricRow& row, std::span<const std::uint64_t> numbers,
                        MetricFamily& family) {
  std::string_view values = row.values;
  const std::size_t slots = metric_slots(row.values);
  if (row.kind == MetricKind::histogram) {
    family.metric.push_back(histogram_of(row, numbers));
    return slots;
  }
  for (std::size_t i = 0; i < slots; ++i) {
    const std::string_view value = values.substr(0, values.find('|'));
    values.remove_prefix(std::min(value.size() + 1, values.size()));
    if (!row.label.empty() && value.empty()) continue;
    ClientMetric metric = sample(row.kind, numbers[i]);
    if (!row.label.empty()) metric.label.push_back({std::string(row.label), std::string(value)});
    family.metric.push_back(std::move(metric));
  }
  return slots;
}

void add_table(const MetricNumbers& table, std::vector<MetricFamily>& families) {
  SLUICE_ASSERT(table.numbers.size() == metric_slots(table.rows));
  std::span<const std::uint64_t> numbers = table.numbers;
  std::string_view family;
  for (const MetricRow& row : table.rows) {
    if (row.family != family) families.push_back(family_of(row));
    family = row.family;
    numbers = numbers.subspan(add_samples(row, numbers, families.back()));
  }
}

MetricFamily gauge(std::string name, std::string help, double value) {
  MetricFamily family{std::move(name), std::move(help), MetricType::Gauge, {}};
  family.metric.emplace_back().gauge.value = value;
  return family;
}

}  // namespace

std::string metrics_text(const AdminSnapshot& snapshot) {
  std::vector<MetricFamily> families;
  families.push_back(gauge("sluice_build_info", "Always 1; the version is a label.", 1));
  families.back().metric[0].label.push_back({"version", snapshot.version});
  families.push_back(gauge("sluice_uptime_seconds", "Time since the broker started.",
                           std::chrono::duration<double>(snapshot.uptime).count()));
  for (const MetricNumbers& table : snapshot.metrics) add_table(table, families);
  return prometheus::TextSerializer().Serialize(families);
}

AdminResponse show_metrics(const RouteArguments&, const AdminSnapshot& snapshot) {
  return {.status = 200,
          .content_type = "text/plain; version=0.0.4; charset=utf-8",
          .body = metrics_text(snapshot)};
}

}  // namespace sluice::admin
