// SPDX-License-Identifier: Apache-2.0
//
// Quotas holds users to what each may have: it opens the account of a client that connects and
// counts what its sessions take. A client without a user name counts with the others of its
// address.
//
// Owner:   the parts of a shard that ask.      Thread: its shard's.
// Limits:  quota.*, and what rules say of single users.
#pragma once

#include "core/shard/context.h"

#include <string_view>

namespace sluice::core {

class Quotas {
 public:
  explicit Quotas(Context& context) : c_(context) {}

  /// Null where nothing is counted.
  AccountHold open(const Connection& connection, const SessionAccess* access,
                   std::string_view client_id) const;
  /// True, and counted, if the user may have so many more. Counts and logs a refusal.
  bool take(Account* account, Quota quota, std::uint64_t amount) const {
    return account == nullptr || take_of(*account, quota, amount);
  }
  /// A retained message of that topic is about to be kept for the user of a session.
  bool retain(SessionSlot publisher, std::string_view topic) const;
  /// From now on what the session has counts for that account.
  void bind(Session& session, AccountHold account) const;

 private:
  bool is_counting() const;
  std::uint64_t max_of(const Account& account, Quota quota) const;
  bool take_of(Account& account, Quota quota, std::uint64_t amount) const;
  void refuse(const Account& account, Quota quota) const;

  Context& c_;
};

}  // namespace sluice::core
