// SPDX-License-Identifier: Apache-2.0
#include "server/durability/segment_keeper.h"

#include "os/clock.h"

#include <algorithm>

namespace sluice::server {
namespace {

constexpr Duration retry_period = 250ms;

// At its ease more than 100 MB/s, in pieces that a sync elsewhere waits for half a millisecond at
// most.
constexpr std::uint64_t easy_bytes = std::uint64_t{256} << 10;
constexpr Duration easy_pause = 1ms;
constexpr std::uint64_t brisk_bytes = std::uint64_t{8} << 20;
constexpr std::uint64_t urgent_bytes = std::uint64_t{16} << 20;
// How far what is made may be behind what the log has used meanwhile.
constexpr double easy_share = 0.2;
constexpr double brisk_share = 0.6;

}  // namespace

std::size_t SegmentKeeper::add(SegmentClient& client, store::SegmentFiles files) {
  entries_.push_back({&client, std::move(files)});
  return entries_.size() - 1;
}

Result<void> SegmentKeeper::start() {
  SLUICE_TRY(reactor_, os::Reactor::create());
  SLUICE_TRY(wakeup_, os::Wakeup::create());
  SLUICE_CHECK(reactor_->add(wakeup_->fd(), 0, os::Watch::edge));
  SLUICE_TRY(thread_, os::Thread::start("segments", [this] { run(); }));
  return {};
}

void SegmentKeeper::stop() {
  if (!thread_.is_running()) return;
  is_stopping_ = true;
  wakeup_->signal();
  thread_.join();
}

// A log has few of these outstanding: the mailbox never fills.
void SegmentKeeper::wish(std::size_t client, const store::SegmentWish& wish) {
  mailbox_.send(Job{client, wish});
  wakeup_->signal();
}

void SegmentKeeper::clear(std::size_t client, store::Clearance clearance) {
  mailbox_.send(Job{client, std::move(clearance)});
  wakeup_->signal();
}

void SegmentKeeper::try_again(std::size_t client) {
  mailbox_.send(Job{client, Pause{}});
  wakeup_->signal();
}

void SegmentKeeper::run() {
  std::vector<Job> jobs;
  while (true) {
    reactor_->wait(wait_time(jobs));
    wakeup_->acknowledge();
    // What frees room comes first.
    const auto frees = [](const Job& job) { return job.what.index() == 1; };
    const bool is_last = is_stopping_;
    mailbox_.take_all(jobs);
    if (is_last) {
      // The last checkpoint is of use to the next start alone.
      std::erase_if(jobs, [&](Job& job) { return frees(job) && carry_out(job); });
      return drop_half_made(jobs);
    }
    const Instant now = os::monotonic_now();
    const auto is_due = [&](const Job& job) { return job.due <= now; };
    std::erase_if(jobs, [&](Job& job) { return frees(job) && is_due(job) && carry_out(job); });
    std::erase_if(jobs, [&](Job& job) { return !frees(job) && is_due(job) && carry_out(job); });
  }
}

// A start would free them, having read them.
void SegmentKeeper::drop_half_made(std::vector<Job>& jobs) {
  for (Job& job : jobs)
    if (auto* making = std::get_if<Making>(&job.what))
      entries_[job.client].files.drop(std::move(making->draft));
}

bool SegmentKeeper::carry_out(Job& job) {
  Entry& entry = entries_[job.client];
  if (auto* pause = std::get_if<Pause>(&job.what)) {
    if (pause->is_over) entry.client->on_try_again();
    job.due = os::monotonic_now() + retry_period;
    return std::exchange(pause->is_over, true);
  }
  const auto done = go_on(entry, job);
  if (done) return *done;
  if (auto* making = std::get_if<Making>(&job.what)) {
    const store::SegmentWish wish{making->draft.segment.number, making->draft.segment.bytes};
    entry.files.drop(std::move(making->draft));
    job.what = wish;
  }
  if (done.error().code != ErrorCode::no_space) {
    entry.client->on_keeper_failed(done.error());
    return true;
  }
  note_space(entry, true);
  job.due = os::monotonic_now() + retry_period;
  return false;
}

Result<bool> SegmentKeeper::go_on(Entry& entry, Job& job) {
  if (const auto* clearance = std::get_if<store::Clearance>(&job.what)) {
    SLUICE_CHECK(entry.files.begin_replay_at(clearance->start, clearance->freed));
    entry.client->on_cleared(clearance->start.position);
    return true;
  }
  if (const auto* wish = std::get_if<store::SegmentWish>(&job.what)) {
    SLUICE_TRY(auto draft, entry.files.begin(wish->number, wish->bytes));
    job.what = Making{std::move(draft), entry.client->room()};
  }
  auto& making = std::get<Making>(job.what);
  const Pace pace = pace_of(entry, making);
  const std::uint64_t bytes = pace == Pace::easy    ? easy_bytes
                              : pace == Pace::brisk ? brisk_bytes
                                                    : urgent_bytes;
  SLUICE_CHECK(entry.files.go_on(making.draft, bytes, pace != Pace::urgent));
  if (making.draft.missing() > 0) {
    job.due = pace_of(entry, making) == Pace::easy ? os::monotonic_now() + easy_pause : Instant{};
    return false;
  }
  SLUICE_TRY(auto segment, entry.files.finish(std::move(making.draft)));
  note_space(entry, false);
  entry.client->on_segment(std::move(segment));
  return true;
}

// What is made stays ahead of what the log has used meanwhile.
SegmentKeeper::Pace SegmentKeeper::pace_of(const Entry& entry, const Making& making) {
  const std::uint64_t room = entry.client->room();
  if (room == 0) return Pace::urgent;
  const auto used = static_cast<double>(making.room - std::min(room, making.room));
  const double used_share = used / static_cast<double>(std::max<std::uint64_t>(making.room, 1));
  const double made_share =
      static_cast<double>(making.draft.zeroed) / static_cast<double>(making.draft.segment.bytes);
  const double behind = used_share - made_share;
  if (behind <= easy_share) return Pace::easy;
  return behind <= brisk_share ? Pace::brisk : Pace::urgent;
}

Duration SegmentKeeper::wait_time(const std::vector<Job>& jobs) {
  if (jobs.empty()) return Duration{-1};
  const Instant due = std::ranges::min_element(jobs, {}, &Job::due)->due;
  return std::max(due - os::monotonic_now(), Duration::zero());
}

void SegmentKeeper::note_space(Entry& entry, bool is_full) {
  entry.client->on_space(is_full ? store::Space::low : store::Space::ample);
  if (entry.is_full == is_full) return;
  entry.is_full = is_full;
  const std::string& directory = entry.files.place().directory;
  if (is_full)
    log_.error("store_full", {{"directory", directory}});
  else
    log_.info("store_has_room", {{"directory", directory}});
}

}  // namespace sluice::server
