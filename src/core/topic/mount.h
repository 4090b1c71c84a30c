// SPDX-License-Identifier: Apache-2.0
//
// A mount point stands before every topic and filter of the clients of a listener, and is taken off
// what they are sent: they see a tree of their own. What the broker says of itself, below $SYS, is
// the same for all.
//
// Thread: any (pure).
#pragma once

#include "base/bytes.h"
#include "codec/property.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::core {

inline constexpr std::size_t mounted_topic_bytes_max = 65535;

/// Of a topic of a client.
std::string mounted_topic(std::string_view mount, std::string_view topic);
/// Of a filter of a client, which may be $share/NAME/FILTER. REQUIRES: a valid one.
std::string mounted_filter(std::string_view mount, std::string_view filter);
/// A topic as a client of that mount point sees it.
inline std::string_view unmounted_topic(std::string_view mount, std::string_view topic) {
  return topic.starts_with(mount) && topic.size() > mount.size() ? topic.substr(mount.size())
                                                                 : topic;
}

enum class MountWay : std::uint8_t { in, out };
/// The properties with their Response Topic, which is a topic of the client's too, put under the
/// mount point (in) or taken from it (out). Lives as long as `place`.
codec::Properties mounted_properties(std::string_view mount, codec::Properties properties,
                                     MountWay way, std::vector<std::uint8_t>& place);

}  // namespace sluice::core
