// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/compare/measured_way.h"

#include <string>
#include <vector>

namespace sluice::cli {

/// The tables for a person.
std::string comparison_text(const ComparePlan& plan, const std::vector<Way>& ways);
/// One JSON object.
std::string comparison_json(const ComparePlan& plan, const std::vector<Way>& ways);

}  // namespace sluice::cli
