// SPDX-License-Identifier: Apache-2.0
//
// CoreMetrics is what a shard counts: the rows of core/metrics.def as plain numbers,
// `++metrics.sessions_created`, `++metrics.messages_received[qos]`,
// `++metrics.packets_received[type]` (type as on the wire, 1 to 15).
//
// Owner:   Shard.    Thread: its shard's; a copy goes to whoever sums them (base/metric_row.h,
// add_metrics).
#pragma once

#include "base/metric_row.h"

namespace sluice::core {

struct CoreMetrics {
#define SLUICE_METRICS_AS_FIELDS
#include "core/metrics.def"
};

/// The rows, in the order of metric_numbers(CoreMetrics).
std::span<const MetricRow> core_metric_rows();

}  // namespace sluice::core
