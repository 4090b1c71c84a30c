// SPDX-License-Identifier: Apache-2.0
//
// What one seed draws once: how many clients, which faults and how often, which limits. Each seed
// its own mixture, so that rare things are common in some runs.
//
// Thread:  none, plain values.
#pragma once

#include "base/rng.h"
#include "base/time.h"
#include "core/shard/options.h"
#include "server/turn/turn.h"
#include "store/wal/log_writer.h"

#include <cstdint>

namespace sluice::sim {

struct Choices {
  static constexpr std::uint16_t shards_max = 4;

  std::uint16_t shards = 1;
  std::uint32_t clients = 8;
  bool has_server_turns = false;  ///< the server's own Turn and rings, or a driver with a slow log
  std::size_t ring_bytes = 0;
  server::TurnOptions turn;
  std::uint64_t time_over_in = 0;
  bool has_log = false;   ///< on a disk; without it memory is as durable as it gets
  bool is_synced = true;  ///< each commit; without it a power cut may take what was answered
  store::SegmentSizes segments;
  std::uint64_t chunk_file_bytes = std::uint64_t{1} << 20;
  std::uint64_t checkpoint_in = 0;  ///< one of the server's turns in so many asks for one
  bool changes_shards = false;      ///< at a restart, now and then
  std::uint64_t crash_in = 0;       ///< one tick in so many the broker is killed
  Duration down_max{};              ///< how long it is gone then
  std::uint64_t disk_error_in = 0;
  std::uint64_t disk_full_in = 0;
  bool has_bit_flips = false;
  Duration log_delay_max{};
  std::uint64_t log_silence_in = 0;  ///< one tick in so many begins a silence; 0: none
  Duration ring_delay_max{};         ///< each pair draws its own up to this
  std::uint64_t sleep_in = 0;        ///< one turn in so many is followed by a shard's pause
  Duration net_delay_max{};
  std::uint64_t clog_in = 0;  ///< one tick of a link in so many
  std::uint64_t loss_in = 0;  ///< one tick of a client in so many
  std::uint64_t goodbye_in = 0;
  std::uint64_t publish_in = 0;
  std::uint64_t subscribe_in = 0;
  std::size_t read_max = 0;  ///< bytes taken from a socket in one turn
  core::CoreOptions core;

  static Choices draw(Rng& rng, std::uint16_t shards);
};

}  // namespace sluice::sim
