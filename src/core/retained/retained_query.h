// SPDX-License-Identifier: Apache-2.0
//
// A RetainedQuery hands out the retained messages that one filter matches, page after page, in the
// order of topics. Between pages it remembers a topic, not a place, so the store may change: a
// message that stands all the time comes exactly once; one that is set or erased meanwhile, at most
// once. Topics that cannot match are jumped over, all that begin alike at once.
//
// Owner:   who answers the SUBSCRIBE.       Thread: the store's.
// Never:   recursion; more than steps_max topics looked at in a page.
// Limits:  the caller's PageLimits.
// Spec:    MQTT 5.0 §3.3.1.3, §4.7; MQTT 3.1.1 §3.3.1.3, §4.7.
#pragma once

#include "core/retained/retained_store.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::core {

/// What one page may hold; one message is handed out even if it alone has more bytes.
struct PageLimits {
  std::size_t messages_max = 0;
  std::size_t bytes_max = 0;  ///< topic, properties and payload
};

class RetainedQuery {
 public:
  /// Topics looked at in one page, matching or not.
  static constexpr std::uint32_t steps_max = 10'000;

  /// REQUIRES: a filter that codec::check_topic_filter() accepts, without `$share`.
  explicit RetainedQuery(std::string_view filter);

  /// f(const MessageRef&) for each message of the next page; true if there may be more. A page can
  /// be empty where many topics do not match. The store must not change within the call.
  /// REQUIRES: limits.messages_max > 0.
  template <class F>
  bool next(const RetainedStore& store, const PageLimits& limits, F&& f);

  bool is_done() const { return is_done_; }

 private:
  using Position = SortedTopics::Position;
  enum class Verdict : std::uint8_t { match, step, jump, done };

  Verdict judge(std::string_view topic);
  Verdict judge_parent(std::string_view topic, std::size_t f);
  Verdict jump_to(std::string_view topic, std::string_view behind);
  Verdict jump_past_plus(std::string_view topic);

  std::string filter_;
  std::string resume_;        ///< nothing before this topic is of interest any more
  std::size_t plus_end_ = 0;  ///< where the level of the last '+' ends in the topic judged
  bool is_done_ = false;
};

template <class F>
bool RetainedQuery::next(const RetainedStore& store, const PageLimits& limits, F&& f) {
  if (is_done_) return false;
  const SortedTopics& topics = store.topics();
  std::size_t messages = 0;
  std::size_t bytes = 0;
  Position at = topics.lower_bound(resume_);
  for (std::uint32_t steps = 0; !topics.is_end(at); ++steps) {
    const MessageRef& message = topics.at(at);
    const std::string_view topic = message->topic();
    if (steps == steps_max) {
      resume_ = topic;
      return true;
    }
    topics.look_ahead(at);
    switch (judge(topic)) {
      case Verdict::match:
        bytes += topic.size() + message->properties().size() + message->payload().size();
        if (messages == limits.messages_max || (messages > 0 && bytes > limits.bytes_max)) {
          resume_ = topic;
          return true;
        }
        ++messages;
        f(message);
        at = topics.next(at);
        break;
      case Verdict::step:
        at = topics.next(at);
        break;
      case Verdict::jump:
        at = topics.lower_bound(resume_);
        break;
      case Verdict::done:
        is_done_ = true;
        return false;
    }
  }
  is_done_ = true;
  return false;
}

}  // namespace sluice::core
