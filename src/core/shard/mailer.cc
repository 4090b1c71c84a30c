// SPDX-License-Identifier: Apache-2.0
#include "core/shard/mailer.h"

#include "base/assert.h"

namespace sluice::core {

MutableByteView NoMailer::reserve(ShardIndex, std::size_t) {
  SLUICE_ASSERT(!"a shard that is alone has mail for another");
  return {};
}

}  // namespace sluice::core
