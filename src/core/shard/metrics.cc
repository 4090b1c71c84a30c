// SPDX-License-Identifier: Apache-2.0
#include "core/shard/metrics.h"

namespace sluice::core {
namespace {

constexpr MetricRow rows[] = {
#define SLUICE_METRICS_AS_ROWS
#include "core/metrics.def"
};
static_assert(metric_slots(rows) * sizeof(std::uint64_t) == sizeof(CoreMetrics));

}  // namespace

std::span<const MetricRow> core_metric_rows() { return rows; }

}  // namespace sluice::core
