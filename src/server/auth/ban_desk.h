// SPDX-License-Identifier: Apache-2.0
//
// BanDesk keeps the BanList for all threads: shards ask it about each connection that they accept,
// the gate tells it of wrong credentials, the administration port shows and changes it. Nothing of
// it is on the way of a message.
//
// Owner:   Server.      Thread: any.
// Limits:  those of BanList.
#pragma once

#include "auth/abuse/ban_list.h"
#include "base/log.h"
#include "os/mutex.h"

#include <string>
#include <vector>

namespace sluice::server {

class BanDesk {
 public:
  explicit BanDesk(Log& log) : log_(log) {}

  void use(const auth::AuthOptions::Ban& options);
  auth::BanList::Entry on_connection(const Peer& peer);
  void on_failure(const Peer& peer);

  struct Shown {
    std::string address;
    Duration left{};
    const char* cause = "";
  };
  std::vector<Shown> all();
  std::size_t size();
  /// The address as text; false if it is none.
  bool add(const std::string& address, Duration time);
  /// False if it was not banned.
  bool remove(const std::string& address);

 private:
  void tell(const std::vector<auth::BanList::Ban>& bans, Instant now);

  Log& log_;
  os::Mutex mutex_;
  auth::BanList list_ SLUICE_GUARDED_BY(mutex_);
};

}  // namespace sluice::server
