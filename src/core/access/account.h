// SPDX-License-Identifier: Apache-2.0
//
// An Account counts what one user has of the process, on whatever shards its clients live, so that
// a quota is exact. There are accounts only where there are quotas: nobody else pays for them.
//
// Owner:   whoever keeps Accounts; it lives while somebody holds it.
// Thread:  that of the shards; one for several threads is server's.
// Limits:  quota.*.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>

namespace sluice::core {

enum class Quota : std::uint8_t { connections, subscriptions, queue_bytes, retained_messages };
inline constexpr std::size_t quota_kinds = 4;

/// What rules say of one user's quotas, by Quota; 0 is no limit.
struct OwnQuotas {
  static constexpr std::uint64_t as_configured = std::numeric_limits<std::uint64_t>::max();
  std::array<std::uint64_t, quota_kinds> most{as_configured, as_configured, as_configured,
                                              as_configured};

  std::uint64_t& of(Quota quota) { return most[static_cast<std::size_t>(quota)]; }
  std::uint64_t of(Quota quota) const { return most[static_cast<std::size_t>(quota)]; }
  bool operator==(const OwnQuotas&) const = default;
};

class Account {
 public:
  /// Counts so many more, unless that makes more than `max`.
  virtual bool take(Quota quota, std::uint64_t amount, std::uint64_t max) = 0;
  virtual void add(Quota quota, std::int64_t change) = 0;
  /// What its user may have where rules say so, else OwnQuotas::as_configured.
  virtual std::uint64_t own_max(Quota quota) const = 0;
  virtual std::string_view user() const = 0;
  /// By AccountHold.
  virtual void release() = 0;

 protected:
  ~Account() = default;
};

struct ReleaseAccount {
  void operator()(Account* account) const { account->release(); }
};
using AccountHold = std::unique_ptr<Account, ReleaseAccount>;

class Accounts {
 public:
  virtual ~Accounts() = default;

  /// The account of that name, begun if there is none.
  virtual AccountHold open(std::string_view user, const OwnQuotas& own) = 0;
  /// The retained message of a topic (its hash) is that user's from now on, unless it has `max`.
  virtual bool retain(std::uint64_t topic, Account& account, std::uint64_t max) = 0;
  /// There is no retained message of that topic any more.
  virtual void forget(std::uint64_t topic) = 0;
};

}  // namespace sluice::core
