// SPDX-License-Identifier: Apache-2.0
#include "server/auth/account_ledger.h"

#include "base/assert.h"

namespace sluice::server {

bool AccountLedger::Entry::take(core::Quota quota, std::uint64_t amount, std::uint64_t max) {
  std::atomic<std::uint64_t>& total = count(quota);
  std::uint64_t now = total.load(std::memory_order_relaxed);
  do {
    if (amount > max || now > max - amount) return false;
  } while (!total.compare_exchange_weak(now, now + amount, std::memory_order_relaxed));
  return true;
}

void AccountLedger::Entry::limit(const core::OwnQuotas& own) {
  for (std::size_t i = 0; i < core::quota_kinds; ++i)
    own_[i].store(own.most[i], std::memory_order_relaxed);
}

core::AccountHold AccountLedger::open(std::string_view user, const core::OwnQuotas& own) {
  const os::MutexLock lock(mutex_);
  auto found = entries_.find(user);
  if (found == entries_.end()) {
    found = entries_.try_emplace(std::string(user), *this).first;
    found->second.name = &found->first;
  }
  Entry& entry = found->second;
  entry.limit(own);
  ++entry.holders;
  return core::AccountHold(&entry);
}

void AccountLedger::release(Entry& entry) {
  const os::MutexLock lock(mutex_);
  drop_holder(entry);
}

void AccountLedger::drop_holder(Entry& entry) {
  SLUICE_ASSERT(entry.holders > 0);
  if (--entry.holders == 0) entries_.erase(entries_.find(*entry.name));
}

bool AccountLedger::retain(std::uint64_t topic, core::Account& account, std::uint64_t max) {
  const os::MutexLock lock(mutex_);
  const auto owner = entries_.find(account.user());
  SLUICE_ASSERT(owner != entries_.end());
  Entry& entry = owner->second;
  const auto known = retained_.find(topic);
  if (known != retained_.end() && known->second == &entry) return true;
  if (!entry.take(core::Quota::retained_messages, 1, max)) return false;
  ++entry.holders;
  if (known == retained_.end()) {
    retained_.emplace(topic, &entry);
    return true;
  }
  Entry& before = *known->second;
  known->second = &entry;
  before.add(core::Quota::retained_messages, -1);
  drop_holder(before);
  return true;
}

void AccountLedger::forget(std::uint64_t topic) {
  const os::MutexLock lock(mutex_);
  const auto known = retained_.find(topic);
  if (known == retained_.end()) return;
  Entry& entry = *known->second;
  retained_.erase(known);
  entry.add(core::Quota::retained_messages, -1);
  drop_holder(entry);
}

std::vector<AccountLedger::Shown> AccountLedger::all() {
  const os::MutexLock lock(mutex_);
  std::vector<Shown> shown;
  for (auto& [user, entry] : entries_) {
    Shown& one = shown.emplace_back();
    one.user = user;
    for (std::size_t i = 0; i < core::quota_kinds; ++i)
      one.has[i] = entry.count(static_cast<core::Quota>(i)).load(std::memory_order_relaxed);
  }
  return shown;
}

}  // namespace sluice::server
