// SPDX-License-Identifier: Apache-2.0
//
// Mailer takes mail to the other shards: short records in the order written, delivered once each.
// The driver backs it with a bounded ring for each pair of shards and an overflow list behind it;
// the simulator with a queue that it delays.
//
// Owner:   the driver.      Thread: the sending shard's.
// Limits:  is_congested() says that a pair's overflow list is past its bound: the shard then stops
//          reading, and after limits.congestion_grace drops QoS 0 for that other shard.
#pragma once

#include "base/bytes.h"
#include "core/ids.h"

#include <cstddef>

namespace sluice::core {

class Mailer {
 public:
  virtual ~Mailer() = default;
  /// Room for one record to another shard; fill it before the next call. It goes out with the turn.
  virtual MutableByteView reserve(ShardIndex target, std::size_t size) = 0;
  /// True while any pair's overflow is past its bound.
  virtual bool is_congested() const = 0;
  /// True while the overflow to that shard is past its bound.
  virtual bool is_congested_to(ShardIndex target) const = 0;
};

/// For a shard that is alone.
class NoMailer final : public Mailer {
 public:
  MutableByteView reserve(ShardIndex target, std::size_t size) override;
  bool is_congested() const override { return false; }
  bool is_congested_to(ShardIndex) const override { return false; }
};

}  // namespace sluice::core
