// SPDX-License-Identifier: Apache-2.0
//
// StoreMetrics is what a log counts: the rows of store/metrics.def as plain numbers.
//
// Thread: any (a value).
#pragma once

#include "base/metric_row.h"
#include "base/time.h"

#include <array>

namespace sluice::store {

struct StoreMetrics {
#define SLUICE_METRICS_AS_FIELDS
#include "store/metrics.def"
};

/// The upper bounds of store_commit_seconds; above the last is one more, and then the sum in ns.
inline constexpr std::array<Duration, 12> commit_time_bounds = {
    50us, 100us, 200us, 500us, 1ms, 2ms, 5ms, 10ms, 20ms, 50ms, 100ms, 1s};

/// The rows, in the order of metric_numbers(StoreMetrics).
std::span<const MetricRow> store_metric_rows();

}  // namespace sluice::store
