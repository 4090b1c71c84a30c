// SPDX-License-Identifier: Apache-2.0
#include "auth/abuse/failure_counter.h"

namespace sluice::auth {

std::uint64_t FailureCounter::count(const std::string& key, Instant now, Duration window) const {
  const auto found = entries_.find(key);
  if (found == entries_.end() || now - found->second.began >= window) return 0;
  return found->second.failures;
}

void FailureCounter::make_room(Instant now, Duration window) {
  while (!order_.empty() &&
         (entries_.size() >= entries_max || now - order_.front().second >= window)) {
    const auto& [key, began] = order_.front();
    const auto found = entries_.find(key);
    if (found != entries_.end() && found->second.began == began) entries_.erase(found);
    order_.pop_front();
  }
}

void FailureCounter::add(const std::string& key, Instant now, Duration window) {
  make_room(now, window);
  Entry& entry = entries_[key];
  if (entry.failures == 0 || now - entry.began >= window) {
    entry = {now, 0};
    order_.emplace_back(key, now);
  }
  ++entry.failures;
}

std::string failure_key(std::string_view address, std::string_view user) {
  std::string key(address);
  key += '\0';
  key += user;
  return key;
}

}  // namespace sluice::auth
