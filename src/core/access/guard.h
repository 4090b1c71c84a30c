// SPDX-License-Identifier: Apache-2.0
//
// Guard asks the rules what the client of a session may do, and keeps its Permit up to date: rules
// that were replaced are seen at the next question. Without rules it says yes and costs one
// comparison.
//
// Owner:   the parts of a shard that ask.      Thread: its shard's.
#pragma once

#include "core/access/access.h"
#include "core/shard/context.h"

#include <memory>
#include <optional>
#include <string_view>

namespace sluice::core {

class Guard {
 public:
  explicit Guard(Context& context) : c_(context) {}

  bool is_open() const { return c_.access.rules == nullptr; }
  bool can_publish(Session& session, const PublishIntent& intent) {
    return is_open() || permit_of(session).can_publish(intent);
  }
  /// True also for a session whose client nobody knows yet: it is asked again when one comes.
  bool can_receive(Session& session, std::string_view topic) {
    return is_open() || is_unknown(session) || permit_of(session).can_receive(topic);
  }
  std::optional<codec::Qos> can_subscribe(Session& session, std::string_view filter,
                                          codec::Qos asked) {
    return is_open() ? std::optional(asked) : permit_of(session).can_subscribe(filter, asked);
  }

  /// Whether messages of the session were taken under other rules, or for another client.
  bool is_recheck_due(const Session& session) const {
    return !is_open() && session.rules_checked != c_.access.generation;
  }
  void note_checked(Session& session) const { session.rules_checked = c_.access.generation; }

  /// For a client that is about to get its session.
  std::unique_ptr<SessionAccess> access_of(Principal principal, std::string_view client_id) const;

 private:
  static bool is_unknown(const Session& session) {
    return session.access == nullptr && !session.is_connected();
  }
  const Permit& permit_of(Session& session) const {
    if (session.access != nullptr && session.access->permit != nullptr &&
        session.access->generation == c_.access.generation) [[likely]]
      return *session.access->permit;
    return renew(session);
  }
  const Permit& renew(Session& session) const;

  Context& c_;
};

}  // namespace sluice::core
