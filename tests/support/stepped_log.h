// SPDX-License-Identifier: Apache-2.0
//
// A SteppedLog is the log of a shard without its threads: whoever owns it says when the disk works.
// Bytes go through the real writer onto any Disk; a crash of that disk is a crash of the log.
//
// Owner:   a test or the simulator.    Thread: one.
#pragma once

#include "store/chunks/chunk_files.h"
#include "store/log.h"
#include "store/wal/log_writer.h"

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

namespace sluice::testing {

class SteppedLog final : public store::ShardLog {
 public:
  SteppedLog(os::Disk& disk, const store::LogPlace& place, store::WriteRules rules,
             const store::LogEnd& end)
      : files_(disk, place), writer_(disk, place, rules, end), next_(end.next), bytes_(end.bytes) {}

  Result<void> open() { return writer_.open(files_); }
  /// Where chunks are; outlives the log. Without it none is asked for.
  void use_chunks(store::ChunkFiles& chunks) { chunks_ = &chunks; }

  store::Position append(core::Ticket ticket, const store::BatchTime& time,
                         ByteView records) override {
    filling_.put_behind(ticket);
    if (records.empty()) {
      if (!filling_.has_batches() && !writing_.has_batches()) durable_ = ticket;
      return next_;
    }
    const store::Position position = next_;
    filling_.add(position, time, records);
    next_ = store::Position{static_cast<std::uint64_t>(next_) + 1};
    bytes_ += records.size();
    return position;
  }
  /// The batch that is the first not to be durable.
  store::Position durable_to() const { return writer_.next(); }
  core::Ticket durable() const override { return durable_; }
  std::size_t pending_bytes() const override { return filling_.bytes() + writing_.bytes(); }
  std::uint64_t bytes() const override { return bytes_; }
  std::uint64_t released_bytes() const override { return released_bytes_; }
  store::Space space() const override { return space_; }
  void begin_replay_at(store::Position position) override { replay_at_ = position; }
  void carry_out(core::ChunkRequest request) override {
    released_bytes_ += request.released_bytes;
    requests_.push_back({std::move(request), next_});
  }
  void take_answers(std::vector<core::ChunkAnswer>& into) override {
    for (core::ChunkAnswer& answer : answers_) into.push_back(std::move(answer));
    answers_.clear();
  }
  bool has_requests() const { return !requests_.empty(); }
  bool has_answers() const { return !answers_.empty(); }
  /// What the thread of the chunks does in a round; at most so many of them.
  void step_chunks(std::size_t count) {
    for (; count > 0 && !requests_.empty(); --count) {
      const auto [request, next] = std::move(requests_.front());
      requests_.pop_front();
      chunks_->note_next(next);
      core::ChunkAnswer answer = core::carry_out(*chunks_, request);
      if (request.kind != core::ChunkRequest::Kind::forget) answers_.push_back(std::move(answer));
    }
  }

  /// What the log's threads do in a round: what waits is committed, segments are made, old ones
  /// freed. An error other than no_space and would_block is the end.
  Result<void> step() {
    SLUICE_CHECK(make_segment());
    if (replay_at_ != store::Position{0}) {
      const auto clearance = writer_.begin_replay_at(replay_at_);
      replay_at_ = {};
      if (clearance && chunks_ != nullptr) SLUICE_CHECK(chunks_->sync());
      if (clearance) SLUICE_CHECK(files_.begin_replay_at(clearance->start, clearance->freed));
      if (clearance && chunks_ != nullptr)
        SLUICE_CHECK(chunks_->begin_replay_at(clearance->start.position));
    }
    while (writing_.has_batches() || filling_.has_batches()) {
      if (!writing_.has_batches()) std::swap(writing_, filling_);
      auto written = writer_.write(writing_);
      if (!written && written.error().code == ErrorCode::would_block) {
        SLUICE_CHECK(make_segment());
        written = writer_.write(writing_);
      }
      if (!written) return written;
      // What was put behind it and has no batch of its own has nothing more to wait for.
      durable_ = writing_.ticket();
      if (!filling_.has_batches()) durable_ = std::max(durable_, filling_.ticket());
      writing_.clear();
    }
    return {};
  }

 private:
  Result<void> make_segment() {
    const auto wish = writer_.wish();
    if (!wish) return {};
    auto segment = files_.make(wish->number, wish->bytes);
    if (!segment && segment.error().code != ErrorCode::no_space) return fail(segment.error());
    space_ = segment ? store::Space::ample : store::Space::low;
    if (segment) writer_.take(std::move(*segment));
    return {};
  }

  struct Request {
    core::ChunkRequest request;
    store::Position next{};
  };

  store::SegmentFiles files_;
  store::LogWriter writer_;
  store::Commit filling_;
  store::Commit writing_;  // was begun, and waits for room
  store::Position next_;
  store::Position replay_at_{0};
  core::Ticket durable_{0};
  std::uint64_t bytes_;
  std::uint64_t released_bytes_ = 0;
  store::Space space_ = store::Space::ample;
  store::ChunkFiles* chunks_ = nullptr;
  std::deque<Request> requests_;
  std::vector<core::ChunkAnswer> answers_;
};

}  // namespace sluice::testing
