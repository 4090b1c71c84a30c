// SPDX-License-Identifier: Apache-2.0
//
// The RetainedStore keeps the last retained message of each topic and hands out those that a filter
// matches, in pages. Topics lie sorted (SortedTopics) with '/' before any other byte, so that all
// that begins alike stands together and a query is a walk with jumps.
//
// Owner:   Shard (exactly one).             Thread: its shard's.
// Never:   a look at expiry: the caller's; recursion; an order that depends on anything but topics.
// Limits:  the caller's (retained.messages_max, retained.bytes_max); about 30 bytes a message
//          beside the message.
// Spec:    MQTT 5.0 §3.3.1.3, §4.7; MQTT 3.1.1 §3.3.1.3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/message/message.h"
#include "core/retained/sorted_topics.h"

namespace sluice::core {

class RetainedStore {
 public:
  RetainedStore() = default;
  RetainedStore(const RetainedStore&) = delete;
  RetainedStore& operator=(const RetainedStore&) = delete;

  /// Stands for its topic from now on; gives back what stood there, or an empty handle.
  /// REQUIRES: a message.
  MessageRef set(MessageRef message);
  /// Gives back what stood there, or an empty handle.
  MessageRef erase(std::string_view topic);
  /// Null if there is none. Valid until the store changes.
  const Message* find(std::string_view topic) const;

  std::size_t count() const { return messages_.size(); }
  /// Memory of the messages (Message::memory_bytes()), and of the store beside them.
  std::size_t message_bytes() const { return message_bytes_; }
  std::size_t index_bytes() const { return messages_.bytes(); }

  /// f(const MessageRef&) for each message, in the order of topics. The store must not change
  /// meanwhile.
  template <class F>
  void for_each(F&& f) const;

 private:
  friend class RetainedQuery;

  SortedTopics messages_;
  std::size_t message_bytes_ = 0;
};

/// What one page of a query may hold; at least one message is handed out if any is left.
struct PageLimits {
  std::size_t messages_max = 0;
  std::size_t bytes_max = 0;  ///< topic, properties and payload
};

/// The retained messages that one filter matches, page after page, in the order of topics. The store
/// may change between pages: a message that stands all the time comes exactly once, one that is set
/// or erased meanwhile comes at most once.
class RetainedQuery {
 public:
  /// REQUIRES: a filter that codec::check_topic_filter() accepts, without `$share`.
  explicit RetainedQuery(std::string_view filter) : filter_(filter) {}

  /// f(const MessageRef&) for each message of the next page; true if there may be more. After so
  /// many steps without a match (`steps_max`) a page ends early, even empty. The store must not
  /// change meanwhile.
  template <class F>
  bool next(const RetainedStore& store, const PageLimits& limits, F&& f);

 private:
  std::string filter_;
  std::string resume_;  ///< where the next page begins
  bool is_done_ = false;
};

}  // namespace sluice::core
