// SPDX-License-Identifier: Apache-2.0
//
// Where no other library is installed.
#include "bench/client/way.h"

namespace sluice::bench {

std::vector<Way> ways_of_others() { return {}; }

}  // namespace sluice::bench
