// SPDX-License-Identifier: Apache-2.0
#include "core/connection/flapping.h"

namespace sluice::core {

Flapping::Verdict Flapping::on_connect(std::uint64_t client, const CoreOptions::Flapping& options,
                                       Instant now) {
  if (options.connects_max == 0) return Verdict::calm;
  auto found = entries_.find(client);
  if (found == entries_.end()) {
    const auto max = static_cast<std::size_t>(options.entries_max);
    if (entries_.size() >= max)
      boost::unordered::erase_if(entries_, [now](const auto& each) {
        return each.second.window_ends <= now && each.second.banned_until <= now;
      });
    if (entries_.size() >= max) return Verdict::calm;
    found = entries_.try_emplace(client).first;
  }
  Entry& entry = found->second;
  if (entry.window_ends <= now) {
    entry.window_ends = now + options.time;
    entry.connects = 0;
  }
  ++entry.connects;
  return entry.connects == static_cast<std::uint64_t>(options.connects_max) + 1 ? Verdict::flaps
                                                                                : Verdict::calm;
}

void Flapping::ban(std::uint64_t client, Instant until) {
  const auto found = entries_.find(client);
  if (found == entries_.end()) return;
  found->second.banned_until = until;
  found->second.window_ends = until;  // what comes after the ban is counted anew
}

bool Flapping::is_banned(std::uint64_t client, Instant now) const {
  const auto found = entries_.find(client);
  return found != entries_.end() && found->second.banned_until > now;
}

}  // namespace sluice::core
