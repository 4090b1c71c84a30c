// SPDX-License-Identifier: Apache-2.0
//
// The Manifest says what a directory of the store holds: how many logs, and the keys that were
// drawn when it was made. It is a short text that people can read, with a checksum; it is replaced
// as a whole, by a rename. Likewise a ReplayStart, which says where reading a log begins.
//
// Thread: any (values).
#pragma once

#include "base/siphash.h"
#include "store/log.h"
#include "store/problem.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::store {

struct Manifest {
  std::uint64_t generation = 1;  ///< of the logs: it grows when they are written anew
  std::uint16_t shards = 1;
  HashKey placement_key;  ///< client id to shard, topic to the shard of its retained message
  std::uint64_t salt = 0;

  bool operator==(const Manifest&) const = default;
};

std::string to_text(const Manifest& manifest);
/// `path`: for the words of a Problem.
Checked<Manifest> read_manifest(std::string_view text, const std::string& path);

/// Replay begins at this batch, which is in that segment or behind it.
struct ReplayStart {
  std::uint64_t segment = 1;
  Position position = first_position;

  bool operator==(const ReplayStart&) const = default;
};

std::string to_text(const ReplayStart& start);
Checked<ReplayStart> read_replay_start(std::string_view text, const std::string& path);

}  // namespace sluice::store
