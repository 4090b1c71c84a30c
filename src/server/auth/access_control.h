// SPDX-License-Identifier: Apache-2.0
//
// AccessControl is who may connect and what each may do, for all shards: it owns the rules and the
// gate, and replaces both as a whole. Files are read before anything changes, so that a mistake in
// one changes nothing.
//
// Owner:   Server.      Thread: the control thread's.
#pragma once

#include "auth/problem.h"
#include "auth/registry.h"
#include "auth/rules/rule_files.h"
#include "server/auth/auth_gate.h"

#include <expected>
#include <memory>
#include <vector>

namespace sluice::server {

/// What the options name, read and found good.
struct AccessFiles {
  std::unique_ptr<const auth::Chain> chain;
  std::unique_ptr<const auth::RuleSet> rules;
};

/// All that is wrong with the files, if anything is.
std::expected<AccessFiles, auth::Problems> read_access_files(const auth::AuthOptions& options);

class AccessControl {
 public:
  /// Runs in every shard's thread; all are done when it returns.
  using AskAll = std::function<void(const std::function<void(ShardThread&, std::size_t)>&)>;

  AccessControl(const std::vector<std::unique_ptr<ShardThread>>& shards, BanDesk& bans)
      : shards_(shards), bans_(bans) {}

  /// From now on these decide. The old rules are no longer asked when it returns. Clients that
  /// would not be let in any more are disconnected, if auth.recheck says so.
  Result<void> use(const auth::AuthOptions& options, AccessFiles files,
                   std::vector<core::Entrance> entrances, const AskAll& ask_all);
  auth::AuthMetrics metrics();

 private:
  const std::vector<std::unique_ptr<ShardThread>>& shards_;
  BanDesk& bans_;
  std::unique_ptr<const auth::RuleSet> rules_;
  std::unique_ptr<const std::vector<core::Entrance>> entrances_;
  std::unique_ptr<AuthGate> gate_;
  std::uint32_t generation_ = 0;
  bool is_authenticating_ = false;
};

}  // namespace sluice::server
