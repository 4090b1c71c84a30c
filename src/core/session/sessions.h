// SPDX-License-Identifier: Apache-2.0
//
// Sessions is the table of a shard's sessions: by slot and by client id. It also keeps the rare
// lists of several subscription identifiers that one Delivery carries.
//
// Owner:   State.      Thread: its shard's.
// Never:   iterates in hash order; walks are in slot order.
// Limits:  limits.sessions_max, looked at by the caller.
#pragma once

#include "base/siphash.h"
#include "base/slab.h"
#include "core/session/session.h"

#include <boost/unordered/unordered_flat_set.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace sluice::core {

class Sessions {
 public:
  explicit Sessions(const HashKey& key) : by_id_(0, Hash{key, &slab_}, Equal{&slab_}) {}

  Session* find(std::string_view client_id);
  Session* find(SessionSlot slot) { return slab_.find(index_of(slot)); }
  Session& at(SessionSlot slot) { return slab_[index_of(slot)]; }
  const Session& at(SessionSlot slot) const { return slab_[index_of(slot)]; }
  /// REQUIRES: no session has that client id.
  Session& create(std::string_view client_id);
  void erase(SessionSlot slot);
  /// A session in name only: SharedMembers says what it is for.
  SessionSlot create_stand_in();
  void erase_stand_in(SessionSlot slot);
  /// For Session::generation: differs from all before, whatever session had them.
  std::uint32_t next_generation() { return ++last_generation_; }
  /// For Session::log_number: differs from all that were noted.
  std::uint64_t next_log_number() const { return last_log_number_ + 1; }
  void note_log_number(std::uint64_t number) {
    last_log_number_ = std::max(last_log_number_, number);
  }
  std::uint32_t size() const { return static_cast<std::uint32_t>(by_id_.size()); }
  std::uint32_t end() const { return slab_.end(); }
  std::size_t bytes() const;

  /// A number for Delivery::subscription_ids: 0 for none, the identifier itself for one, else a
  /// list of its own.
  std::uint32_t store_ids(std::span<const std::uint32_t> ids);
  /// The identifiers; valid until `number` is released.
  std::span<const std::uint32_t> ids(const std::uint32_t& number) const;
  void release_ids(std::uint32_t number);

 private:
  static constexpr std::uint32_t list_bit = 0x80000000U;

  /// The table holds slots alone; the client ids it compares stand in the sessions.
  struct Hash {
    using is_transparent = void;
    HashKey key;
    const Slab<Session>* slab;
    std::size_t operator()(std::string_view id) const { return siphash_1_3(key, as_bytes(id)); }
    std::size_t operator()(SessionSlot slot) const {
      return (*this)((*slab)[index_of(slot)].client_id());
    }
  };
  struct Equal {
    using is_transparent = void;
    const Slab<Session>* slab;
    bool operator()(SessionSlot a, SessionSlot b) const { return a == b; }
    bool operator()(std::string_view id, SessionSlot slot) const {
      return (*slab)[index_of(slot)].client_id() == id;
    }
    bool operator()(SessionSlot slot, std::string_view id) const { return (*this)(id, slot); }
  };

  Slab<Session> slab_;
  boost::unordered_flat_set<SessionSlot, Hash, Equal> by_id_;
  Slab<std::vector<std::uint32_t>> lists_;
  std::uint64_t last_log_number_ = 0;
  std::uint32_t last_number_ = 0;
  std::uint32_t last_generation_ = 0;
};

}  // namespace sluice::core
