// SPDX-License-Identifier: Apache-2.0
#include "client/machine/inbound_window.h"

#include <algorithm>

namespace sluice::client {
namespace {
constexpr std::size_t words = 65'536 / 64;
constexpr std::uint64_t bit_of(codec::PacketId id) { return std::uint64_t{1} << (id % 64U); }
}  // namespace

bool InboundWindow::is_unreleased(codec::PacketId id) const {
  return !bits_.empty() && (bits_[id / 64U] & bit_of(id)) != 0;
}

void InboundWindow::add_unreleased(codec::PacketId id) {
  if (bits_.empty()) bits_.resize(words);
  if (is_unreleased(id)) return;
  bits_[id / 64U] |= bit_of(id);
}

bool InboundWindow::remove_unreleased(codec::PacketId id) {
  if (!is_unreleased(id)) return false;
  bits_[id / 64U] &= ~bit_of(id);
  return true;
}

DeliveryId InboundWindow::add_pending(codec::PacketId id, codec::Qos qos) {
  const auto delivery = static_cast<DeliveryId>(++last_delivery_);
  pending_.push_back({.delivery = delivery, .packet_id = id, .qos = qos});
  return delivery;
}

InboundWindow::Pending* InboundWindow::find_pending(codec::PacketId id) {
  for (Pending& pending : pending_) {
    if (pending.packet_id == id && pending.qos == codec::Qos::exactly_once) return &pending;
  }
  return nullptr;
}

bool InboundWindow::acknowledge(DeliveryId delivery, codec::ReasonCode reason) {
  const auto found = std::ranges::lower_bound(pending_, delivery, {}, &Pending::delivery);
  if (found == pending_.end() || found->delivery != delivery || found->is_done) return false;
  found->is_done = true;
  found->reason = reason;
  return true;
}

std::optional<InboundWindow::Pending> InboundWindow::take_ready() {
  // One that came on an earlier connection waits aside until it comes again.
  const auto first = std::ranges::find_if(pending_, &Pending::is_here);
  if (first == pending_.end() || !first->is_done) return std::nullopt;
  const Pending taken = *first;
  pending_.erase(first);
  return taken;
}

void InboundWindow::on_connection_lost() {
  std::erase_if(pending_, [](const Pending& p) { return p.qos == codec::Qos::at_least_once; });
  for (Pending& pending : pending_) pending.is_here = false;
}

void InboundWindow::clear() {
  std::ranges::fill(bits_, 0);
  pending_.clear();
}

}  // namespace sluice::client
