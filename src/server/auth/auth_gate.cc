// SPDX-License-Identifier: Apache-2.0
#include "server/auth/auth_gate.h"

#include "os/clock.h"
#include "os/entropy.h"
#include "os/process/resources.h"
#include "os/process/thread_priority.h"

#include <algorithm>

namespace sluice::server {
namespace {

using codec::ReasonCode;

std::array<std::uint8_t, 32> fresh_secret() {
  std::array<std::uint8_t, 32> secret{};
  os::fill_with_entropy(secret);
  return secret;
}

core::AuthAnswer refusal(ReasonCode code, std::string reason) {
  core::AuthAnswer answer;
  answer.code = code;
  answer.reason = std::move(reason);
  return answer;
}

}  // namespace

AuthGate::AuthGate(const auth::AuthOptions& options, std::unique_ptr<const auth::Chain> chain,
                   BanDesk& bans, Deliver deliver)
    : deliver_(std::move(deliver)), bans_(bans), options_(options.auth), cache_(fresh_secret()) {
  generations_.push_back(std::make_unique<Generation>(std::move(chain)));
}

AuthGate::~AuthGate() {
  {
    const os::MutexLock lock(mutex_);
    is_stopping_ = true;
  }
  for (Pool& pool : pools_) pool.wakeup.notify_all();
  threads_.clear();
}

Result<void> AuthGate::start() {
  unsigned hash_threads = 0;
  std::array<bool, pools> is_needed{};
  {
    const os::MutexLock lock(mutex_);
    hash_threads = static_cast<unsigned>(options_.hash_threads);
    const auth::Chain& chain = *generations_.back()->chain;
    for (std::size_t i = 0; i < chain.size(); ++i)
      is_needed[static_cast<std::size_t>(chain.at(i).cost())] = true;
  }
  const std::array<unsigned, pools> counts = {hash_threads != 0 ? hash_threads : os::cpu_count(),
                                              network_threads};
  for (std::size_t pool = 0; pool < pools; ++pool) {
    if (!is_needed[pool] || is_started_[pool]) continue;
    is_started_[pool] = true;
    for (unsigned i = 0; i < counts[pool]; ++i) {
      SLUICE_TRY(auto thread, os::Thread::start("auth-" + std::to_string(threads_.size()),
                                                [this, pool] { work(pool); }));
      threads_.push_back(std::move(thread));
    }
  }
  return {};
}

bool AuthGate::is_counted(const core::AuthRequest& request) const {
  return options_.failures_max > 0 && (options_.failures_of_local || !request.peer.is_local());
}

std::optional<core::AuthAnswer> AuthGate::answer_at_once(const core::AuthRequest& request,
                                                         const std::string& address, Instant now) {
  if (is_counted(request)) {
    const std::string key = auth::failure_key(address, request.user_name.value_or(std::string()));
    if (failures_.count(key, now, options_.failures_time) >= options_.failures_max) {
      ++metrics_.auth_limits_hit_failures_max;
      return refusal(ReasonCode::connection_rate_exceeded, "auth.failures_max is reached");
    }
  }
  if (!request.method.empty()) return std::nullopt;
  const core::Principal* known = cache_.find(cache_.key_of(request), now);
  if (known == nullptr) return std::nullopt;
  ++metrics_.auth_cache_hits;
  core::AuthAnswer answer;
  answer.code = ReasonCode::success;
  answer.principal = *known;
  return answer;
}

std::optional<core::AuthAnswer> AuthGate::enqueue(Job& job) {
  const auth::Chain& chain = *job.generation->chain;
  job.position = chain.find(job.request, job.position);
  if (job.position == chain.size())
    return auth::answer_to_unknown(
        job.request, job.reason.empty() ? "nobody here knows such credentials" : job.reason);
  Pool& pool = pools_[static_cast<std::size_t>(chain.at(job.position).cost())];
  using Pushed = FairQueue<Job>::Pushed;
  const Pushed pushed = pool.queue.push(
      job.address, job,
      {.jobs_max = options_.queue_max, .jobs_max_of_key = options_.queue_max_of_address});
  if (pushed == Pushed::yes) {
    pool.wakeup.notify_one();
    return std::nullopt;
  }
  const bool is_whole = pushed == Pushed::full;
  ++(is_whole ? metrics_.auth_limits_hit_queue_max : metrics_.auth_limits_hit_queue_max_of_address);
  return refusal(ReasonCode::server_busy,
                 is_whole ? "auth.queue_max is reached" : "auth.queue_max_of_address is reached");
}

std::optional<core::AuthAnswer> AuthGate::submit(core::ShardIndex from, core::AuthRequest request) {
  const Instant now = os::monotonic_now();
  std::string address = address_text(request.peer);
  const os::MutexLock lock(mutex_);
  if (auto answer = answer_at_once(request, address, now)) return answer;
  Generation* generation = generations_.back().get();
  ++generation->jobs;
  Job job{.from = from,
          .request = std::move(request),
          .generation = generation,
          .late = now + options_.wait_max,
          .address = std::move(address),
          .reason = {}};
  auto answer = enqueue(job);
  if (answer) release(generation);
  return answer;
}

void AuthGate::release(Generation* generation) {
  if (--generation->jobs > 0 || generation == generations_.back().get()) return;
  std::erase_if(generations_, [&](const auto& each) { return each.get() == generation; });
}

void AuthGate::note_failure(const Job& job, Instant now) {
  ++metrics_.auth_checks_refused;
  bans_.on_failure(job.request.peer);
  if (!is_counted(job.request)) return;
  failures_.add(auth::failure_key(job.address, job.request.user_name.value_or(std::string())), now,
                options_.failures_time);
}

core::AuthAnswer AuthGate::conclude(const Job& job, auth::Verdict verdict, Instant now) {
  using Kind = auth::Verdict::Kind;
  if (verdict.kind == Kind::accepted) {
    verdict.principal.backend = job.generation->chain->at(job.position).name();
    ++metrics_.auth_checks_accepted;
    const bool is_current = job.generation == generations_.back().get();
    if (job.request.method.empty() && options_.cache_time > Duration{} && is_current)
      cache_.add(cache_.key_of(job.request), verdict.principal,
                 std::min(now + options_.cache_time, verdict.principal.valid_until),
                 options_.cache_entries_max);
  } else if (verdict.kind == Kind::unavailable) {
    ++metrics_.auth_checks_unavailable;
  } else if (verdict.kind != Kind::go_on) {
    note_failure(job, now);
  }
  return auth::answer_of(std::move(verdict));
}

std::optional<AuthGate::Done> AuthGate::take_and_check(std::size_t index) {
  std::optional<Job> job;
  {
    const os::MutexLock lock(mutex_);
    Pool& pool = pools_[index];
    while (pool.queue.empty() && !is_stopping_) pool.wakeup.wait(mutex_);
    if (is_stopping_) return std::nullopt;
    job = pool.queue.pop();
    if (os::monotonic_now() >= job->late) {
      ++metrics_.auth_limits_hit_wait_max;
      release(job->generation);
      return Done{job->from, job->request.conn,
                  refusal(ReasonCode::server_busy, "auth.wait_max is over")};
    }
  }
  auth::Verdict verdict = job->generation->chain->at(job->position).check(job->request);
  const os::MutexLock lock(mutex_);
  const Instant now = os::monotonic_now();
  Done done{job->from, job->request.conn, {}};
  if (verdict.kind == auth::Verdict::Kind::unknown) {
    if (job->reason.empty()) job->reason = verdict.reason;
    ++job->position;
    Generation* generation = job->generation;
    auto answer = enqueue(*job);
    if (!answer) return Done{done.from, core::ConnId{}, {}};
    note_failure(*job, now);
    done.answer = std::move(*answer);
    release(generation);
    return done;
  }
  done.answer = conclude(*job, std::move(verdict), now);
  release(job->generation);
  return done;
}

void AuthGate::work(std::size_t pool) {
  os::lower_thread_priority();
  while (auto done = take_and_check(pool))
    if (!done->conn.is_none()) deliver_(done->from, done->conn, std::move(done->answer));
}

void AuthGate::replace(const auth::AuthOptions& options, std::unique_ptr<const auth::Chain> chain) {
  const os::MutexLock lock(mutex_);
  options_ = options.auth;
  cache_.clear();
  Generation* old = generations_.back().get();
  generations_.push_back(std::make_unique<Generation>(std::move(chain)));
  ++old->jobs;
  release(old);
}

auth::AuthMetrics AuthGate::metrics() {
  const os::MutexLock lock(mutex_);
  auth::AuthMetrics copy = metrics_;
  copy.auth_cache_entries = cache_.size();
  for (const Pool& pool : pools_) copy.auth_waiting += pool.queue.size();
  return copy;
}

}  // namespace sluice::server
