// SPDX-License-Identifier: Apache-2.0
#include "auth/metrics.h"

namespace sluice::auth {
namespace {

constexpr MetricRow rows[] = {
#define SLUICE_METRICS_AS_ROWS
#include "auth/metrics.def"
};
static_assert(metric_slots(rows) * sizeof(std::uint64_t) == sizeof(AuthMetrics));

}  // namespace

std::span<const MetricRow> auth_metric_rows() { return rows; }

}  // namespace sluice::auth
