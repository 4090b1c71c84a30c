// SPDX-License-Identifier: Apache-2.0
//
// Server is the broker as a process: it opens the doors, starts a thread for each shard, serves the
// administration port, publishes $SYS, and stops in order. Everything is built and wired here and
// nowhere else.
//
// Owner:   the `serve` command.
// Thread:  that of the command, which becomes the control thread in run().
// Limits:  server/options.def, admin/options.def.
#pragma once

#include "admin/snapshot.h"
#include "base/log.h"
#include "base/result.h"
#include "os/file/file_disk.h"
#include "os/process/signal_queue.h"
#include "os/reactor/reactor.h"
#include "server/admin_port.h"
#include "server/auth/access_control.h"
#include "server/auth/account_ledger.h"
#include "server/auth/ban_desk.h"
#include "server/doors/doors.h"
#include "server/durability/shard_logs.h"
#include "server/handshake_desk.h"
#include "server/log_sink.h"
#include "server/option_schema.h"
#include "server/shard_thread.h"
#include "server/shared_census.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sluice::server {

class Server {
 public:
  Server(const AllOptions& options, std::string version, LogSink& log);
  ~Server();

  /// Opens all doors and starts the threads: once it returns, clients can connect.
  std::expected<void, StartFailure> start();
  /// Where it listens: "127.0.0.1:1883 (mqtt)". After start().
  std::vector<std::string> addresses() const { return doors_.shown(); }
  /// True if somebody else's machine can reach it.
  bool is_open_to_network() const { return doors_.is_open_to_network(); }
  /// "127.0.0.1:18083", empty if there is no administration port.
  std::string admin_address() const;
  std::uint16_t threads() const { return static_cast<std::uint16_t>(shards_.size()); }

  /// Serves until SIGTERM or SIGINT; `reload` is called for SIGHUP, in this thread.
  void run(const std::function<void()>& reload);
  /// Options that may change while the broker runs; listeners, certificates, users and rules too. A
  /// mistake, or a file that cannot be read, changes nothing.
  std::expected<void, auth::Problems> apply(const AllOptions& options);

 private:
  std::expected<void, StartFailure> open_store();
  std::expected<void, StartFailure> rearrange();
  std::expected<void, StartFailure> start_logs();
  std::expected<void, StartFailure> start_shards(Doors::ForThreads doors);
  std::expected<void, StartFailure> open_access();
  Result<void> use_access(AccessFiles files, const AccessControl::AskAll& ask_all);
  void publish_sys();
  admin::AdminSnapshot gather(admin::SnapshotPart part);
  AdminPort::Actions admin_actions();
  bool kick(const std::string& client_id);
  /// Runs `ask` in every shard's thread and waits for all.
  void ask_all(const std::function<void(ShardThread&, std::size_t)>& ask);
  core::CoreMetrics total_metrics();
  void stop();

  AllOptions options_;
  const std::string version_;
  LogSink& log_;
  Doors doors_;
  BanDesk bans_;
  os::FileDisk disk_;
  std::unique_ptr<ShardLogs> logs_;   // null: in memory
  core::DurabilityRules durability_;  // before the shards, which look at it
  SharedCensus census_;
  AccountLedger accounts_;  // behind it: shards hold accounts
  std::unique_ptr<RingMatrix> rings_;
  std::vector<std::unique_ptr<ShardThread>> shards_;
  // These go before the shards that they answer.
  std::unique_ptr<HandshakeDesk> handshakes_;
  std::unique_ptr<AccessControl> access_;
  std::unique_ptr<os::Reactor> reactor_;
  std::unique_ptr<os::SignalQueue> signals_;
  std::unique_ptr<AdminPort> admin_;
  Instant started_{};
  Instant next_sys_ = Instant::never();
  bool is_stopping_ = false;
};

}  // namespace sluice::server
