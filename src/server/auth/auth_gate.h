// SPDX-License-Identifier: Apache-2.0
//
// AuthGate checks the credentials of all shards' clients in threads of its own: a few that compute,
// a few that wait for other machines, none of them a shard's. What cannot be taken is refused, not
// kept: the queue is bounded and fair among addresses, failures are remembered, and what was right
// a moment ago is not computed again.
//
// Owner:   Server.
// Thread:  submit() the shards', replace() and metrics() the control thread's; check() of a back
//          end in ours.
// Limits:  auth.queue_max, auth.queue_max_of_address, auth.wait_max, auth.failures_max,
//          auth.cache_entries_max, auth.hash_threads.
#pragma once

#include "auth/abuse/credential_cache.h"
#include "auth/abuse/failure_counter.h"
#include "auth/chain.h"
#include "auth/metrics.h"
#include "auth/options.h"
#include "os/mutex.h"
#include "os/thread.h"
#include "server/auth/ban_desk.h"
#include "server/auth/fair_queue.h"
#include "server/shard_thread.h"

#include <array>
#include <condition_variable>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace sluice::server {

class AuthGate final : public AuthDesk {
 public:
  using Deliver = std::function<void(core::ShardIndex, core::ConnId, core::AuthAnswer)>;

  /// `deliver` gets what submit() did not answer, from our threads; `bans` outlives the gate.
  AuthGate(const auth::AuthOptions& options, std::unique_ptr<const auth::Chain> chain,
           BanDesk& bans, Deliver deliver);
  ~AuthGate() override;

  /// Starts the threads that the back ends need and that do not run yet.
  Result<void> start();
  std::optional<core::AuthAnswer> submit(core::ShardIndex from, core::AuthRequest request) override;
  /// From now on clients are checked by these. What is being checked is finished by the old ones.
  void replace(const auth::AuthOptions& options, std::unique_ptr<const auth::Chain> chain);
  auth::AuthMetrics metrics();

 private:
  static constexpr std::size_t pools = 2;  // by auth::CheckCost
  static constexpr unsigned network_threads = 16;

  struct Generation {
    std::unique_ptr<const auth::Chain> chain;
    std::size_t jobs = 0;
  };
  struct Job {
    core::ShardIndex from{};
    core::AuthRequest request;
    Generation* generation = nullptr;
    std::size_t position = 0;  // in the chain
    Instant late{};
    std::string address;
    std::string reason;  // why those before did not know the client
  };
  struct Pool {
    FairQueue<Job> queue;
    std::condition_variable_any wakeup;
  };
  struct Done {
    core::ShardIndex from{};
    core::ConnId conn{};
    core::AuthAnswer answer;
  };

  std::optional<core::AuthAnswer> answer_at_once(const core::AuthRequest& request,
                                                 const std::string& address, Instant now)
      SLUICE_THREAD_ATTRIBUTE(requires_capability(mutex_));
  /// Puts the job where it belongs; the answer if there is nothing more to ask.
  std::optional<core::AuthAnswer> enqueue(Job& job)
      SLUICE_THREAD_ATTRIBUTE(requires_capability(mutex_));
  void work(std::size_t pool);
  std::optional<Done> take_and_check(std::size_t pool);
  core::AuthAnswer conclude(const Job& job, auth::Verdict verdict, Instant now)
      SLUICE_THREAD_ATTRIBUTE(requires_capability(mutex_));
  void note_failure(const Job& job, Instant now)
      SLUICE_THREAD_ATTRIBUTE(requires_capability(mutex_));
  bool is_counted(const core::AuthRequest& request) const
      SLUICE_THREAD_ATTRIBUTE(requires_capability(mutex_));
  void release(Generation* generation) SLUICE_THREAD_ATTRIBUTE(requires_capability(mutex_));

  const Deliver deliver_;
  BanDesk& bans_;
  os::Mutex mutex_;
  auth::AuthOptions::Auth options_ SLUICE_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Generation>> generations_ SLUICE_GUARDED_BY(mutex_);  // newest last
  std::array<Pool, pools> pools_ SLUICE_GUARDED_BY(mutex_);
  auth::CredentialCache cache_ SLUICE_GUARDED_BY(mutex_);
  auth::FailureCounter failures_ SLUICE_GUARDED_BY(mutex_);
  auth::AuthMetrics metrics_ SLUICE_GUARDED_BY(mutex_);
  bool is_stopping_ SLUICE_GUARDED_BY(mutex_) = false;
  std::array<bool, pools> is_started_{};
  std::vector<os::Thread> threads_;
};

}  // namespace sluice::server
