// SPDX-License-Identifier: Apache-2.0
//
// PacketIdSet is a set of packet identifiers: a short sorted list while it is small, a bitmap of 8
// KiB once it was not; clear() gives the memory back.
//
// Owner:   a Session.     Thread: its shard's.     Limits: 65,535 identifiers, 8 KiB.
#pragma once

#include "codec/types.h"

#include <bitset>
#include <cstdint>
#include <memory>
#include <vector>

namespace sluice::core {

class PacketIdSet {
 public:
  /// False if it was there.
  bool insert(codec::PacketId id);
  /// False if it was not there.
  bool erase(codec::PacketId id);
  bool contains(codec::PacketId id) const;
  std::uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void clear();
  /// Gives memory back if there is nothing in it.
  void shrink() {
    if (empty()) clear();
  }
  std::size_t bytes() const;
  /// The identifiers in ascending order.
  std::vector<codec::PacketId> to_vector() const;

 private:
  static constexpr std::size_t list_max = 64;
  using Bitmap = std::bitset<65536>;

  std::unique_ptr<Bitmap> bitmap_;
  std::vector<codec::PacketId> list_;
  std::uint32_t size_ = 0;
};

}  // namespace sluice::core
