// SPDX-License-Identifier: Apache-2.0
//
// The RetainedStore keeps the last retained message of each topic. Topics lie sorted, with '/'
// before any other byte, so that all that begins alike stands together; RetainedQuery walks them.
//
// Owner:   Shard (exactly one).             Thread: its shard's.
// Never:   a look at expiry: the caller's; an order that depends on anything but the topics.
// Limits:  the caller's, on count() and message_bytes(); 25 bytes a message beside the message.
// Spec:    MQTT 5.0 §3.3.1.3; MQTT 3.1.1 §3.3.1.3.
#pragma once

#include "base/assert.h"
#include "core/message/message.h"
#include "core/retained/sorted_topics.h"

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
    message_bytes_ += message->memory_bytes();
    return without(topics_.set(std::move(message)));
  }
  /// Gives back what stood there, or an empty handle.
  MessageRef erase(std::string_view topic) { return without(topics_.erase(topic)); }
  /// Null if there is none. Valid until the store changes.
  const Message* find(std::string_view topic) const { return topics_.find(topic); }

  std::size_t count() const { return topics_.size(); }
  /// Memory of the messages (Message::memory_bytes()).
  std::size_t message_bytes() const { return message_bytes_; }
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
  MessageRef without(MessageRef gone) {
    if (gone) message_bytes_ -= gone->memory_bytes();
    return gone;
  }

  SortedTopics topics_;
  std::size_t message_bytes_ = 0;
};

}  // namespace sluice::core
