// SPDX-License-Identifier: Apache-2.0
#include "server/auth/access_control.h"

#include <string>
#include <vector>

namespace sluice::server {
namespace {

// Whether its listener would let the client in as it is now, and who vouched for it would do so
// again.
bool is_still_welcome(const core::Shard::ClientInfo& client, const core::AccessSettings& settings,
                      const auth::Chain& chain) {
  if (client.principal == nullptr || client.principal->is_anonymous())
    return settings.entrance(client.entrance).is_anonymous_allowed;
  return client.principal->backend.empty() || chain.is_still_known(*client.principal);
}

void close_unwelcome(core::Shard& shard, const core::AccessSettings& settings,
                     const auth::Chain& chain) {
  std::vector<std::string> unknown;
  shard.for_each_client([&](const core::Shard::ClientInfo& client) {
    if (client.is_connected && !is_still_welcome(client, settings, chain))
      unknown.emplace_back(client.client_id);
  });
  for (const std::string& client : unknown) shard.kick(client);
}

}  // namespace

std::expected<AccessFiles, auth::Problems> read_access_files(const auth::AuthOptions& options) {
  auto chain = auth::make_chain(options);
  auto rules = auth::load_rules(options);
  auth::Problems problems;
  if (!chain) problems = std::move(chain.error());
  if (!rules) problems.insert(problems.end(), rules.error().begin(), rules.error().end());
  if (!problems.empty()) return std::unexpected(std::move(problems));
  return AccessFiles{std::move(*chain), std::move(*rules)};
}

Result<void> AccessControl::use(const auth::AuthOptions& options, AccessFiles files,
                                std::vector<core::Entrance> entrances, const AskAll& ask_all) {
  const auth::Chain& chain = *files.chain;
  is_authenticating_ = !chain.is_empty();
  bans_.use(options.ban);
  if (gate_ != nullptr) {
    gate_->replace(options, std::move(files.chain));
  } else if (is_authenticating_) {
    gate_ = std::make_unique<AuthGate>(
        options, std::move(files.chain), bans_,
        [this](core::ShardIndex shard, core::ConnId conn, core::AuthAnswer answer) {
          shards_[core::index_of(shard)]->answer_auth(conn, std::move(answer));
        });
  }
  if (gate_ != nullptr) SLUICE_CHECK(gate_->start());
  auto next = std::make_unique<const std::vector<core::Entrance>>(std::move(entrances));
  const core::AccessSettings settings{.rules = files.rules.get(),
                                      .generation = ++generation_,
                                      .is_authenticating = is_authenticating_,
                                      .entrances = next.get()};
  const bool is_recheck_due = options.auth.recheck && generation_ > 1;
  ask_all([&](ShardThread& shard, std::size_t) {
    if (gate_ != nullptr) shard.set_auth_desk(*gate_);
    shard.shard().set_access(settings);
    if (is_recheck_due) close_unwelcome(shard.shard(), settings, chain);
  });
  rules_ = std::move(files.rules);
  entrances_ = std::move(next);
  return {};
}

auth::AuthMetrics AccessControl::metrics() {
  return gate_ != nullptr ? gate_->metrics() : auth::AuthMetrics{};
}

}  // namespace sluice::server
