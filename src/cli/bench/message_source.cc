// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/message_source.h"

#include "base/assert.h"

#include <bit>
#include <cstring>

namespace sluice::cli {
namespace {

static_assert(sizeof(MessageStamp) == MessageStamp::bytes);

// Packet identifiers go round: 1, 2, … 65,535, 1.
constexpr std::uint64_t identifiers = 65'535;
codec::PacketId id_of(std::uint64_t number) {
  return static_cast<codec::PacketId>(number % identifiers + 1);
}

}  // namespace

bool read_stamp(ByteView payload, MessageStamp& out) {
  if (payload.size() < MessageStamp::bytes) return false;
  std::memcpy(&out, payload.data(), MessageStamp::bytes);
  return true;
}

MessageSource::MessageSource(const SourceOptions& options)
    : options_(options), slots_(options.slots) {
  SLUICE_ASSERT(std::has_single_bit(options.slots));
  SLUICE_ASSERT(options.payload_bytes >= MessageStamp::bytes);
  const std::vector<std::uint8_t> payload(options.payload_bytes, 'x');
  codec::Publish publish;
  publish.topic = options_.topic;
  publish.qos = options_.qos;
  publish.retain = options_.retain;
  publish.packet_id = options_.qos == codec::Qos::at_most_once ? 0 : 1;
  publish.payload = payload;
  packet_ = publish_packet(publish, options_.version);
  stamp_at_ = packet_.size() - payload.size();
  id_at_ = stamp_at_ - 2 - (options_.version == codec::Version::v5 ? 1 : 0);
}

void MessageSource::write_next(std::uint8_t* at, Instant intended) {
  const std::uint64_t number = next_++;
  std::memcpy(at, packet_.data(), packet_.size());
  MessageStamp stamp = options_.stamp;
  stamp.number = number;
  std::memcpy(at + stamp_at_, &stamp, MessageStamp::bytes);
  if (options_.qos != codec::Qos::at_most_once) {
    const codec::PacketId id = id_of(number);
    at[id_at_] = static_cast<std::uint8_t>(id >> 8);
    at[id_at_ + 1] = static_cast<std::uint8_t>(id);
  }
  Slot& slot = slot_of(number);
  if (!slot.is_done()) abandon(slot);
  slot.intended = intended;
  slot.receivers_left = options_.receivers;
  slot.is_unacknowledged = options_.qos != codec::Qos::at_most_once;
  ++under_way_;
}

MessageSource::Taken MessageSource::on_received(std::uint64_t number) {
  if (!is_remembered(number)) return Taken::unknown;
  Slot& slot = slot_of(number);
  if (slot.receivers_left == 0) return Taken::twice;
  --slot.receivers_left;
  if (slot.is_done()) --under_way_;
  return Taken::yes;
}

void MessageSource::on_missed(std::uint64_t number) {
  if (on_received(number) == Taken::yes) ++lost_;
}

MessageSource::Taken MessageSource::on_acknowledged(codec::PacketId id) {
  if (next_ == 0 || id == 0) return Taken::unknown;
  // The last message that had this identifier.
  const std::uint64_t last = next_ - 1;
  const std::uint64_t back = (last % identifiers + identifiers - (id - 1U)) % identifiers;
  if (back > last || !is_remembered(last - back)) return Taken::unknown;
  Slot& slot = slot_of(last - back);
  if (!slot.is_unacknowledged) return Taken::twice;
  slot.is_unacknowledged = false;
  if (slot.is_done()) --under_way_;
  return Taken::yes;
}

void MessageSource::abandon(Slot& slot) {
  lost_ += slot.receivers_left;
  slot.receivers_left = 0;
  slot.is_unacknowledged = false;
  --under_way_;
}

void MessageSource::give_up() {
  for (Slot& slot : slots_) {
    if (!slot.is_done()) abandon(slot);
  }
}

}  // namespace sluice::cli
