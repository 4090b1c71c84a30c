// SPDX-License-Identifier: Apache-2.0
//
// DurableLog is the log of a shard with a thread of its own: it writes and syncs what the shard
// left for it, one commit after the other, and wakes the shard when one is done. Nothing of a
// commit that failed is ever acknowledged: an error of the disk other than want of space ends the
// process, so that recovery decides.
//
// Owner:   ShardLogs.
// Thread:  append() to take_answers() the shard's; metrics() any; the rest its owner's.
// Limits:  store.pending_bytes_max.
#pragma once

#include "base/log.h"
#include "os/event.h"
#include "os/mailbox.h"
#include "os/thread.h"
#include "server/durability/chunk_keeper.h"
#include "server/durability/commit_slot.h"
#include "server/durability/segment_keeper.h"
#include "store/log.h"
#include "store/metrics.h"
#include "store/wal/log_writer.h"

#include <array>
#include <atomic>
#include <functional>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

namespace sluice::server {

class DurableLog final : public store::ShardLog, public SegmentClient, public ChunkClient {
 public:
  struct Parts {
    std::unique_ptr<store::LogWriter> writer;
    store::LogPlace place;
    std::uint64_t bytes = 0;           ///< replayed
    std::uint64_t released_bytes = 0;  ///< of chunks, while it was replayed
    SegmentKeeper& keeper;
    ChunkKeeper& chunks;
    Log& log;
    /// Ends the process; where it returns, this log answers nothing any more.
    std::function<void(const std::string& path, const Error& error)> on_failed;
  };

  explicit DurableLog(Parts parts);
  ~DurableLog() override;

  /// `wake` tells the shard's thread that durable() has grown.
  Result<void> start(std::function<void()> wake);
  /// Once the shard appends no more: what it left is written, if there is room for it.
  void stop();

  store::Position append(core::Ticket ticket, const store::BatchTime& time,
                         ByteView records) override;
  core::Ticket durable() const override { return durable_.load(std::memory_order_acquire); }
  core::Ticket written() const override { return written_.load(std::memory_order_acquire); }
  void await_written() override { is_written_awaited_ = true; }
  std::size_t pending_bytes() const override {
    // In this order: what was synced was appended before.
    const std::uint64_t synced = synced_.load(std::memory_order_acquire);
    return appended_.load(std::memory_order_relaxed) - synced;
  }
  std::uint64_t bytes() const override { return bytes_; }
  std::uint64_t released_bytes() const override { return released_bytes_; }
  store::Space space() const override { return space_.load(std::memory_order_relaxed); }
  void begin_replay_at(store::Position position) override;
  void carry_out(core::ChunkRequest request) override {
    released_bytes_ += request.released_bytes;
    parts_.chunks.submit(parts_.place.shard, std::move(request), next_);
  }
  void take_answers(std::vector<core::ChunkAnswer>& into) override { answers_.take_all(into); }

  store::StoreMetrics metrics() const;

 private:
  std::uint64_t room() const override { return room_.load(std::memory_order_relaxed); }
  void on_segment(store::Segment segment) override;
  void on_space(store::Space space) override;
  void on_try_again() override { event_.signal(); }
  void on_cleared(store::Position start) override {
    parts_.chunks.begin_replay_at(parts_.place.shard, start);
  }
  void on_keeper_failed(const Error& error) override;
  void on_chunk(core::ChunkAnswer answer) override;
  void on_chunks_synced(store::Clearance clearance) override;
  void on_chunks_failed(const Error& error) override { on_keeper_failed(error); }
  void run();
  void commit(store::Commit& commit);
  bool write(store::Commit& commit);
  void look_around();
  void note_commit(const store::Commit& commit, Duration took);

  const Parts parts_;
  std::function<void()> wake_;
  CommitSlot slot_;
  os::Event event_;

  // The shard's.
  store::Position next_;
  std::uint64_t bytes_;
  std::uint64_t released_bytes_;
  bool is_written_awaited_ = false;  // of what is appended next

  // Written by one, read by others.
  std::atomic<std::uint64_t> appended_{0};
  std::atomic<core::Ticket> durable_{core::Ticket{0}};
  std::atomic<core::Ticket> written_{core::Ticket{0}};
  std::atomic<std::uint64_t> synced_{0};
  std::atomic<std::uint64_t> replay_at_{0};
  std::atomic<store::Space> space_{store::Space::ample};
  std::atomic<std::uint64_t> room_{0};
  std::atomic<bool> is_stopping_{false};
  std::atomic<store::Segment*> made_{nullptr};
  os::Mailbox<core::ChunkAnswer> answers_{std::numeric_limits<std::size_t>::max()};

  // The log thread's.
  bool is_wished_ = false;
  bool is_dead_ = false;
  struct Numbers {
    std::atomic<std::uint64_t> commits{0};
    std::atomic<std::uint64_t> batches{0};
    std::atomic<std::uint64_t> bytes{0};
    std::atomic<std::uint64_t> waits_segment{0};
    std::atomic<std::uint64_t> waits_space{0};
    std::array<std::atomic<std::uint64_t>, store::commit_time_bounds.size() + 2> times{};
  };
  Numbers numbers_;
  os::Thread thread_;
};

}  // namespace sluice::server
