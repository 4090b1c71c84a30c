// SPDX-License-Identifier: Apache-2.0
//
// CredentialCache remembers credentials that were right, by a keyed digest, so that a client that
// comes back costs no hash. Passwords are not in it.
//
// Owner:   whoever checks credentials.      Thread: its owner's.
// Limits:  entries_max at add(); the oldest goes first.
#pragma once

#include "base/time.h"
#include "core/access/authentication.h"

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

namespace sluice::auth {

class CredentialCache {
 public:
  using Key = std::string;

  /// `secret`: fresh entropy.
  explicit CredentialCache(ByteView secret) : secret_(secret.begin(), secret.end()) {}

  /// Of all that a client has shown by user name and password.
  Key key_of(const core::AuthRequest& request) const;
  /// Null if it is not there, or no longer.
  const core::Principal* find(const Key& key, Instant now) const;
  void add(const Key& key, const core::Principal& principal, Instant until,
           std::size_t entries_max);
  void clear();
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    core::Principal principal;
    Instant until{};
  };

  std::vector<std::uint8_t> secret_;
  std::unordered_map<Key, Entry> entries_;
  std::deque<Key> order_;
};

}  // namespace sluice::auth
