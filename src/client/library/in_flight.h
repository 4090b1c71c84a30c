// SPDX-License-Identifier: Apache-2.0
//
// InFlight says which operation waits for which packet identifier. Identifiers are given in a
// circle, so a small table serves: it doubles when two that wait fall on one place.
//
// Owner:   ClientBody.      Thread: the loop's.
// Limits:  65,536 entries.
#pragma once

#include "client/library/operation.h"
#include "codec/types.h"

#include <sluice/types.hpp>

#include <cstdint>
#include <utility>
#include <vector>

namespace sluice::client {

class InFlight {
 public:
  struct Entry {
    codec::PacketId id = 0;      ///< 0: free
    std::uint64_t sequence = 0;  ///< in the MessageStore
    std::uint64_t position = 0;  ///< in the PublishQueue; 0: from an earlier run
    OperationRef<v1::puback> operation{};
  };

  InFlight() : entries_(16) {}

  void add(Entry entry) {
    while (place(entry.id).id != 0) grow();
    place(entry.id) = std::move(entry);
    ++size_;
  }
  /// The entry of the identifier, removed; `id` is 0 if there is none.
  Entry take(codec::PacketId id) {
    Entry& entry = place(id);
    if (entry.id != id || id == 0) return {};
    --size_;
    return std::exchange(entry, {});
  }
  /// Null if nothing waits under it.
  const Entry* find(codec::PacketId id) {
    const Entry& entry = place(id);
    return entry.id == id && id != 0 ? &entry : nullptr;
  }
  std::size_t size() const { return size_; }
  /// The position of the oldest entry, the largest number if there is none. Walks the table.
  std::uint64_t oldest_position() const {
    std::uint64_t oldest = ~std::uint64_t{0};
    for (const Entry& entry : entries_) {
      if (entry.id != 0 && entry.position < oldest) oldest = entry.position;
    }
    return oldest;
  }
  /// All entries, removed.
  std::vector<Entry> take_all() {
    std::vector<Entry> taken;
    for (Entry& entry : entries_) {
      if (entry.id != 0) taken.push_back(std::exchange(entry, {}));
    }
    size_ = 0;
    return taken;
  }

 private:
  Entry& place(codec::PacketId id) { return entries_[id & (entries_.size() - 1)]; }
  void grow() {
    std::vector<Entry> larger(entries_.size() * 2);
    for (Entry& entry : entries_) {
      if (entry.id != 0) larger[entry.id & (larger.size() - 1)] = std::move(entry);
    }
    entries_ = std::move(larger);
  }

  std::vector<Entry> entries_;
  std::size_t size_ = 0;
};

}  // namespace sluice::client
