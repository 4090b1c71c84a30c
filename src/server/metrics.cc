// SPDX-License-Identifier: Apache-2.0
#include "server/metrics.h"

namespace sluice::server {
namespace {

constexpr MetricRow rows[] = {
#define SLUICE_METRICS_AS_ROWS
#include "server/metrics.def"
};
static_assert(metric_slots(rows) * sizeof(std::uint64_t) == sizeof(ServerMetrics));

}  // namespace

std::span<const MetricRow> server_metric_rows() { return rows; }

}  // namespace sluice::server
