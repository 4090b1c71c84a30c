// SPDX-License-Identifier: Apache-2.0
//
// Connections that come and go: what a storm of them costs is spread over many turns, so that those
// who talk meanwhile wait for a small part of it only.
#include "server/turn/turn.h"

namespace sluice::server {

void Turn::adopt(HandOverLetter letter) { adopted_.push_back(std::move(letter)); }

bool Turn::has_churn() const { return !churn_.empty() || !adopted_.empty(); }

bool Turn::has_room_for_churn(std::size_t done) {
  if (done > 0 && shard_->is_turn_full()) return false;
  if (done > 0 && input_.bytes() >= options_.input_bytes_max) {
    ++metrics_.turn_bound_hits_input;
    return false;
  }
  const bool has_time = host_.may_attend_churn(done);
  if (!has_time) ++metrics_.turn_bound_hits_churn;
  return has_time;
}

// Whoever finds no room in this turn is first in the next.
void Turn::attend_churn() {
  std::size_t done = 0;
  round_.clear();
  round_.swap(churn_);
  std::size_t attended = 0;
  for (; !adopted_.empty() || attended < round_.size(); ++done) {
    if (!has_room_for_churn(done)) break;
    if (!adopted_.empty()) {
      HandOverLetter letter = std::move(adopted_.front());
      adopted_.pop_front();
      adopt_now(std::move(letter));
      continue;
    }
    const core::ConnId id = round_[attended++];
    if (Slot* slot = find(id)) attend(id, *slot);
  }
  churn_.insert(churn_.begin(), round_.begin() + static_cast<std::ptrdiff_t>(attended),
                round_.end());
  if (done > 0) host_.on_churn_attended();
}

void Turn::adopt_now(HandOverLetter letter) {
  const core::ConnId id = take_slot(std::move(letter.transport));
  Slot& slot = slots_[id.slot];
  shard_->on_opened(id, letter.opened);
  list_readable(id, slot);
  if (slot.transport->has_pending_output()) to_write_.push_back(id);
  take_mail();
  const MutableByteView room = input_.room();
  if (letter.bytes.size() <= room.size()) {
    std::ranges::copy(letter.bytes, room.begin());
    input_.take(letter.bytes.size());
    shard_->on_bytes(id, room.first(letter.bytes.size()));
    return;
  }
  // More than a block: piece by piece, each with room of its own.
  for (std::size_t at = 0; at < letter.bytes.size();) {
    const MutableByteView part = input_.room();
    const std::size_t size = std::min(part.size(), letter.bytes.size() - at);
    std::copy_n(letter.bytes.begin() + static_cast<std::ptrdiff_t>(at), size, part.begin());
    input_.take(size);
    shard_->on_bytes(id, part.first(size));
    at += size;
  }
}

void Turn::shake_hands(core::ConnId id, Slot& slot) {
  if (slot.transport == nullptr) return;
  if (slot.transport->is_handshake_costly() && shake_hands_elsewhere(id, slot)) return;
  const Peer before = slot.transport->peer();
  const Result<void> done = slot.transport->handshake();
  conclude(id, slot, before, done);
}

bool Turn::shake_hands_elsewhere(core::ConnId id, Slot& slot) {
  // Before the peer has said anything there is nothing to compute, and an event tells when it does.
  if (!slot.is_watched && slot.transport->fd() >= 0) {
    slot.is_readable = false;
    if (!watch(id, slot)) free_slot(id);
    return true;
  }
  HandshakeLetter letter{.conn = id,
                         .transport = std::move(slot.transport),
                         .before = {},
                         .late = slot.deadline,
                         .done = {}};
  letter.before = letter.transport->peer();
  slot.is_readable = false;
  if (host_.shake_hands(letter)) {
    ++metrics_.handshakes_elsewhere;
    return true;
  }
  slot.transport = std::move(letter.transport);
  slot.is_readable = true;
  return false;
}

void Turn::on_shaken(HandshakeLetter letter) {
  --metrics_.handshakes_elsewhere;
  Slot* slot = find(letter.conn);
  if (slot == nullptr) return;
  slot->transport = std::move(letter.transport);
  const bool is_readable = slot->is_readable;  // an event came meanwhile
  conclude(letter.conn, *slot, letter.before, letter.done);
  slot = find(letter.conn);
  if (slot == nullptr || slot->phase != Phase::open) return;
  if (slot->transport->has_pending_output()) to_write_.push_back(letter.conn);
  if (is_readable) list_readable(letter.conn, *slot);
}

void Turn::conclude(core::ConnId id, Slot& slot, const Peer& before, const Result<void>& done) {
  const Peer peer = slot.transport->peer();
  if (peer != before && !host_.lets_in(peer, slot.entrance)) {
    free_slot(id);
    return;
  }
  if (!done && done.error().code == ErrorCode::would_block) {
    slot.is_readable = false;
    if (!watch(id, slot)) lose(id, core::CloseCause::limit);
    return;
  }
  if (!done) {
    fail_handshake(slot, done.error().detail);
    if (done.error().code == ErrorCode::protocol_error)
      end_gently(id, slot);
    else
      free_slot(id);
    return;
  }
  ++metrics_.transport_handshakes_completed;
  end_handshake(id, slot);
  shard_->on_opened(id, {.peer = slot.transport->peer(),
                         .entrance = slot.entrance,
                         .identity = std::string(slot.transport->identity())});
  list_readable(id, slot);
}

void Turn::end_handshake(core::ConnId id, Slot& slot) {
  slot.is_handshaking = false;
  slot.is_blocked = false;
  slot.deadline = Instant::never();
  --handshakes_;
  std::erase(blocked_, id);
}

void Turn::fail_handshake(const Slot& slot, std::string_view why) {
  ++metrics_.transport_handshakes_failed;
  logger_.info("connection_closed", {{"peer", sluice::to_string(slot.transport->peer())},
                                     {"cause", "handshake failed"},
                                     {"detail", why}});
}

void Turn::drop_handshakes() {
  for (std::uint32_t i = 0; i < slots_.size(); ++i)
    if (slots_[i].phase != Phase::free && slots_[i].is_handshaking)
      free_slot({i, slots_[i].generation});
}

}  // namespace sluice::server
