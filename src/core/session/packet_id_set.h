// SPDX-License-Identifier: Apache-2.0
//
// PacketIdSet is a set of packet identifiers: a pointer while nothing was ever in it, a short
// sorted list while it is small, a bitmap of 8 KiB once it was not; clear() gives the memory back.
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
  std::uint32_t size() const { return body_ ? body_->size : 0; }
  bool empty() const { return size() == 0; }
  void clear() { body_.reset(); }
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

  struct Body {
    std::unique_ptr<Bitmap> bitmap;
    std::vector<codec::PacketId> list;  // while there is no bitmap
    std::uint32_t size = 0;
  };
  std::unique_ptr<Body> body_;
};

}  // namespace sluice::core
