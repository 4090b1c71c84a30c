// SPDX-License-Identifier: Apache-2.0
//
// The metrics of a snapshot in the Prometheus text format. prometheus-cpp stays in the .cc.
//
// Thread: any (pure).
#pragma once

#include "admin/snapshot.h"

#include <string>

namespace sluice::admin {

std::string metrics_text(const AdminSnapshot& snapshot);

}  // namespace sluice::admin
