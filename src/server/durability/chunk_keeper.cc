// SPDX-License-Identifier: Apache-2.0
#include "server/durability/chunk_keeper.h"

#include <utility>

namespace sluice::server {

std::size_t ChunkKeeper::add(ChunkClient& client, store::ChunkFiles& files) {
  entries_.push_back({&client, &files});
  count();
  return entries_.size() - 1;
}

Result<void> ChunkKeeper::start() {
  SLUICE_TRY(thread_, os::Thread::start("chunks", [this] { run(); }));
  return {};
}

void ChunkKeeper::stop() {
  if (!thread_.is_running()) return;
  is_stopping_ = true;
  event_.signal();
  thread_.join();
}

void ChunkKeeper::send(Job job) {
  if (mailbox_.send(std::move(job)) == os::Sent::first) event_.signal();
}

void ChunkKeeper::submit(std::size_t client, core::ChunkRequest request, store::Position next) {
  send({client, Request{std::move(request), next}});
}

void ChunkKeeper::sync(std::size_t client, store::Clearance clearance) {
  send({client, std::move(clearance)});
}

void ChunkKeeper::begin_replay_at(std::size_t client, store::Position start) {
  send({client, start});
}

void ChunkKeeper::run() {
  std::vector<Job> jobs;
  while (true) {
    mailbox_.take_all(jobs);
    if (jobs.empty()) {
      if (is_stopping_) return;
      event_.wait();
      continue;
    }
    // Clients wait for what is read. It was written before anybody could ask for it.
    for (const bool are_reads : {true, false}) {
      for (Job& job : jobs) {
        if (is_read(job) != are_reads) continue;
        Entry& entry = entries_[job.client];
        if (const auto done = carry_out(entry, job); !done)
          entry.client->on_chunks_failed(done.error());
      }
    }
    jobs.clear();
    count();
  }
}

bool ChunkKeeper::is_read(const Job& job) {
  const auto* asked = std::get_if<Request>(&job.what);
  return asked != nullptr && asked->request.kind == core::ChunkRequest::Kind::read;
}

Result<void> ChunkKeeper::carry_out(Entry& entry, Job& job) {
  if (auto* asked = std::get_if<Request>(&job.what)) return carry_out(entry, *asked);
  if (const auto* start = std::get_if<store::Position>(&job.what))
    return entry.files->begin_replay_at(*start);
  SLUICE_CHECK(entry.files->sync());
  entry.client->on_chunks_synced(std::move(std::get<store::Clearance>(job.what)));
  return {};
}

// What cannot be written or read is for the shard to know; only a sync that fails is the end.
Result<void> ChunkKeeper::carry_out(Entry& entry, Request& asked) {
  const core::ChunkRequest& request = asked.request;
  if (request.kind == core::ChunkRequest::Kind::forget) {
    entry.files->note_next(asked.next);
    entry.files->release(request.id);
    return {};
  }
  entry.client->on_chunk(core::carry_out(*entry.files, request));
  return entry.files->unsynced_bytes() < unsynced_bytes_max ? Result<void>() : entry.files->sync();
}

void ChunkKeeper::count() {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  for (const Entry& entry : entries_) {
    files += entry.files->files();
    bytes += entry.files->bytes();
  }
  files_.store(files, std::memory_order_relaxed);
  bytes_.store(bytes, std::memory_order_relaxed);
}

}  // namespace sluice::server
