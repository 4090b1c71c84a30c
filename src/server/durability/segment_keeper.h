// SPDX-License-Identifier: Apache-2.0
//
// SegmentKeeper is a thread that makes the segments of all logs in advance and frees those that are
// not needed, so that no log's thread waits for it. A sync waits for what others have written, so
// zeros go to the disk in small pieces with pauses between them, faster the sooner a log will need
// its next segment. While the disk is full it tries again, and says so.
//
// Owner:   ShardLogs.     Thread: wish() and clear() any; start(), stop() its owner's.
#pragma once

#include "base/log.h"
#include "os/mailbox.h"
#include "os/reactor/reactor.h"
#include "os/reactor/wakeup.h"
#include "os/thread.h"
#include "store/log.h"
#include "store/wal/log_writer.h"
#include "store/wal/segment_files.h"

#include <atomic>
#include <memory>
#include <variant>
#include <vector>

namespace sluice::server {

/// A log, as the keeper sees it: called in the keeper's thread.
class SegmentClient {
 public:
  virtual ~SegmentClient() = default;
  /// Bytes that the segment in use has left.
  virtual std::uint64_t room() const = 0;
  virtual void on_segment(store::Segment segment) = 0;
  virtual void on_space(store::Space space) = 0;
  virtual void on_try_again() = 0;
  /// Replay begins there from now on, whatever happens.
  virtual void on_cleared(store::Position start) = 0;
  virtual void on_keeper_failed(const Error& error) = 0;
};

class SegmentKeeper {
 public:
  explicit SegmentKeeper(Log& log) : log_(log) {}
  ~SegmentKeeper() { stop(); }

  Result<void> start();
  void stop();
  /// The files of that client; before start(). The client outlives the keeper's thread.
  std::size_t add(SegmentClient& client, store::SegmentFiles files);
  void wish(std::size_t client, const store::SegmentWish& wish);
  void clear(std::size_t client, store::Clearance clearance);
  /// on_try_again() in a while.
  void try_again(std::size_t client);

 private:
  struct Pause {
    bool is_over = false;
  };
  /// A segment on its way.
  struct Making {
    store::SegmentDraft draft;
    std::uint64_t room = 0;  ///< that the one in use had when this began
  };
  struct Job {
    std::size_t client = 0;
    std::variant<store::SegmentWish, store::Clearance, Pause, Making> what;
    Instant due{};
  };
  struct Entry {
    SegmentClient* client = nullptr;
    store::SegmentFiles files;
    bool is_full = false;
  };

  void run();
  void drop_half_made(std::vector<Job>& jobs);
  /// False: it is to be tried again, or goes on.
  bool carry_out(Job& job);
  Result<bool> go_on(Entry& entry, Job& job);
  enum class Pace : std::uint8_t {
    easy,    ///< small pieces, with pauses
    brisk,   ///< larger ones, without pauses
    urgent,  ///< whatever is quickest
  };
  static Pace pace_of(const Entry& entry, const Making& making);
  static Duration wait_time(const std::vector<Job>& jobs);
  void note_space(Entry& entry, bool is_full);

  Log& log_;
  std::vector<Entry> entries_;
  os::Mailbox<Job> mailbox_{65536};
  std::unique_ptr<os::Reactor> reactor_;
  std::unique_ptr<os::Wakeup> wakeup_;
  std::atomic<bool> is_stopping_{false};
  os::Thread thread_;
};

}  // namespace sluice::server
