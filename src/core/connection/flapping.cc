// SPDX-License-Identifier: Apache-2.0
#include "core/connection/flapping.h"

namespace sluice::core {

Flapping::Verdict Flapping::on_connect(std::uint64_t client, const CoreOptions::Flapping& options,
                                       Instant now) {
  if (options.connects_max == 0) return Verdict::calm;
  if (window_ends_ <= now) {
    window_ends_ = now + options.time;
    connects_ = Connects();
  }
  const auto key = static_cast<std::uint32_t>(client);
  auto found = connects_.find(key);
  if (found == connects_.end()) {
    if (connects_.size() >= static_cast<std::size_t>(options.entries_max)) return Verdict::calm;
    found = connects_.try_emplace(key).first;
  }
  ++found->second;
  return found->second == static_cast<std::uint64_t>(options.connects_max) + 1 ? Verdict::flaps
                                                                               : Verdict::calm;
}

// What comes after the ban is counted anew.
bool Flapping::ban(std::uint64_t client, const CoreOptions::Flapping& options, Instant now) {
  const auto max = static_cast<std::size_t>(options.entries_max);
  if (banned_until_.size() >= max)
    boost::unordered::erase_if(banned_until_,
                               [now](const auto& each) { return each.second <= now; });
  if (banned_until_.size() >= max && !banned_until_.contains(client)) return false;
  banned_until_[client] = now + options.ban_time;
  connects_.erase(static_cast<std::uint32_t>(client));
  return true;
}

bool Flapping::is_banned(std::uint64_t client, Instant now) const {
  const auto found = banned_until_.find(client);
  return found != banned_until_.end() && found->second > now;
}

}  // namespace sluice::core
