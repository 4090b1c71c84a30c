// SPDX-License-Identifier: Apache-2.0
//
// Topic aliases of one connection. InboundAliases remembers what the client named; OutboundAliases
// chooses: a topic gets an alias when it is first sent, the alias used longest ago gives way.
//
// Owner:   Connection; made with the first use.     Thread: its shard's.
// Limits:  mqtt.topic_alias_maximum; the client's Topic Alias Maximum and
//          mqtt.topic_alias_maximum_outbound.
// Spec:    MQTT 5.0 §3.3.2.3.4.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::core {

class InboundAliases {
 public:
  /// REQUIRES: alias >= 1, and within the maximum that was announced.
  void set(std::uint16_t alias, std::string_view topic) {
    if (topics_.size() < alias) topics_.resize(alias);
    topics_[alias - 1U] = topic;
  }
  /// Empty if the alias was never set; valid until one is set.
  std::string_view find(std::uint16_t alias) const {
    return alias <= topics_.size() ? std::string_view(topics_[alias - 1U]) : std::string_view();
  }

 private:
  std::vector<std::string> topics_;
};

class OutboundAliases {
 public:
  explicit OutboundAliases(std::uint16_t maximum) : maximum_(maximum) {}

  struct Choice {
    std::uint16_t alias = 0;
    bool is_known = false;  ///< the client has it: the topic may be left out
  };
  Choice choose(std::string_view topic);

 private:
  struct Entry {
    std::string topic;
    std::uint64_t used = 0;
  };
  std::vector<Entry> entries_;
  std::uint64_t uses_ = 0;
  std::uint16_t maximum_;
};

/// What is done to the topics of a connection, where anything is.
struct TopicChanges {
  std::string mount{};  ///< its listener's mount point, as it was when the client connected
  OutboundAliases aliases;
};

}  // namespace sluice::core
