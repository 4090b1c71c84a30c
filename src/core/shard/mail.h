// SPDX-License-Identifier: Apache-2.0
//
// Mail is what shards of one process tell each other: one flat record a time, written into the ring
// of the pair by the sender and read in place by the receiver. A record is never stored and never
// leaves the process, so its layout is the machine's own: kind, then the fields in the order that
// fields() names them.
//
// Views of a record that was read point into it and are valid while it is handled.
// Thread: any; the functions are pure.
#pragma once

#include "base/bytes.h"
#include "base/shared_bytes.h"
#include "base/time.h"
#include "codec/types.h"
#include "core/ids.h"
#include "core/message/message.h"

#include <cstdint>
#include <string_view>

namespace sluice::core::mail {

enum class Kind : std::uint8_t {
  publish,
  shared_publish,
  interest_changed,
  shared_member,
  confirmed,
  retained_asked,
  retained_cancelled,
  retained_found,
  retained_page_end,
  outbox_confirmed,
};

/// A message for another shard: for its subscribers, to be retained there, or both.
struct Publish {
  static constexpr Kind kind = Kind::publish;
  std::string_view topic;
  ByteView properties;
  ByteView payload;  ///< empty if `body` holds it
  SharedBytes body;
  Instant received{};
  std::uint64_t sequence = 0;  ///< in the sender's outbox; 0: it is not there
  std::uint32_t expiry_s = MessageFields::no_expiry;
  codec::Qos qos = codec::Qos::at_most_once;
  bool retain = false;
  bool is_for_subscribers = true;  ///< match it against the subscriptions that are not shared
  bool is_to_retain = false;       ///< the receiver keeps the topic's retained message
  bool is_volatile = false;        ///< no log gets it

  ByteView body_or_payload() const { return body.is_empty() ? payload : body.view(); }
};

/// One copy of a shared subscription, for a member of the receiving shard.
struct SharedPublish {
  static constexpr Kind kind = Kind::shared_publish;
  Publish publish;
  std::string_view share_name;
  std::string_view filter;
  SessionSlot session = no_session;
  std::uint32_t number = 0;  ///< Session::number, so that a slot used again is told apart
  std::uint8_t hops = 0;
  bool is_again = false;  ///< from before a restart: whoever takes it tells whose turn is next
};

/// Whether the sender has subscribers below a literal prefix. Answered by Confirmed.
struct InterestChanged {
  static constexpr Kind kind = Kind::interest_changed;
  std::uint64_t key = 0;
  std::uint64_t sequence = 0;
  bool is_interested = false;
};

/// A member of a shared subscription on the sending shard came, went or changed. Answered by
/// Confirmed.
struct SharedMember {
  static constexpr Kind kind = Kind::shared_member;
  std::string_view share_name;
  std::string_view filter;
  std::uint64_t sequence = 0;
  std::uint32_t subscription_id = 0;
  SessionSlot session = no_session;
  std::uint32_t number = 0;
  codec::Qos qos = codec::Qos::at_most_once;
  bool is_gone = false;
  bool is_connected = false;
  bool is_durable = false;
  /// When it got a message of the group, as the last of its shard's members; told after a restart.
  Instant taken_at = Instant::never();
};

struct Confirmed {
  static constexpr Kind kind = Kind::confirmed;
  std::uint64_t sequence = 0;
};

/// The next page of the retained messages that match, from the topics that the receiver owns.
/// `filter` stands in the first of a query only.
struct RetainedAsked {
  static constexpr Kind kind = Kind::retained_asked;
  std::string_view filter;
  std::uint64_t query = 0;
  std::uint32_t messages_max = 0;
  std::uint32_t bytes_max = 0;
};
struct RetainedCancelled {
  static constexpr Kind kind = Kind::retained_cancelled;
  std::uint64_t query = 0;
};
/// One message of a page, which RetainedPageEnd closes.
struct RetainedFound {
  static constexpr Kind kind = Kind::retained_found;
  Publish publish;
  std::uint64_t query = 0;
};
struct RetainedPageEnd {
  static constexpr Kind kind = Kind::retained_page_end;
  std::uint64_t query = 0;
  bool is_last = true;
};

/// The sender's log has what the receiver's outbox has sent to it, up to that sequence.
struct OutboxConfirmed {
  static constexpr Kind kind = Kind::outbox_confirmed;
  std::uint64_t sequence = 0;
  bool is_after_restart = false;  ///< whatever is behind it has to be sent again
};

}  // namespace sluice::core::mail
