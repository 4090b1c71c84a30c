// SPDX-License-Identifier: Apache-2.0
#include "core/shard/mailer.h"

#include "base/assert.h"

namespace sluice::core {

MutableByteView NoMailer::reserve(ShardIndex, std::size_t) {
  constexpr bool has_other_shards = false;
  SLUICE_ASSERT(has_other_shards);
  return {};
}

}  // namespace sluice::core
