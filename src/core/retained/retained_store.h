// SPDX-License-Identifier: Apache-2.0
//
// The RetainedStore keeps the last retained message of each topic. Topics lie sorted, with '/'
// before any other byte, so that all that begins alike stands together; RetainedQuery walks them.
//
// Owner:   Shard (exactly one).             Thread: its shard's.
// Never:   a look at expiry: the caller's; an order that depends on anything but the topics.
// Limits:  the caller's, on client_count() and client_bytes(); 25 bytes beside each message.
// Spec:    MQTT 5.0 §3.3.1.3; MQTT 3.1.1 §3.3.1.3.
#pragma once

#include "base/assert.h"
#include "core/message/message.h"
#include "core/retained/sorted_topics.h"
#include "core/topic/sys_topic.h"

#include <cstddef>
#include <string_view>
#include <utility>

namespace sluice::core {

class RetainedStore {
 public:
  RetainedStore() = default;
  RetainedStore(const RetainedStore&) = delete;
  RetainedStore& operator=(const RetainedStore&) = delete;

  /// The message stands for its topic from now on; gives back what stood there, or an empty handle.
  /// REQUIRES: a message with a topic name that codec::check_topic_name() accepts.
  MessageRef set(MessageRef message) {
    SLUICE_ASSERT(message && !message->topic().empty());
    const Totals added{1, message->memory_bytes()};
    const bool is_brokers = is_reserved_topic(message->topic());
    all_ += added;
    if (is_brokers) brokers_ += added;
    return without(topics_.set(std::move(message)));
  }
  /// Gives back what stood there, or an empty handle.
  MessageRef erase(std::string_view topic) { return without(topics_.erase(topic)); }
  /// Null if there is none. Valid until the store changes.
  const Message* find(std::string_view topic) const { return topics_.find(topic); }

  std::size_t count() const { return topics_.size(); }
  /// Memory of the messages (Message::memory_bytes()).
  std::size_t message_bytes() const { return all_.bytes; }
  /// The same without what the broker says of itself: what limits are about.
  std::size_t client_count() const { return all_.count - brokers_.count; }
  std::size_t client_bytes() const { return all_.bytes - brokers_.bytes; }
  /// Memory of the store beside them.
  std::size_t index_bytes() const { return topics_.bytes(); }

  /// f(const MessageRef&) for each message, in the order of topics. The store must not change
  /// meanwhile; RetainedQuery does the same in pages.
  template <class F>
  void for_each(F&& f) const {
    for (auto i = topics_.lower_bound({}); !topics_.is_end(i); i = topics_.next(i))
      f(topics_.at(i));
  }
  const SortedTopics& topics() const { return topics_; }

 private:
  struct Totals {
    std::size_t count = 0;
    std::size_t bytes = 0;
    Totals& operator+=(const Totals& other) {
      count += other.count;
      bytes += other.bytes;
      return *this;
    }
    Totals& operator-=(const Totals& other) {
      count -= other.count;
      bytes -= other.bytes;
      return *this;
    }
  };

  MessageRef without(MessageRef gone) {
    if (!gone) return gone;
    const Totals lost{1, gone->memory_bytes()};
    all_ -= lost;
    if (is_reserved_topic(gone->topic())) brokers_ -= lost;
    return gone;
  }

  SortedTopics topics_;
  Totals all_;
  Totals brokers_;
};

}  // namespace sluice::core
