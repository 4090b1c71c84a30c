// SPDX-License-Identifier: Apache-2.0
//
// What the core asks of access control: AccessRules makes for each client a Permit, and the Permit
// answers on the way of every message. Without rules nothing is asked and nothing is paid.
//
// Owner:   rules: server/, they outlive every use; a Permit: its session.
// Thread:  rules any (immutable), a Permit its shard's.
// Never:   I/O, a clock.
#pragma once

#include "base/assert.h"
#include "codec/types.h"
#include "core/access/account.h"
#include "core/access/entrance.h"
#include "core/access/principal.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice::core {

/// A PUBLISH as rules look at it.
struct PublishIntent {
  std::string_view topic;
  codec::Qos qos = codec::Qos::at_most_once;
  bool retain = false;
};

/// What one client may do.
class Permit {
 public:
  virtual ~Permit() = default;
  virtual bool can_publish(const PublishIntent& intent) const = 0;
  virtual bool can_receive(std::string_view topic) const = 0;
  /// The QoS that may be granted, at most `asked`; nothing if the filter is refused. `filter` is
  /// without $share/NAME/.
  virtual std::optional<codec::Qos> can_subscribe(std::string_view filter,
                                                  codec::Qos asked) const = 0;
};

class AccessRules {
 public:
  virtual ~AccessRules() = default;
  virtual std::unique_ptr<Permit> permit(const Principal& principal,
                                         std::string_view client_id) const = 0;
  /// What the user of a client (its identifier) may have, where that is not as the options say.
  virtual OwnQuotas quotas_of(const Principal&, std::string_view) const { return {}; }
};

/// What a shard is told of access control; a new one replaces it whole.
struct AccessSettings {
  const AccessRules* rules = nullptr;  ///< null: everybody may do everything
  std::uint32_t generation = 0;        ///< differs between any two sets of rules
  bool is_authenticating = false;      ///< whether credentials are asked for and checked
  /// By EntranceId; it outlives every use. Null: there is one listener, and it is open to all.
  const std::vector<Entrance>* entrances = nullptr;

  const Entrance& entrance(EntranceId id) const {
    static const Entrance open;
    if (entrances == nullptr) return open;
    SLUICE_ASSERT(static_cast<std::size_t>(id) < entrances->size());
    return (*entrances)[static_cast<std::size_t>(id)];
  }
};

/// Who the client of a session is, and what it may do.
struct SessionAccess {
  Principal principal{};
  std::unique_ptr<Permit> permit{};
  std::uint32_t generation = 0;  ///< of the rules that `permit` is made of
};

}  // namespace sluice::core
