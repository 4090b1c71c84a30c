// SPDX-License-Identifier: Apache-2.0
//
// SortedTopics is the ordered set of messages, one a topic, under the RetainedStore: pages of up to
// 64 messages, under directories of up to 128 pages, under one list of directories. Pages split
// when full and join a neighbour when both are nearly empty.
//
// Owner:   RetainedStore.     Thread: its shard's.
// Never:   recursion; a change that touches more than a few pages.
// Limits:  the caller's; 25 bytes a message when pages are two thirds full.
#pragma once

#include "core/message/message.h"
#include "core/retained/sorted_page.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::core {

class SortedTopics {
 public:
  /// A place in the order; stands until the set changes.
  struct Position {
    std::uint32_t directory = 0;
    std::uint32_t page = 0;
    std::uint32_t rank = 0;
  };

  SortedTopics();
  SortedTopics(const SortedTopics&) = delete;
  SortedTopics& operator=(const SortedTopics&) = delete;

  /// Gives back the message that had the topic, or an empty handle.
  MessageRef set(MessageRef message);
  MessageRef erase(std::string_view topic);
  const Message* find(std::string_view topic) const;

  /// The first message whose topic is not before the key.
  Position lower_bound(std::string_view key) const;
  bool is_end(const Position& position) const { return position.directory == directories_.size(); }
  /// REQUIRES: !is_end().
  const MessageRef& at(const Position& position) const;
  Position next(Position position) const;
  /// Starts reading the messages that come soon after.
  void look_ahead(const Position& position) const;

  std::size_t size() const { return size_; }
  std::size_t bytes() const;

 private:
  struct TopicOfMessage {
    std::string_view operator()(const MessageRef& message) const { return message->topic(); }
  };
  using Page = SortedPage<MessageRef, TopicOfMessage, 64>;

  struct Child {
    std::string low;  ///< nothing in the page is before it
    std::unique_ptr<Page> page;
  };
  struct LowOfChild {
    std::string_view operator()(const Child& child) const { return child.low; }
  };
  struct Directory {
    std::string low;  ///< that of its first page
    SortedPage<Child, LowOfChild, 128> pages;
  };

  /// Two neighbours are joined when both have no more than this together.
  static constexpr std::uint32_t join_max = Page::capacity / 2;

  Position page_of(std::string_view key) const;
  bool is_in_last_page(std::string_view key) const;
  Position skip_empty(Position position) const;
  Page& page(const Position& position) const;
  std::string_view high_of_page(const Position& position) const;
  std::string_view high_of_directory(std::uint32_t directory) const;
  void set_bounds(const Position& position);
  void set_bounds(std::uint32_t directory);
  void split_page(const Position& position, bool is_append);
  void split_directory(std::uint32_t directory);
  void join_page(const Position& position);
  void drop_directory(std::uint32_t index);

  std::vector<std::unique_ptr<Directory>> directories_;
  std::size_t size_ = 0;
  std::size_t pages_ = 0;
  mutable Position last_{};  ///< where page_of() was last, while pages have stayed where they are
  mutable bool has_last_ = false;
};

}  // namespace sluice::core
