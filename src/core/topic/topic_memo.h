// SPDX-License-Identifier: Apache-2.0
//
// TopicMemo remembers which leaves the topics published of late have matched, so that a device that
// reports under one topic is looked up once. It holds only what fits: a few hundred topics of
// common length that match a few filters. Any filter that comes or goes makes all of it void;
// subscribers that join or leave a filter that stays do not.
//
// Owner: RunTree. Thread: its shard's. Never: allocation.
// Limits: `places` topics, each of at most `topic_bytes_max` bytes and `leaves_max` leaves.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace sluice::core::topic {

class TopicMemo {
 public:
  static constexpr std::size_t places = 256;
  static constexpr std::size_t leaves_max = 4;
  static constexpr std::size_t topic_bytes_max = 104;

  TopicMemo() : entries_(std::make_unique<Entry[]>(places)) {}

  /// The leaves of the topic, if it is remembered: null if not. Valid until the next call.
  const std::uint32_t* find(std::uint64_t hash, std::string_view topic,
                            std::uint32_t& count) const {
    const Entry& entry = entries_[hash % places];
    if (entry.generation != generation_ || entry.topic_size != topic.size()) return nullptr;
    if (std::memcmp(entry.topic.data(), topic.data(), topic.size()) != 0) return nullptr;
    count = entry.count;
    return entry.leaves.data();
  }
  /// Forgets what had the place. REQUIRES: at most leaves_max.
  void put(std::uint64_t hash, std::string_view topic, std::span<const std::uint32_t> leaves) {
    if (topic.size() > topic_bytes_max) return;
    Entry& entry = entries_[hash % places];
    entry.generation = generation_;
    entry.topic_size = static_cast<std::uint16_t>(topic.size());
    entry.count = static_cast<std::uint16_t>(leaves.size());
    std::memcpy(entry.topic.data(), topic.data(), topic.size());
    for (std::size_t i = 0; i < leaves.size(); ++i) entry.leaves[i] = leaves[i];
  }
  /// A filter has come or gone.
  void forget_all() {
    if (++generation_ != 0) return;
    for (std::size_t i = 0; i < places; ++i) entries_[i] = Entry{};
    generation_ = 1;
  }
  std::size_t bytes() const { return places * sizeof(Entry); }

 private:
  struct Entry {
    std::uint32_t generation = 0;  // 0: never filled
    std::uint16_t topic_size = 0;
    std::uint16_t count = 0;
    std::array<std::uint32_t, leaves_max> leaves{};
    std::array<char, topic_bytes_max> topic{};
  };
  static_assert(sizeof(Entry) == 128);

  std::unique_ptr<Entry[]> entries_;
  std::uint32_t generation_ = 1;
};

}  // namespace sluice::core::topic
