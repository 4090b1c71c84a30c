// SPDX-License-Identifier: Apache-2.0
//
// A BanList says which addresses may not connect for now: who has failed or connected too often in
// a while, or whom the operator has named. It also holds each address to its rate of connections.
// IPv6 addresses of one network (/64) count as one: their owner has them all.
//
// Owner:   whoever lets clients in.      Thread: its owner's.
// Limits:  ban.entries_max; the ban that ends first goes for a new one.
#pragma once

#include "auth/abuse/failure_counter.h"
#include "auth/options.h"
#include "base/peer.h"
#include "core/connection/client_rates.h"

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace sluice::auth {

/// "192.0.2.7", "2001:db8:0:1::/64"; empty for what is no address.
std::string ban_key(const Peer& peer);

class BanList {
 public:
  enum class Cause : std::uint8_t { failures, connections, by_hand };
  struct Ban {
    std::string address;
    Instant until{};
    Cause cause{};
  };
  enum class Entry : std::uint8_t { granted, banned, too_fast };

  void use(const AuthOptions::Ban& options) { options_ = options; }

  /// A connection wants in: it is counted.
  Entry on_connection(const Peer& peer, Instant now);
  /// Credentials were wrong.
  void on_failure(const Peer& peer, Instant now);
  void add(const std::string& key, Cause cause, Instant until);
  /// False if it was not banned.
  bool remove(const std::string& key) { return bans_.erase(key) != 0; }
  bool is_banned(const std::string& key, Instant now) const;
  std::vector<Ban> all(Instant now) const;
  /// The bans since the last time that this was asked.
  std::vector<Ban> take_new();
  std::size_t size(Instant now) const { return all(now).size(); }

 private:
  bool is_exempt(const Peer& peer) const { return peer.is_local() && !options_.local; }
  bool is_too_fast(const std::string& key, Instant now);
  void make_room();

  AuthOptions::Ban options_;
  std::unordered_map<std::string, Ban> bans_;
  std::unordered_map<std::string, core::RateMeter> rates_;
  FailureCounter failures_;
  FailureCounter connections_;
  std::vector<Ban> new_;
};

const char* to_string(BanList::Cause cause);

}  // namespace sluice::auth
