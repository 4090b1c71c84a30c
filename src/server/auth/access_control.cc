// SPDX-License-Identifier: Apache-2.0
#include "server/auth/access_control.h"

#include <string>
#include <vector>

namespace sluice::server {
namespace {

// Clients whose user nobody knows any longer.
void close_unknown(core::Shard& shard, const auth::Chain& chain) {
  std::vector<std::string> unknown;
  shard.for_each_client([&](const core::Shard::ClientInfo& client) {
    core::Principal who;
    who.user = client.user;
    if (client.is_connected && !who.user.empty() && !chain.is_still_known(who))
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
                                const AskAll& ask_all) {
  const auth::Chain& chain = *files.chain;
  is_authenticating_ = !chain.is_empty();
  if (gate_ != nullptr) {
    gate_->replace(options, std::move(files.chain));
  } else if (is_authenticating_) {
    gate_ = std::make_unique<AuthGate>(
        options, std::move(files.chain),
        [this](core::ShardIndex shard, core::ConnId conn, core::AuthAnswer answer) {
          shards_[core::index_of(shard)]->answer_auth(conn, std::move(answer));
        });
  }
  if (gate_ != nullptr) SLUICE_CHECK(gate_->start());
  const core::AccessSettings settings{.rules = files.rules.get(),
                                      .generation = ++generation_,
                                      .is_authenticating = is_authenticating_};
  const bool is_recheck_due = is_authenticating_ && options.auth.recheck && generation_ > 1;
  ask_all([&](ShardThread& shard, std::size_t) {
    if (gate_ != nullptr) shard.set_auth_desk(*gate_);
    shard.shard().set_access(settings);
    if (is_recheck_due) close_unknown(shard.shard(), chain);
  });
  rules_ = std::move(files.rules);
  return {};
}

auth::AuthMetrics AccessControl::metrics() {
  return gate_ != nullptr ? gate_->metrics() : auth::AuthMetrics{};
}

}  // namespace sluice::server
