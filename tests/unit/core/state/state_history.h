// SPDX-License-Identifier: Apache-2.0
//
// A History is a state that changes as a broker's does, drawn at random, and writes what happens.
//
// Owner:   a test.      Thread: one.
#pragma once

#include "base/rng.h"
#include "core/state/checkpoint.h"
#include "core/state/chunk_codec.h"
#include "core/state/record_writer.h"
#include "core/state/spill_rules.h"
#include "tests/support/memory_chunks.h"

#include <chrono>
#include <string>
#include <vector>

namespace sluice::testing {

using core::Checkpoint;
using core::Delivery;
using core::LogClock;
using core::MessageFields;
using core::MessageRef;
using core::Outbound;
using core::OutboxEntry;
using core::OutboxLane;
using core::RecordWriter;
using core::Session;
using core::SessionSlot;
using core::ShardIndex;
using core::SpillRules;
using core::State;
namespace record = core::record;
namespace codec = sluice::codec;

inline constexpr HashKey key{3, 4};
inline constexpr LogClock clock_of_run{.instant = Instant{5'000'000'000},
                                       .wall = WallTime{1'800'000'000'000'000'000}};
inline constexpr LogClock a_day_later{clock_of_run.instant + std::chrono::hours(24),
                                      clock_of_run.wall + std::chrono::hours(24)};

class History {
 public:
  using Bytes = std::vector<std::uint8_t>;

  explicit History(std::uint64_t seed) : rng_(seed), writer_(state_, clock_of_run) {}

  Bytes next_batch() {
    pass_time();
    if (rng_.chance(1, 30)) begin_run();
    change(1 + rng_.below(12));
    return take();
  }
  /// What next_batch() is made of, for checkpoints in between.
  void pass_time() { now_ = now_ + Duration(static_cast<std::int64_t>(rng_.below(3'000'000'000))); }
  /// The broker was killed and has started again.
  void begin_run() {
    writer_.write(record::RunStarted{now_}, now_);
    state_.apply(record::RunStarted{now_});
  }
  void change(std::uint64_t steps) {
    for (; steps > 0; --steps) step();
  }
  Bytes take() {
    Bytes bytes;
    writer_.take(bytes);
    return bytes;
  }
  /// The middle of long queues leaves memory, a while after it was asked to. Before all else.
  void use_chunks(MemoryChunks& chunks, const SpillRules& rules) {
    chunks_ = &chunks;
    rules_ = rules;
  }
  /// Chunks that were asked to leave have left, or there was no room, or they must stay for the
  /// sake of the checkpoint.
  void settle_chunks(const Checkpoint* checkpoint) {
    for (const Leaving& leaving : leaving_) {
      Session* session = state_.sessions.find(leaving.slot);
      Outbound* outbound = session != nullptr && session->number == leaving.number
                               ? session->find_outbound()
                               : nullptr;
      core::Chunk* chunk = outbound != nullptr ? outbound->queue.find_chunk(leaving.id) : nullptr;
      if (chunk == nullptr) continue;
      if (rng_.chance(1, 8) || (checkpoint != nullptr && checkpoint->is_inside(*session, *chunk)))
        outbound->queue.note_refused(*chunk);
      else
        state_.chunk_left(*session, *chunk, leaving.checksum);
    }
    leaving_.clear();
  }
  /// Some messages are not for the log.
  void use_volatile() { has_volatile_ = true; }
  State& state() { return state_; }
  RecordWriter& writer() { return writer_; }
  Instant now() const { return now_; }

 private:
  template <class Record>
  decltype(auto) commit(const Record& record) {
    writer_.write(record, now_);
    return state_.apply(record);
  }
  /// The same where the log is not to know.
  template <class Record>
  void commit_unless(bool is_volatile, const Record& record) {
    if (!is_volatile) writer_.write(record, now_);
    state_.apply(record);
  }
  template <class Record>
  void commit_front(SessionSlot slot, const Record& record) {
    const bool is_volatile = state_.sessions.at(slot).outbound().queue.front().is_volatile;
    if (is_volatile) writer_.note_pop(slot);
    if (is_volatile && rng_.chance(1, 20)) commit(record::PacketIdTold{slot});
    commit_unless(is_volatile, record);
  }
  struct Leaving {
    SessionSlot slot;
    std::uint32_t number;
    core::ChunkId id;
    std::uint32_t checksum;
  };

  void send_away(Session& session, core::Chunk& chunk) {
    const auto bytes = core::encode_chunk(state_, session, chunk, {clock_of_run, now_});
    const core::ChunkId id = state_.chunk_leaves(session, chunk);
    leaving_.push_back({session.slot, session.number, id, *chunks_->write(id, bytes)});
  }
  void spill(SessionSlot slot) {
    if (chunks_ == nullptr) return;
    Session& session = state_.sessions.at(slot);
    core::Queue& queue = session.outbound().queue;
    while (core::Chunk* refused = queue.first_refused()) send_away(session, *refused);
    while (rules_.is_too_long(session.outbound())) {
      core::Chunk* chunk = state_.cut_chunk(session, rules_.cut());
      if (chunk == nullptr) return;
      if (rules_.may_leave(*chunk)) send_away(session, *chunk);
    }
  }
  void bring_front(SessionSlot slot) {
    Session& session = state_.sessions.at(slot);
    core::Queue& queue = session.outbound().queue;
    core::Chunk* chunk = queue.has_front() ? nullptr : queue.first_away();
    if (chunk == nullptr) return;
    auto deliveries = core::decode_chunk(state_, *chunks_->read(chunk->id, chunk->checksum),
                                         chunk->messages, {clock_of_run, now_});
    state_.chunk_returns(session, *chunk, std::move(*deliveries));
  }
  std::string topic() { return "t/" + std::to_string(rng_.below(6)); }
  std::string filter() {
    const char* const all[] = {"t/+", "t/1", "t/2", "#", "$share/g/t/+", "$share/h/t/3", "t/0/#"};
    return all[rng_.below(std::size(all))];
  }
  MessageRef message() {
    const std::string payload(rng_.below(40), 'p');
    const std::string name = topic();
    return state_.messages.make(
        {.topic = name,
         .properties = rng_.chance(1, 3) ? as_bytes("xyz") : ByteView{},
         .payload = as_bytes(payload),
         .qos = static_cast<codec::Qos>(rng_.below(3)),
         .retain = rng_.chance(1, 4),
         .expiry_s = rng_.chance(1, 3) ? 100 : MessageFields::no_expiry,
         .received = now_ - Duration(static_cast<std::int64_t>(rng_.below(2'000'000))),
         .body = {},
         .is_volatile = has_volatile_ && rng_.chance(1, 3)});
  }
  Session* any() {
    return state_.sessions.end() == 0
               ? nullptr
               : state_.sessions.find(
                     SessionSlot{static_cast<std::uint32_t>(rng_.below(state_.sessions.end()))});
  }
  void step() {
    if (rng_.chance(1, 12)) return connect();
    if (rng_.chance(1, 10)) return retain();
    if (rng_.chance(1, 8)) return mail();
    if (rng_.chance(1, 3)) return publish();
    if (Session* session = any()) act(*session);
  }
  void connect() {
    const std::string id = "c" + std::to_string(rng_.below(8));
    Session* session = state_.sessions.find(id);
    if (session == nullptr)
      session = &commit(record::SessionCreated{id, state_.sessions.next_log_number()});
    commit(record::SessionAttached{session->slot, codec::Version::v5,
                                   static_cast<std::uint32_t>(1 + rng_.below(99))});
    if (rng_.chance(1, 3)) commit(record::WillSet{session->slot, message(), 3s});
  }
  void retain() {
    if (rng_.chance(1, 3)) return void(commit(record::RetainedCleared{topic()}));
    const MessageRef kept = message();
    if (kept->is_volatile()) commit(record::RetainedCleared{kept->topic()});
    commit_unless(kept->is_volatile(), record::RetainedSet{kept});
  }
  void publish() {
    const MessageRef sent = message();
    for (std::uint32_t i = 0; i < state_.sessions.end(); ++i) {
      if (state_.sessions.find(SessionSlot{i}) == nullptr || !rng_.chance(1, 2)) continue;
      const std::uint32_t some[] = {4, 5, 6};
      const auto ids = std::span<const std::uint32_t>(some).first(rng_.below(4));
      commit_unless(sent->is_volatile(),
                    record::Queued{SessionSlot{i}, sent, state_.sessions.store_ids(ids),
                                   static_cast<codec::Qos>(1 + rng_.below(2)), rng_.chance(1, 2),
                                   rng_.chance(1, chunks_ == nullptr ? 2 : 40)});
      spill(SessionSlot{i});
      if (rng_.chance(1, chunks_ == nullptr ? 2 : 3)) {
        bring_front(SessionSlot{i});
        commit_front(SessionSlot{i}, record::DeliveryBegun{SessionSlot{i}});
      }
    }
  }
  void mail() {
    const auto other = ShardIndex{static_cast<std::uint16_t>(1 + rng_.below(3))};
    const OutboxLane& lane = state_.lane(other);
    if (rng_.chance(1, 3)) {
      commit(record::OutboxApplied{other, lane.applied + rng_.below(4)});
    } else if (rng_.chance(1, 3)) {
      commit(record::OutboxConfirmed{
          other, lane.last_sequence - std::min<std::uint64_t>(lane.last_sequence, rng_.below(3))});
    } else {
      const OutboxEntry entry{.sequence = lane.last_sequence + 1,
                              .message = message(),
                              .shared = rng_.chance(1, 3) ? "$share/g/t/+" : "",
                              .is_for_subscribers = rng_.chance(1, 2),
                              .is_to_retain = rng_.chance(1, 2)};
      commit(record::OutboxSent{other, entry});
    }
  }
  void act(Session& session) {
    const SessionSlot slot = session.slot;
    const auto id = static_cast<codec::PacketId>(1 + rng_.below(30));
    switch (rng_.below(10)) {
      case 0:
        commit(record::SessionDetached{slot, 50, now_});
        break;
      case 1:
        if (rng_.chance(1, 3)) commit(record::SessionEnded{slot});
        break;
      case 2:
        commit(record::WillSet{slot, {}, {}});
        break;
      case 3:
        commit(record::Unsubscribed{slot, filter()});
        break;
      case 4:
        commit(record::PacketIdReceived{slot, id});
        break;
      case 5:
        commit(record::PacketIdReleased{slot, id});
        break;
      case 6:
        if (session.outbound().queue.empty()) break;
        bring_front(slot);
        commit_front(slot, record::QueueFrontDropped{slot});
        break;
      case 7:
      case 8:
        acknowledge(session);
        break;
      default:
        commit(record::Subscribed{
            slot, filter(), codec::SubscriptionOptions{.qos = static_cast<codec::Qos>(id % 3)},
            id});
        break;
    }
  }
  void acknowledge(const Session& session) {
    const Outbound* outbound = session.find_outbound();
    if (outbound == nullptr || outbound->window.empty()) return;
    const Delivery& delivery = outbound->window[rng_.below(outbound->window.size())];
    commit_unless(delivery.is_volatile,
                  record::DeliveryAcknowledged{session.slot, delivery.packet_id,
                                               static_cast<record::AckKind>(rng_.below(4))});
  }

  Rng rng_;
  State state_{HashKey{1, 2}};
  RecordWriter writer_;
  MemoryChunks* chunks_ = nullptr;
  SpillRules rules_;
  bool has_volatile_ = false;
  std::vector<Leaving> leaving_;
  Instant now_{5'000'000'000};
};

}  // namespace sluice::testing
