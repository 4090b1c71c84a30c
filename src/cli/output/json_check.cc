// SPDX-License-Identifier: Apache-2.0
#include "cli/output/json_text.h"

#include <nlohmann/json.hpp>

namespace sluice::cli {

bool is_json(std::string_view text) { return nlohmann::json::accept(text.begin(), text.end()); }

}  // namespace sluice::cli
