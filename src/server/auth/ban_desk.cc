// SPDX-License-Identifier: Apache-2.0
#include "server/auth/ban_desk.h"

#include "os/clock.h"
#include "os/socket/socket_address.h"

#include <chrono>

namespace sluice::server {
namespace {

// As it stands in the list: an address, or the network of one.
std::string key_of(const std::string& address) {
  const std::string bare =
      address.ends_with("/64") ? address.substr(0, address.size() - 3) : address;
  const auto parsed = os::SocketAddress::from_ip(bare, 0);
  return parsed ? auth::ban_key(parsed->peer()) : std::string();
}

}  // namespace

void BanDesk::use(const auth::AuthOptions::Ban& options) {
  const os::MutexLock lock(mutex_);
  list_.use(options);
}

void BanDesk::tell(const std::vector<auth::BanList::Ban>& bans, Instant now) {
  for (const auto& ban : bans)
    log_.warn(
        "address_banned",
        {{"address", ban.address},
         {"seconds", std::chrono::duration_cast<std::chrono::seconds>(ban.until - now).count()},
         {"cause", auth::to_string(ban.cause)}});
}

auth::BanList::Entry BanDesk::on_connection(const Peer& peer) {
  const Instant now = os::monotonic_now();
  std::vector<auth::BanList::Ban> bans;
  auth::BanList::Entry entry{};
  {
    const os::MutexLock lock(mutex_);
    entry = list_.on_connection(peer, now);
    bans = list_.take_new();
  }
  tell(bans, now);
  return entry;
}

void BanDesk::on_failure(const Peer& peer) {
  const Instant now = os::monotonic_now();
  std::vector<auth::BanList::Ban> bans;
  {
    const os::MutexLock lock(mutex_);
    list_.on_failure(peer, now);
    bans = list_.take_new();
  }
  tell(bans, now);
}

std::vector<BanDesk::Shown> BanDesk::all() {
  const Instant now = os::monotonic_now();
  std::vector<Shown> shown;
  const os::MutexLock lock(mutex_);
  for (const auto& ban : list_.all(now))
    shown.push_back({ban.address, ban.until - now, auth::to_string(ban.cause)});
  return shown;
}

std::size_t BanDesk::size() {
  const os::MutexLock lock(mutex_);
  return list_.size(os::monotonic_now());
}

bool BanDesk::add(const std::string& address, Duration time) {
  const std::string key = key_of(address);
  if (key.empty()) return false;
  const Instant now = os::monotonic_now();
  std::vector<auth::BanList::Ban> bans;
  {
    const os::MutexLock lock(mutex_);
    list_.add(key, auth::BanList::Cause::by_hand, now + time);
    bans = list_.take_new();
  }
  tell(bans, now);
  return true;
}

bool BanDesk::remove(const std::string& address) {
  const std::string key = key_of(address);
  const os::MutexLock lock(mutex_);
  return !key.empty() && list_.remove(key);
}

}  // namespace sluice::server
