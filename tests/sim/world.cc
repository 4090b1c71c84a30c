// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/world.h"

#include <algorithm>

namespace sluice::sim {
namespace {

constexpr Instant start{1'000'000'000};
constexpr Duration calm_max = 600s;

class World {
 public:
  explicit World(const RunOptions& options)
      : rng_(options.seed ^ (options.salt * 0x9e3779b97f4a7c15U)),
        choices_(Choices::draw(rng_, options.shards)),
        shards_(rng_, choices_, totals_, trace_, start),
        model_(shards_, totals_,
               {.may_drop = choices_.core.session.queue_messages_max < 1'000,
                .may_refuse =
                    choices_.disk_full_in > 0 || choices_.core.session.queue_messages_max < 1'000,
                .rings_race = !choices_.has_server_turns}),
        seconds_(options.seconds) {
    for (ClientIndex i = 0; i < choices_.clients; ++i)
      clients_.push_back(
          std::make_unique<SimClient>(around(), Profile::draw(rng_, i, choices_.clients)));
  }

  RunResult run() {
    const Instant end = start + std::chrono::seconds(seconds_);
    while (now_ < end && model_.failures().empty()) step(false);
    calm_down();
    if (model_.failures().empty()) audit();
    RunResult result;
    const auto metrics = shards_.totals_of_metrics();
    totals_.drops = metrics.messages_dropped_queue_messages_max +
                    metrics.messages_dropped_queue_bytes_max +
                    metrics.messages_dropped_write_buffer_full;
    totals_.chunks_written = metrics.queue_chunks_written;
    totals_.chunks_read = metrics.queue_chunks_read;
    totals_.chunks_refused = metrics.queue_chunks_refused;
    result.failures = model_.failures();
    result.totals = totals_;
    result.trace = trace_.hash();
    result.shards = choices_.shards;
    result.simulated = now_ - start;
    return result;
  }

 private:
  Surroundings around() {
    return {rng_, choices_, totals_, trace_, shards_, model_, links_, wanted_};
  }

  void step(bool is_calm) {
    now_ = now_ + std::chrono::microseconds(1'000 + rng_.below(7'000));
    for (const auto& link : links_) link->step(now_, !is_calm);
    const std::uint64_t crashes = totals_.crashes;
    shards_.step(now_, !is_calm);
    if (totals_.crashes != crashes) on_crash();
    if (!shards_.problem().empty()) model_.fail(shards_.problem());
    std::erase_if(links_, [](const auto& link) { return link->is_over(); });
    for (const auto& client : clients_) client->note_closed(now_);
    for (const auto& client : clients_) client->step(now_, is_calm);
  }

  // What the kernel had taken of the broker may still arrive, or go with it.
  void on_crash() {
    for (const auto& link : links_)
      if (rng_.chance(1, 2)) link->socket().outbound.clear();
    model_.on_crash(choices_.core.will.restart_grace, now_);
  }

  bool is_at_rest() {
    if (!shards_.is_drained()) return false;
    if (!std::ranges::all_of(clients_, [](const auto& client) { return client->is_settled(); }))
      return false;
    const auto metrics = shards_.totals_of_metrics();
    return metrics.queue_messages + metrics.inflight_messages == 0;
  }

  // Faults stop, everybody comes back; then nothing may be owed any more.
  void calm_down() {
    if (!model_.failures().empty()) return;
    const Instant until = now_ + calm_max;
    // The wills that wait, and the connections that the broker does not know to be gone.
    const Instant at_least = now_ + 15s;
    while ((now_ < at_least || !is_at_rest()) && now_ < until && model_.failures().empty())
      step(true);
    if (!model_.failures().empty()) return;
    if (!is_at_rest()) {
      const auto metrics = shards_.totals_of_metrics();
      model_.fail("not at rest after " + std::to_string(calm_max / 1s) +
                  " s without faults: queued " + std::to_string(metrics.queue_messages) +
                  ", in flight " + std::to_string(metrics.inflight_messages));
      for (const auto& client : clients_)
        if (!client->is_settled()) model_.fail("not at rest: " + client->describe());
    }
    const auto metrics = shards_.totals_of_metrics();
    if (metrics.queue_chunks_unreadable > 0) model_.fail("a part of a queue was lost");
    model_.check_end(metrics.messages_dropped_queue_messages_max +
                     metrics.messages_dropped_queue_bytes_max);
  }

  // A new subscriber of everything sees what is retained.
  void audit() {
    Profile profile;
    profile.id = "auditor";
    profile.is_auditor = true;
    clients_.push_back(std::make_unique<SimClient>(around(), profile));
    const Instant until = now_ + 20s;
    const Instant at_least = now_ + 2s;
    while ((now_ < at_least || !is_at_rest()) && now_ < until) step(true);
    if (!is_at_rest()) model_.fail("the auditor did not come to rest");
    model_.check_retained(clients_.back()->retained());
  }

  Rng rng_;
  Totals totals_;
  Trace trace_;
  const Choices choices_;
  Instant now_ = start;
  std::vector<std::unique_ptr<Link>> links_;
  std::set<std::string> wanted_;
  Shards shards_;
  ModelBroker model_;
  std::vector<std::unique_ptr<SimClient>> clients_;
  const std::uint64_t seconds_;
};

}  // namespace

RunResult run_seed(const RunOptions& options) { return World(options).run(); }

}  // namespace sluice::sim
