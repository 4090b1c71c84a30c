// SPDX-License-Identifier: Apache-2.0
//
// Writes what the rows say for people: a configuration file with every option commented out at its
// default, and the reference pages of options and metrics.
//
// Thread: any (pure).
#pragma once

#include "base/metric_row.h"
#include "config/schema.h"

#include <span>
#include <string>

namespace sluice::config {

/// TOML; loading it gives the defaults.
std::string commented_file(const Schema& schema);

/// Markdown.
std::string option_reference(const Schema& schema);

/// Markdown; names as Prometheus is shown them.
std::string metric_reference(std::span<const std::span<const MetricRow>> tables);

}  // namespace sluice::config
