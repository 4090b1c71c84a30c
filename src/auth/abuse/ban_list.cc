// SPDX-License-Identifier: Apache-2.0
#include "auth/abuse/ban_list.h"

#include <algorithm>
#include <utility>

namespace sluice::auth {

std::string ban_key(const Peer& peer) {
  if (!peer.is_ip() && !peer.is_local()) return {};
  if (peer.kind != PeerKind::ipv6 || peer.is_local()) return address_text(peer);
  Peer network = peer;
  network.id = 0;
  std::fill(network.address.begin() + 8, network.address.end(), std::uint8_t{0});
  return address_text(network) + "/64";
}

const char* to_string(BanList::Cause cause) {
  switch (cause) {
    case BanList::Cause::failures:
      return "failures";
    case BanList::Cause::connections:
      return "connections";
    case BanList::Cause::by_hand:
      break;
  }
  return "operator";
}

bool BanList::is_banned(const std::string& key, Instant now) const {
  const auto found = bans_.find(key);
  return found != bans_.end() && found->second.until > now;
}

bool BanList::is_too_fast(const std::string& key, Instant now) {
  if (options_.connections_per_s == 0) return false;
  const core::RateMeter::Limit limit{options_.connections_per_s, options_.connections_burst != 0
                                                                     ? options_.connections_burst
                                                                     : options_.connections_per_s};
  if (rates_.size() >= options_.entries_max)
    std::erase_if(rates_, [&](const auto& each) { return each.second.free_at(limit) <= now; });
  // Who finds no place here is one of very many, who are slow or they would stand in it.
  if (rates_.size() >= options_.entries_max && !rates_.contains(key)) return false;
  core::RateMeter& rate = rates_[key];
  if (rate.free_at(limit) > now) return true;
  rate.take(limit, 1, now);
  return false;
}

BanList::Entry BanList::on_connection(const Peer& peer, Instant now) {
  const std::string key = ban_key(peer);
  if (key.empty()) return Entry::granted;
  if (is_banned(key, now)) return Entry::banned;
  if (is_exempt(peer)) return Entry::granted;
  if (options_.connections_max > 0) {
    connections_.add(key, now, options_.connections_time);
    if (connections_.count(key, now, options_.connections_time) > options_.connections_max) {
      connections_.forget(key);
      add(key, Cause::connections, now + options_.time);
      return Entry::banned;
    }
  }
  return is_too_fast(key, now) ? Entry::too_fast : Entry::granted;
}

void BanList::on_failure(const Peer& peer, Instant now) {
  const std::string key = ban_key(peer);
  if (key.empty() || is_exempt(peer) || options_.failures_max == 0) return;
  failures_.add(key, now, options_.failures_time);
  if (failures_.count(key, now, options_.failures_time) < options_.failures_max) return;
  failures_.forget(key);
  add(key, Cause::failures, now + options_.time);
}

void BanList::make_room() {
  const auto first =
      std::ranges::min_element(bans_, {}, [](const auto& each) { return each.second.until; });
  bans_.erase(first);
}

void BanList::add(const std::string& key, Cause cause, Instant until) {
  if (bans_.size() >= options_.entries_max && !bans_.contains(key)) make_room();
  const Ban ban{key, until, cause};
  bans_.insert_or_assign(key, ban);
  constexpr std::size_t untold_max = 1000;
  if (new_.size() < untold_max) new_.push_back(ban);
}

std::vector<BanList::Ban> BanList::all(Instant now) const {
  std::vector<Ban> listed;
  for (const auto& [key, ban] : bans_)
    if (ban.until > now) listed.push_back(ban);
  std::ranges::sort(listed, {}, &Ban::address);
  return listed;
}

std::vector<BanList::Ban> BanList::take_new() { return std::exchange(new_, {}); }

}  // namespace sluice::auth
