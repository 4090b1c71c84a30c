// SPDX-License-Identifier: Apache-2.0
//
// ServerMetrics is what the thread of a shard counts around it: the rows of server/metrics.def as
// plain numbers, `++metrics.turns`.
//
// Owner:   the shard's thread.    Thread: that one; a copy goes to whoever sums them.
#pragma once

#include "base/metric_row.h"

namespace sluice::server {

struct ServerMetrics {
#define SLUICE_METRICS_AS_FIELDS
#include "server/metrics.def"
};

/// The rows, in the order of metric_numbers(ServerMetrics).
std::span<const MetricRow> server_metric_rows();

}  // namespace sluice::server
