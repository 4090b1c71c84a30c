// SPDX-License-Identifier: Apache-2.0
#include "core/connection/topic_aliases.h"

#include <algorithm>

namespace sluice::core {

OutboundAliases::Choice OutboundAliases::choose(std::string_view topic) {
  if (maximum_ == 0) return {};
  ++uses_;
  const auto number = [this](const Entry& entry) {
    return static_cast<std::uint16_t>(&entry - entries_.data() + 1);
  };
  const auto known = std::ranges::find(entries_, topic, &Entry::topic);
  if (known != entries_.end()) {
    known->used = uses_;
    return {number(*known), true};
  }
  if (entries_.size() < maximum_) {
    entries_.push_back({std::string(topic), uses_});
    return {number(entries_.back()), false};
  }
  Entry& oldest = *std::ranges::min_element(entries_, {}, &Entry::used);
  oldest.topic = topic;
  oldest.used = uses_;
  return {number(oldest), false};
}

}  // namespace sluice::core
