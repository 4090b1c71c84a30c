// SPDX-License-Identifier: Apache-2.0
#include "core/access/quotas.h"

#include <string>

namespace sluice::core {
namespace {

constexpr std::array<const char*, quota_kinds> names{
    "quota.connections_max", "quota.subscriptions_max", "quota.queue_bytes_max",
    "quota.retained_messages_max"};

// IPv6 addresses of one network count as one: their owner has them all.
std::string account_name(Peer peer) {
  if (peer.kind == PeerKind::unix_socket || peer.kind == PeerKind::memory) return "local";
  if (peer.kind == PeerKind::ipv6) {
    std::fill(peer.address.begin() + 8, peer.address.end(), std::uint8_t{0});
    peer.id = 0;
    return address_text(peer) + "/64";
  }
  return address_text(peer);
}

std::uint64_t configured(const CoreOptions::Quota& options, Quota quota) {
  switch (quota) {
    case Quota::connections:
      return static_cast<std::uint64_t>(options.connections_max);
    case Quota::subscriptions:
      return static_cast<std::uint64_t>(options.subscriptions_max);
    case Quota::queue_bytes:
      return static_cast<std::uint64_t>(options.queue_bytes_max);
    case Quota::retained_messages:
      return static_cast<std::uint64_t>(options.retained_messages_max);
  }
  return 0;
}

}  // namespace

bool Quotas::is_counting() const {
  const auto& quota = c_.options.quota;
  return (quota.connections_max | quota.subscriptions_max | quota.queue_bytes_max |
          quota.retained_messages_max) != 0;
}

AccountHold Quotas::open(const Connection& connection, const SessionAccess* access,
                         std::string_view client_id) const {
  if (c_.setup.accounts == nullptr) return nullptr;
  OwnQuotas own;
  if (c_.access.rules != nullptr && access != nullptr)
    own = c_.access.rules->quotas_of(access->principal, client_id);
  if (!is_counting() && own == OwnQuotas{}) return nullptr;
  const bool is_known = access != nullptr && !access->principal.user.empty();
  return c_.setup.accounts->open(is_known ? access->principal.user : account_name(connection.peer),
                                 own);
}

std::uint64_t Quotas::max_of(const Account& account, Quota quota) const {
  std::uint64_t max = account.own_max(quota);
  if (max == OwnQuotas::as_configured) max = configured(c_.options.quota, quota);
  return max != 0 ? max : std::numeric_limits<std::uint64_t>::max();
}

bool Quotas::take_of(Account& account, Quota quota, std::uint64_t amount) const {
  if (account.take(quota, amount, max_of(account, quota))) return true;
  refuse(account, quota);
  return false;
}

void Quotas::refuse(const Account& account, Quota quota) const {
  auto& metrics = c_.metrics;
  switch (quota) {
    case Quota::connections:
      ++metrics.limits_hit_quota_connections_max;
      break;
    case Quota::subscriptions:
      ++metrics.limits_hit_quota_subscriptions_max;
      break;
    case Quota::queue_bytes:
      ++metrics.limits_hit_quota_queue_bytes_max;
      break;
    case Quota::retained_messages:
      ++metrics.limits_hit_quota_retained_messages_max;
      break;
  }
  c_.log.warn("quota_reached",
              {{"user", account.user()}, {"limit", names[static_cast<std::size_t>(quota)]}});
}

bool Quotas::retain(SessionSlot publisher, std::string_view topic) const {
  const Session* session = c_.state.sessions.find(publisher);
  if (session == nullptr || !session->account) return true;
  Account& account = *session->account;
  if (c_.setup.accounts->retain(c_.retained_key(topic), account,
                                max_of(account, Quota::retained_messages)))
    return true;
  refuse(account, Quota::retained_messages);
  return false;
}

void Quotas::bind(Session& session, AccountHold account) const {
  const auto subscriptions = static_cast<std::int64_t>(c_.state.subscriptions.count(session.slot));
  const Outbound* outbound = session.find_outbound();
  const auto bytes = static_cast<std::int64_t>(outbound != nullptr ? outbound->queue_bytes : 0);
  if (session.account) {
    session.account->add(Quota::subscriptions, -subscriptions);
    session.account->add(Quota::queue_bytes, -bytes);
  }
  session.account = std::move(account);
  if (!session.account) return;
  session.account->add(Quota::subscriptions, subscriptions);
  session.account->add(Quota::queue_bytes, bytes);
}

}  // namespace sluice::core
