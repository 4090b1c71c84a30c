// SPDX-License-Identifier: Apache-2.0
#include "store/metrics.h"

namespace sluice::store {
namespace {

constexpr MetricRow rows[] = {
#define SLUICE_METRICS_AS_ROWS
#include "store/metrics.def"
};
static_assert(metric_slots(rows) * sizeof(std::uint64_t) == sizeof(StoreMetrics));
static_assert(std::tuple_size_v<decltype(StoreMetrics::store_commit_seconds)> ==
              commit_time_bounds.size() + 2);

}  // namespace

std::span<const MetricRow> store_metric_rows() { return rows; }

}  // namespace sluice::store
