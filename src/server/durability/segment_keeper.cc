// SPDX-License-Identifier: Apache-2.0
#include "server/durability/segment_keeper.h"

#include <algorithm>

namespace sluice::server {
namespace {

constexpr Duration retry_period = 250ms;

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
    reactor_->wait(jobs.empty() ? Duration{-1} : retry_period);
    wakeup_->acknowledge();
    if (is_stopping_) return;
    mailbox_.take_all(jobs);
    // What frees room comes first.
    const auto frees = [](const Job& job) { return job.what.index() == 1; };
    std::erase_if(jobs, [&](Job& job) { return frees(job) && carry_out(job); });
    std::erase_if(jobs, [&](Job& job) { return !frees(job) && carry_out(job); });
  }
}

bool SegmentKeeper::carry_out(Job& job) {
  Entry& entry = entries_[job.client];
  if (auto* pause = std::get_if<Pause>(&job.what)) {
    if (pause->is_over) entry.client->on_try_again();
    return std::exchange(pause->is_over, true);
  }
  Result<void> done{};
  if (const auto* wish = std::get_if<store::SegmentWish>(&job.what)) {
    auto segment = entry.files.make(wish->number, wish->bytes);
    if (segment) {
      note_space(entry, false);
      entry.client->on_segment(std::move(*segment));
      return true;
    }
    done = fail(segment.error());
  } else {
    const auto& clearance = std::get<store::Clearance>(job.what);
    done = entry.files.begin_replay_at(clearance.start, clearance.freed);
    if (done) return true;
  }
  if (done.error().code != ErrorCode::no_space) {
    entry.client->on_keeper_failed(done.error());
    return true;
  }
  note_space(entry, true);
  return false;
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
