// SPDX-License-Identifier: Apache-2.0
//
// AuthMetrics is what authentication counts: the rows of auth/metrics.def as plain numbers.
//
// Owner:   whoever checks credentials for the process.    Thread: under its lock; a copy goes out.
#pragma once

#include "base/metric_row.h"

namespace sluice::auth {

struct AuthMetrics {
#define SLUICE_METRICS_AS_FIELDS
#include "auth/metrics.def"
};

/// The rows, in the order of metric_numbers(AuthMetrics).
std::span<const MetricRow> auth_metric_rows();

}  // namespace sluice::auth
