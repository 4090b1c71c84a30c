// SPDX-License-Identifier: Apache-2.0
#include "server/server.h"

#include "core/shard/interest.h"
#include "net/transport/registry.h"
#include "os/clock.h"
#include "os/entropy.h"
#include "os/file.h"
#include "os/process/resources.h"
#include "os/process/service_notifier.h"
#include "os/socket/port_holder.h"
#include "server/durability/durability_settings.h"
#include "server/durability/rearrangement.h"

#include <algorithm>
#include <cstdlib>
#include <latch>

namespace sluice::server {
namespace {

constexpr std::uint64_t signal_token = 2;
constexpr Duration log_check_period = 5s;

std::unexpected<StartFailure> failure(std::string text) {
  return std::unexpected(StartFailure{std::move(text)});
}

// The options whose default is for the machine to say.
void resolve_defaults(AllOptions& options) {
  if (options.server.server.threads == 0)
    options.server.server.threads = std::min(os::cpu_count(), unsigned{core::Interest::shards_max});
  if (options.server.server.handshake_threads == 0)
    options.server.server.handshake_threads = os::cpu_count();
  if (options.core.limits.connections_max == 0) {
    const auto descriptors = os::raise_descriptor_limit();
    constexpr std::uint64_t reserved = 64;
    const std::uint64_t limit = descriptors ? *descriptors : 1024;
    options.core.limits.connections_max = limit > reserved ? limit - reserved : 1;
  }
  // Enough for what one machine's brokers have in practice, without memory for what never comes.
  constexpr std::uint64_t table_max = 1 << 18;
  os::reserve_descriptors(
      std::min<std::uint64_t>(options.core.limits.connections_max + 256, table_max));
  if (options.core.limits.memory_bytes_max == 0)
    options.core.limits.memory_bytes_max = os::memory_bytes_total() / 2;
}

std::string text_of_listen_error(const std::string& where, std::uint16_t port, const Error& error) {
  switch (error.code) {
    case ErrorCode::address_in_use:
      return os::explain_port_in_use(port) + " (--port N)";
    case ErrorCode::permission_denied:
      return "cannot listen on " + where +
             ": permission denied; ports below 1024 need root or CAP_NET_BIND_SERVICE";
    case ErrorCode::invalid_argument:
      return "cannot listen on " + where + ": not an address of this machine";
    default:
      return "cannot listen on " + where + ": " + error.detail;
  }
}

std::string text_of(const store::Problem& problem) {
  if (problem.kind != store::Problem::Kind::disk) return problem.text;
  return "cannot use the directory for sessions and messages: " + problem.text +
         "; choose another by --data DIR, or keep nothing by --durability memory";
}

}  // namespace

Server::Server(const AllOptions& options, std::string version, LogSink& log)
    : options_(options), version_(std::move(version)), log_(log), doors_(log), bans_(log) {
  resolve_defaults(options_);
}

Server::~Server() {
  if (!is_stopping_)
    for (const auto& shard : shards_) shard->stop(Duration{0});
  for (const auto& shard : shards_) shard->join();
  if (logs_) logs_->stop();
}

std::expected<void, StartFailure> Server::open_store() {
  using Mode = ServerOptions::Durability::Mode;
  const auto& durability = options_.server.durability;
  if (durability.mode == Mode::memory) return {};
  const auto threads = static_cast<std::uint16_t>(options_.server.server.threads);
  auto opened = ShardLogs::open(
      {.disk = disk_,
       .directory = durability.directory,
       .options = options_.store.store,
       .sync = durability.mode == Mode::fsync ? store::Sync::each_commit : store::Sync::never,
       .log = log_,
       .on_failed =
           [this](const std::string& path, const Error& error) {
             log_.error("store_failed", {{"path", path}, {"reason", os::describe(error)}});
             // What was handed to the disk may be lost, and nobody knows what: whatever this
             // process believes to be durable is not to be relied on.
             std::_Exit(EXIT_FAILURE);
           }},
      {.shards = threads, .placement_key = os::random_hash_key(), .salt = os::random_seed()});
  if (!opened) return failure(text_of(opened.error()));
  logs_ = std::move(*opened);
  if (logs_->manifest().shards != threads)
    if (auto rearranged = rearrange(); !rearranged) return rearranged;
  if (const auto found = logs_->open_chunks(); !found) return failure(text_of(found.error()));
  return {};
}

std::expected<void, StartFailure> Server::rearrange() {
  const Instant begin = os::monotonic_now();
  const std::uint16_t before = logs_->manifest().shards;
  const auto threads = static_cast<std::uint16_t>(options_.server.server.threads);
  const auto done = Rearrangement({.disk = disk_,
                                   .directory = logs_->directory(),
                                   .options = options_,
                                   .log = log_,
                                   .clock = {begin, os::wall_now()}})
                        .run(threads);
  if (!done) return failure(text_of(done.error()));
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(os::monotonic_now() - begin);
  log_.info("store_rearranged", {{"directory", options_.server.durability.directory},
                                 {"before", before},
                                 {"after", threads},
                                 {"ms", took.count()}});
  return {};
}

std::expected<void, StartFailure> Server::start_logs() {
  if (!logs_) return {};
  const Instant begin = os::monotonic_now();
  std::vector<std::function<void()>> wakes;
  for (std::uint16_t i = 0; i < shards_.size(); ++i) {
    core::Shard& shard = shards_[i]->shard();
    const auto replayed = logs_->replay(
        i, [&shard](const store::Batch& batch) { return shard.restore(batch.records); });
    if (!replayed) return failure(text_of(replayed.error()));
    shards_[i]->use_log(logs_->log(i),
                        static_cast<std::size_t>(options_.store.store.pending_bytes_max),
                        static_cast<std::uint64_t>(options_.store.store.checkpoint_bytes_min));
    wakes.push_back([shard = shards_[i].get()] { shard->wake(); });
  }
  if (const auto started = logs_->start(std::move(wakes)); !started)
    return failure(std::string("cannot start a thread: ") + started.error().detail);
  // Before anybody can connect. The threads have not started: this one is all of them.
  begin_runs(shards_);
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(os::monotonic_now() - begin);
  const store::StoreMetrics metrics = logs_->metrics();
  log_.info("store_opened", {{"directory", options_.server.durability.directory},
                             {"batches", metrics.store_replayed_batches},
                             {"bytes", metrics.store_replayed_bytes},
                             {"ms", took.count()}});
  return {};
}

std::string Server::admin_address() const { return admin_ ? admin_->address() : std::string(); }

std::expected<void, StartFailure> Server::start_shards(Doors::ForThreads doors) {
  const auto count = static_cast<std::uint16_t>(options_.server.server.threads);
  rings_ = std::make_unique<RingMatrix>(
      count, static_cast<std::size_t>(options_.server.server.ring_bytes));
  auto rules = durability_rules(options_.server.durability);
  if (!rules) return failure("durability.topics: " + rules.error());
  durability_ = std::move(*rules);
  core::ShardSetup setup{.index = {},
                         .count = count,
                         .placement_key = os::random_hash_key(),
                         .table_key = os::random_hash_key(),
                         .has_log = logs_ != nullptr,
                         .log_clock = {os::monotonic_now(), os::wall_now()},
                         .census = &census_,
                         .accounts = &accounts_,
                         .durability = durability_.is_empty() ? nullptr : &durability_};
  if (logs_) setup.placement_key = logs_->manifest().placement_key;
  const auto handshake_threads = static_cast<unsigned>(options_.server.server.handshake_threads);
  handshakes_ = std::make_unique<HandshakeDesk>(
      handshake_threads, [this](core::ShardIndex to, HandshakeLetter letter) {
        shards_[core::index_of(to)]->answer_handshake(std::move(letter));
      });
  for (std::uint16_t i = 0; i < count; ++i) {
    setup.index = core::ShardIndex{i};
    if (logs_) setup.chunks = &logs_->chunks(i);
    shards_.push_back(std::make_unique<ShardThread>(setup, options_.core, options_.server,
                                                    os::random_seed(), log_, *rings_));
    shards_.back()->set_ban_desk(bans_);
    shards_.back()->set_handshake_desk(*handshakes_);
    if (const auto prepared = shards_.back()->prepare(std::move(doors[i])); !prepared)
      return failure(std::string("cannot prepare a thread: ") + prepared.error().detail);
  }
  if (auto started = start_logs(); !started) return started;
  // Before anybody can come.
  if (auto opened = open_access(); !opened) return opened;
  for (const auto& shard : shards_)
    if (const auto started = shard->start(shards_); !started)
      return failure(std::string("cannot start a thread: ") + started.error().detail);
  return {};
}

std::expected<void, StartFailure> Server::open_access() {
  auto files = read_access_files(options_.auth);
  if (!files) {
    std::string text;
    for (const auth::Problem& problem : files.error())
      text += (text.empty() ? "" : "\n") + config::to_string(problem);
    return failure(std::move(text));
  }
  access_ = std::make_unique<AccessControl>(shards_, bans_);
  const auto used = use_access(std::move(*files), [this](const auto& ask) {
    for (std::size_t i = 0; i < shards_.size(); ++i) ask(*shards_[i], i);
  });
  if (!used) return failure(std::string("cannot start a thread: ") + used.error().detail);
  return {};
}

Result<void> Server::use_access(AccessFiles files, const AccessControl::AskAll& ask_all) {
  const std::string& path = options_.auth.auth.password_file;
  if (!path.empty() && !os::check_is_private(path))
    log_.warn("password_file_readable", {{"file", path}});
  return access_->use(options_.auth, std::move(files), doors_.entrances(), ask_all);
}

std::expected<void, StartFailure> Server::start() {
  started_ = os::monotonic_now();
  auto reactor = os::Reactor::create();
  auto signals = os::SignalQueue::create();
  if (!reactor || !signals) return failure("the kernel gives no epoll or signal descriptor");
  reactor_ = std::move(*reactor);
  signals_ = std::move(*signals);
  if (!reactor_->add(signals_->fd(), signal_token, os::Watch::level_read))
    return failure("cannot watch for signals");
  if (auto opened = open_store(); !opened) return opened;
  auto doors = doors_.open(options_, options_.server.server.threads);
  if (!doors) return std::unexpected(doors.error());
  if (options_.admin.admin.enabled) {
    admin_ = std::make_unique<AdminPort>(
        options_.admin, *reactor_, [this](admin::SnapshotPart part) { return gather(part); },
        admin_actions());
    if (const auto opened = admin_->open(); !opened)
      return failure(text_of_listen_error(options_.admin.admin.bind + ":" +
                                              std::to_string(options_.admin.admin.port),
                                          static_cast<std::uint16_t>(options_.admin.admin.port),
                                          opened.error()) +
                     "; the administration port is chosen by --set admin.port=N, or left out by "
                     "--set admin.enabled=false");
  }
  if (auto started = start_shards(std::move(*doors)); !started) return started;
  if (options_.core.sys.interval > Duration{}) next_sys_ = started_;
  return {};
}

void Server::ask_all(const std::function<void(ShardThread&, std::size_t)>& ask) {
  std::latch done(static_cast<std::ptrdiff_t>(shards_.size()));
  for (std::size_t i = 0; i < shards_.size(); ++i)
    if (!shards_[i]->post([&ask, &done, i](ShardThread& shard) {
          ask(shard, i);
          done.count_down();
        }))
      done.count_down();
  done.wait();
}

core::CoreMetrics Server::total_metrics() {
  std::vector<core::CoreMetrics> all(shards_.size());
  ask_all([&all](ShardThread& shard, std::size_t i) { all[i] = shard.shard().metrics(); });
  core::CoreMetrics total;
  for (const core::CoreMetrics& each : all) add_metrics(total, each);
  return total;
}

admin::AdminSnapshot Server::gather(admin::SnapshotPart part) {
  admin::AdminSnapshot snapshot;
  snapshot.version = version_;
  snapshot.uptime = os::monotonic_now() - started_;
  snapshot.readiness = is_stopping_ ? admin::Readiness::stopping : admin::Readiness::ready;
  if (part == admin::SnapshotPart::metrics) {
    std::vector<ServerMetrics> servers(shards_.size());
    std::vector<core::CoreMetrics> cores(shards_.size());
    ask_all([&](ShardThread& shard, std::size_t i) {
      servers[i] = shard.metrics();
      cores[i] = shard.shard().metrics();
    });
    ServerMetrics server;
    core::CoreMetrics core;
    for (const auto& each : servers) add_metrics(server, each);
    for (const auto& each : cores) add_metrics(core, each);
    server.tls_certificate_end_s =
        static_cast<decltype(server.tls_certificate_end_s)>(doors_.certificates_end_s());
    server.bans = bans_.size();
    server.log_lines_suppressed = log_.lines_suppressed();
    snapshot.metrics.push_back(admin::numbers_of(core::core_metric_rows(), core));
    snapshot.metrics.push_back(admin::numbers_of(
        auth::auth_metric_rows(), access_ != nullptr ? access_->metrics() : auth::AuthMetrics{}));
    snapshot.metrics.push_back(admin::numbers_of(server_metric_rows(), server));
    snapshot.metrics.push_back(admin::numbers_of(store::store_metric_rows(),
                                                 logs_ ? logs_->metrics() : store::StoreMetrics{}));
  }
  if (part == admin::SnapshotPart::clients) {
    std::vector<std::vector<admin::ClientInfo>> lists(shards_.size());
    ask_all([&lists](ShardThread& shard, std::size_t i) {
      shard.shard().for_each_client([&list = lists[i]](const core::Shard::ClientInfo& client) {
        list.push_back({.client = std::string(client.client_id),
                        .user = std::string(client.user),
                        .address = client.peer,
                        .protocol = client.version == codec::Version::v5     ? "5"
                                    : client.version == codec::Version::v3_1 ? "3.1"
                                                                             : "3.1.1",
                        .is_connected = client.is_connected,
                        .since = client.since,
                        .keep_alive_s = client.keep_alive_s,
                        .session_expiry_s = client.session_expiry_s,
                        .subscriptions = client.subscriptions,
                        .inflight_messages = client.inflight_messages,
                        .queue_messages = client.queue_messages,
                        .queue_bytes = client.queue_bytes});
      });
    });
    for (auto& list : lists)
      snapshot.clients.insert(snapshot.clients.end(), std::make_move_iterator(list.begin()),
                              std::make_move_iterator(list.end()));
  }
  if (part == admin::SnapshotPart::quotas)
    for (AccountLedger::Shown& one : accounts_.all())
      snapshot.quotas.push_back({std::move(one.user), one.of(core::Quota::connections),
                                 one.of(core::Quota::subscriptions),
                                 one.of(core::Quota::queue_bytes),
                                 one.of(core::Quota::retained_messages)});
  if (part == admin::SnapshotPart::bans)
    for (BanDesk::Shown& ban : bans_.all())
      snapshot.bans.push_back({std::move(ban.address), ban.left, ban.cause});
  return snapshot;
}

AdminPort::Actions Server::admin_actions() {
  return {
      .kick = [this](const std::string& client) { return kick(client); },
      .ban = [this](const std::string& address, Duration time) { return bans_.add(address, time); },
      .unban = [this](const std::string& address) { return bans_.remove(address); }};
}

bool Server::kick(const std::string& client_id) {
  std::vector<char> done(shards_.size());
  ask_all(
      [&](ShardThread& shard, std::size_t i) { done[i] = shard.shard().kick(client_id) ? 1 : 0; });
  return std::ranges::find(done, 1) != done.end();
}

void Server::publish_sys() {
  const core::CoreMetrics totals = total_metrics();
  const Duration uptime = os::monotonic_now() - started_;
  shards_.front()->post([totals, uptime, version = version_](ShardThread& shard) {
    shard.shard().publish_sys(totals, uptime, version);
  });
}

std::expected<void, auth::Problems> Server::apply(const AllOptions& options) {
  // First what may fail.
  auto files = read_access_files(options.auth);
  if (!files) return std::unexpected(std::move(files.error()));
  AllOptions next = options;
  resolve_defaults(next);
  auto doors = doors_.open(next, shards_.size());
  if (!doors) return std::unexpected(auth::Problems{{"listener", doors.error().text}});
  options_.auth = next.auth;
  options_.core = next.core;
  // Before anybody comes by a door that is new.
  const auto used = use_access(std::move(*files), [this](const auto& ask) { ask_all(ask); });
  if (!used) return std::unexpected(auth::Problems{{"auth.hash_threads", used.error().detail}});
  ask_all([&](ShardThread& shard, std::size_t i) {
    shard.set_core_options(next.core);
    shard.set_doors(std::move((*doors)[i]));
  });
  return {};
}

void Server::run(const std::function<void()>& reload) {
  auto notifier = os::ServiceNotifier::from_environment();
  if (notifier) static_cast<void>(notifier->ready("serving"));
  const Duration watchdog = notifier ? notifier->watchdog_period() : Duration{};
  Instant next_watchdog = watchdog > Duration{} ? os::monotonic_now() : Instant::never();
  Instant next_log_check = os::monotonic_now() + log_check_period;
  while (!is_stopping_) {
    Instant next = std::min({next_sys_, next_watchdog, next_log_check});
    if (admin_) next = std::min(next, admin_->next_deadline());
    const Instant now = os::monotonic_now();
    const bool is_busy = admin_ && admin_->has_work();
    const Duration timeout = is_busy           ? Duration{0}
                             : next.is_never() ? Duration{-1}
                                               : std::max(Duration{0}, next - now);
    for (const os::Ready& ready : reactor_->wait(timeout)) {
      if (admin_ && admin_->owns(ready.token)) admin_->on_ready(ready.token, os::monotonic_now());
    }
    while (const auto signal = signals_->next()) {
      if (*signal != os::Signal::hang_up)
        is_stopping_ = true;
      else if (reload)
        reload();
    }
    const Instant after = os::monotonic_now();
    if (admin_) {
      admin_->on_busy(after);
      admin_->on_deadline(after);
    }
    if (after >= next_log_check) {
      log_.write_suppressed();
      next_log_check = after + log_check_period;
    }
    if (after >= next_watchdog) {
      static_cast<void>(notifier->watchdog());
      next_watchdog = after + watchdog;
    }
    if (after >= next_sys_ && !is_stopping_) {
      publish_sys();
      next_sys_ = after + options_.core.sys.interval;
    }
  }
  if (notifier) static_cast<void>(notifier->stopping("telling clients"));
  stop();
}

void Server::stop() {
  log_.info("server_stopping", {{"version", version_}});
  for (const auto& shard : shards_) shard->stop(options_.server.server.stop_grace);
  for (const auto& shard : shards_) shard->join();
  if (logs_) logs_->stop();
}

}  // namespace sluice::server
