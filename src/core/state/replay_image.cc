// SPDX-License-Identifier: Apache-2.0
// What a checkpoint tells, and the lanes between shards.
#include "codec/topic.h"
#include "core/state/replay.h"

#include <algorithm>
#include <utility>

namespace sluice::core {

const MessageRef* Replay::find_kept(logged::KeptNumber number) const {
  return number == 0 || number > kept_.size() ? nullptr : &kept_[number - 1];
}

Replay::Outcome Replay::on(const logged::CheckpointBegun& begun) {
  if (open_ != 0) return wrong("a checkpoint in the middle of another");
  is_imaging_ = is_first_;
  kept_.clear();
  lanes_.clear();
  state_.sessions.note_log_number(begun.last_session);
  return {};
}

Replay::Outcome Replay::on(const logged::MessageKept& kept) {
  if (!is_imaging_) return {};
  const MessageRef* message = find_message(kept.message);
  if (message == nullptr) return wrong("a message to keep that is not there");
  kept_.push_back(*message);
  return {};
}

Replay::Outcome Replay::on(const logged::SessionImaged& imaged) {
  // What was created since the checkpoint began is known by its own records.
  if (!is_imaging_ || sessions_.contains(imaged.session)) return {};
  if (imaged.session == 0 || open_ != 0 || state_.sessions.find(imaged.client_id) != nullptr)
    return wrong("a session that is there already");
  if (imaged.packet_id == 0) return wrong("a packet identifier that cannot be");
  const Instant at = imaged.is_connected ? Instant::never() : before_batch(imaged.disconnected);
  const Session& session = state_.apply(record::SessionImaged{.client_id = imaged.client_id,
                                                              .log_number = imaged.session,
                                                              .version = imaged.version,
                                                              .expiry_s = imaged.expiry_s,
                                                              .disconnected_at = at,
                                                              .packet_id = imaged.packet_id});
  sessions_.emplace(imaged.session, session.slot);
  open_ = imaged.session;
  return {};
}

Replay::Outcome Replay::on(const logged::DeliveryImaged& imaged) {
  if (imaged.session != open_ || open_ == 0) return {};
  const SessionSlot slot = find(imaged.session);
  const MessageRef* message =
      imaged.message != 0 ? find_message(imaged.message) : find_kept(imaged.kept);
  const bool is_queued = imaged.state == DeliveryState::queued;
  const bool has_message = is_queued || imaged.state == DeliveryState::published;
  if (imaged.state == DeliveryState::held || has_message != (message != nullptr))
    return wrong("a delivery without its message, or a message without delivery");
  const Outbound& outbound = state_.sessions.at(slot).outbound();
  if (!is_queued && (!outbound.queue.empty() || outbound.window.size() + outbound.skipped >= 65535))
    return wrong("a window that cannot be");
  state_.apply(
      record::DeliveryImaged{.session = slot,
                             .message = has_message ? *message : MessageRef(),
                             .subscription_ids = state_.sessions.store_ids(imaged.subscription_ids),
                             .qos = imaged.qos,
                             .retain = imaged.retain,
                             .is_shared = imaged.is_shared,
                             .is_retry = imaged.is_retry,
                             .state = imaged.state});
  if (is_queued) chunks_.after_push(slot);
  return {};
}

Replay::Outcome Replay::on(const logged::ChunkImaged& imaged) {
  if (imaged.session != open_ || open_ == 0) return {};
  constexpr std::uint32_t messages_max = 65'536;
  if (imaged.messages == 0 || imaged.messages > messages_max)
    return wrong("a part of a queue that cannot be");
  const ChunkId id{imaged.chunk};
  chunks_.note_imaged(id);
  state_.apply(record::ChunkImaged{.session = find(imaged.session),
                                   .id = id,
                                   .checksum = imaged.checksum,
                                   .messages = imaged.messages,
                                   .bytes = imaged.bytes,
                                   .are_retries = imaged.are_retries});
  return {};
}

Replay::Outcome Replay::on(const logged::PacketIdsSkipped& skipped) {
  if (skipped.session != open_ || open_ == 0) return {};
  return skip_packet_ids(find(skipped.session), skipped.count);
}

Replay::Outcome Replay::on(const logged::SessionImageEnded& ended) {
  if (ended.session != open_ || open_ == 0) return {};
  const SessionSlot slot = find(ended.session);
  for (const QueuedSince& each : since_)
    state_.apply(record::Queued{slot, each.message,
                                state_.sessions.store_ids(each.subscription_ids), each.qos,
                                each.retain, each.is_shared});
  if (!since_.empty()) chunks_.after_push(slot);
  since_.clear();
  open_ = 0;
  return {};
}

Replay::LaneImage& Replay::lane_image(std::uint16_t target) {
  if (target >= lanes_.size()) lanes_.resize(target + std::size_t{1});
  return lanes_[target];
}

template <class Sent>
Result<OutboxEntry> Replay::entry_of(const Sent& sent, const MessageRef* message) {
  if (message == nullptr) return wrong("a message of the outbox that is not there");
  if (sent.target >= shards_max) return wrong("a shard that cannot be");
  const auto shared = codec::split_shared_filter(sent.shared);
  if (!sent.shared.empty() && (!is_filter(sent.shared) || !shared || !shared->is_shared()))
    return wrong("a shared subscription that is none");
  return OutboxEntry{.sequence = sent.sequence,
                     .message = *message,
                     .shared = std::string(sent.shared),
                     .is_for_subscribers = sent.is_for_subscribers,
                     .is_to_retain = sent.is_to_retain};
}

Replay::Outcome Replay::on(const logged::OutboxSent& sent) {
  SLUICE_TRY(const OutboxEntry entry, entry_of(sent, find_message(sent.message)));
  const OutboxLane& lane = state_.lane(ShardIndex{sent.target});
  if (!lane.entries.empty() && sent.sequence != lane.last_sequence + 1)
    return wrong("a gap in the outbox");
  state_.apply(record::OutboxSent{ShardIndex{sent.target}, entry});
  return {};
}

Replay::Outcome Replay::on(const logged::OutboxApplied& applied) {
  if (applied.source >= shards_max) return wrong("a shard that cannot be");
  state_.apply(record::OutboxApplied{ShardIndex{applied.source}, applied.sequence});
  return {};
}

Replay::Outcome Replay::on(const logged::OutboxConfirmed& confirmed) {
  if (confirmed.target >= shards_max) return wrong("a shard that cannot be");
  if (is_imaging_) {
    std::uint64_t& so_far = lane_image(confirmed.target).confirmed;
    so_far = std::max(so_far, confirmed.sequence);
  }
  state_.apply(record::OutboxConfirmed{ShardIndex{confirmed.target}, confirmed.sequence});
  return {};
}

Replay::Outcome Replay::on(const logged::OutboxImaged& imaged) {
  if (!is_imaging_) return {};
  SLUICE_TRY(OutboxEntry entry, entry_of(imaged, imaged.message != 0 ? find_message(imaged.message)
                                                                     : find_kept(imaged.kept)));
  std::vector<OutboxEntry>& entries = lane_image(imaged.target).entries;
  if (!entries.empty() && entry.sequence <= entries.back().sequence)
    return wrong("an outbox that is not in order");
  entries.push_back(std::move(entry));
  return {};
}

// What was sent, or confirmed, since the checkpoint began is known by its own records.
Replay::Outcome Replay::on(const logged::OutboxImageEnded& ended) {
  if (ended.target >= shards_max) return wrong("a shard that cannot be");
  if (!is_imaging_) return {};
  LaneImage image = std::exchange(lane_image(ended.target), {});
  const RingBuffer<OutboxEntry>& since = state_.lane(ShardIndex{ended.target}).entries;
  std::erase_if(image.entries, [&](const OutboxEntry& entry) {
    return entry.sequence <= image.confirmed ||
           (!since.empty() && entry.sequence >= since.front().sequence);
  });
  std::uint64_t next = image.entries.empty() ? 0 : image.entries.front().sequence;
  for (const OutboxEntry& entry : image.entries)
    if (entry.sequence != next++) return wrong("a gap in the outbox");
  if (!image.entries.empty() && !since.empty() && since.front().sequence != next)
    return wrong("a gap in the outbox");
  state_.apply(record::OutboxImaged{ShardIndex{ended.target}, image.entries, ended.last_sequence,
                                    ended.applied});
  return {};
}

Replay::Outcome Replay::on(const logged::CheckpointEnded&) {
  if (open_ != 0) return wrong("a checkpoint that ends within a session");
  is_imaging_ = false;
  kept_ = {};
  lanes_ = {};
  return {};
}

}  // namespace sluice::core
