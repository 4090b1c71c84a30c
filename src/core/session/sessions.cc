// SPDX-License-Identifier: Apache-2.0
#include "core/session/sessions.h"

#include "base/assert.h"

namespace sluice::core {

Session* Sessions::find(std::string_view client_id) {
  const auto found = by_id_.find(client_id);
  return found == by_id_.end() ? nullptr : &at(*found);
}

Session& Sessions::create(std::string_view client_id) {
  const std::uint32_t index = slab_.emplace(client_id, SessionSlot{});
  Session& session = slab_[index];
  session.slot = SessionSlot{index};
  session.number = ++last_number_;
  SLUICE_ASSERT(!by_id_.contains(client_id));
  by_id_.insert(session.slot);
  return session;
}

void Sessions::erase(SessionSlot slot) {
  by_id_.erase(slot);
  slab_.erase(index_of(slot));
}

SessionSlot Sessions::create_stand_in() {
  const std::uint32_t index = slab_.emplace("", SessionSlot{});
  slab_[index].slot = SessionSlot{index};
  return SessionSlot{index};
}

void Sessions::erase_stand_in(SessionSlot slot) { slab_.erase(index_of(slot)); }

std::size_t Sessions::bytes() const {
  return slab_.bytes() + by_id_.bucket_count() * (sizeof(SessionSlot) + 1);
}

std::uint32_t Sessions::store_ids(std::span<const std::uint32_t> ids) {
  if (ids.empty()) return 0;
  if (ids.size() == 1) return ids[0];
  return list_bit | lists_.emplace(ids.begin(), ids.end());
}

std::span<const std::uint32_t> Sessions::ids(const std::uint32_t& number) const {
  if (number == 0) return {};
  if ((number & list_bit) == 0) return {&number, 1};
  return lists_[number & ~list_bit];
}

void Sessions::release_ids(std::uint32_t number) {
  if ((number & list_bit) != 0) lists_.erase(number & ~list_bit);
}

}  // namespace sluice::core
