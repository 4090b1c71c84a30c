// SPDX-License-Identifier: Apache-2.0
//
// An AccountLedger keeps the accounts of all users that have quotas, for shards that run in threads
// of their own. A count is an atomic; the lock is for those who come and go and for retained
// messages, and nobody without a quota takes it.
//
// Owner:   Server.      Thread: any.
// Limits:  an account for each user (or address) that is connected, has a session or a retained
//          message; so limits.sessions_max and retained.messages_max bound it.
#pragma once

#include "core/access/account.h"
#include "os/mutex.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>

namespace sluice::server {

class AccountLedger final : public core::Accounts {
 public:
  struct Shown {
    std::string user;
    std::array<std::uint64_t, core::quota_kinds> has{};

    std::uint64_t of(core::Quota quota) const { return has[static_cast<std::size_t>(quota)]; }
  };

  core::AccountHold open(std::string_view user, const core::OwnQuotas& own) override;
  bool retain(std::uint64_t topic, core::Account& account, std::uint64_t max) override;
  void forget(std::uint64_t topic) override;
  /// In the order of their names.
  std::vector<Shown> all();

 private:
  class Entry final : public core::Account {
   public:
    explicit Entry(AccountLedger& ledger) : ledger_(ledger) {}

    bool take(core::Quota quota, std::uint64_t amount, std::uint64_t max) override;
    void add(core::Quota quota, std::int64_t change) override {
      count(quota).fetch_add(static_cast<std::uint64_t>(change), std::memory_order_relaxed);
    }
    std::uint64_t own_max(core::Quota quota) const override {
      return own_[static_cast<std::size_t>(quota)].load(std::memory_order_relaxed);
    }
    std::string_view user() const override { return *name; }
    void release() override { ledger_.release(*this); }
    void limit(const core::OwnQuotas& own);
    std::atomic<std::uint64_t>& count(core::Quota quota) {
      return counts_[static_cast<std::size_t>(quota)];
    }

    const std::string* name = nullptr;  // the key of the map that it is in
    std::uint64_t holders = 0;          // under the lock of the ledger

   private:
    AccountLedger& ledger_;
    std::array<std::atomic<std::uint64_t>, core::quota_kinds> counts_{};
    std::array<std::atomic<std::uint64_t>, core::quota_kinds> own_{};
  };

  void release(Entry& entry);
  void drop_holder(Entry& entry) SLUICE_THREAD_ATTRIBUTE(requires_capability(mutex_));

  os::Mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_ SLUICE_GUARDED_BY(mutex_);
  std::unordered_map<std::uint64_t, Entry*> retained_ SLUICE_GUARDED_BY(mutex_);
};

}  // namespace sluice::server
