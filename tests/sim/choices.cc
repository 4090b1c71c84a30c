// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/choices.h"

namespace sluice::sim {
namespace {

Duration ms_below(Rng& rng, std::uint64_t bound) {
  return std::chrono::milliseconds(rng.below(bound));
}

void draw_disk(Choices& c, Rng& rng) {
  c.is_synced = !rng.chance(1, 8);
  c.segments.min = std::uint64_t{16 * 1024} << rng.below(5);
  c.segments.max = c.segments.min << rng.below(4);
  if (rng.chance(3, 4)) c.checkpoint_in = 150 + rng.below(1'500);
  c.turn.checkpoint_turn_bytes = 20 + rng.below(400);
  if (rng.chance(3, 4)) c.crash_in = 1'500 + rng.below(6'000);
  if (rng.chance(3, 4)) c.down_max = ms_below(rng, 3'000);
  if (rng.chance(1, 4)) c.disk_error_in = 3'000 + rng.below(20'000);
  if (rng.chance(1, 4)) c.disk_full_in = 3'000 + rng.below(20'000);
  c.has_bit_flips = rng.chance(1, 3);
  c.core.will.restart_grace = ms_below(rng, 6'000);
  c.chunk_file_bytes = std::uint64_t{1'000} << rng.below(7);
  if (rng.chance(5, 6)) c.core.session.queue_memory_messages = 1 + rng.below(24);
}

}  // namespace

Choices Choices::draw(Rng& rng, std::uint16_t shards) {
  Choices c;
  c.shards = shards != 0 ? shards : static_cast<std::uint16_t>(1 + rng.below(Choices::shards_max));
  c.changes_shards = shards == 0 && rng.chance(3, 4);
  c.clients = static_cast<std::uint32_t>(5 + rng.below(9));
  c.has_server_turns = rng.chance(1, 2);
  c.ring_bytes = std::size_t{1024} << rng.below(8);
  c.turn.ring_overflow_bytes_max = 1'000 + rng.below(50'000);
  c.time_over_in = rng.below(4);
  c.has_log = rng.chance(4, 5);
  if (rng.chance(1, 2)) c.log_delay_max = ms_below(rng, 40);
  if (rng.chance(1, 2)) c.log_silence_in = 500 + rng.below(2'000);
  if (rng.chance(3, 4)) c.ring_delay_max = ms_below(rng, rng.chance(1, 2) ? 60 : 300);
  if (rng.chance(1, 2)) c.sleep_in = 20 + rng.below(1'000);
  c.net_delay_max = ms_below(rng, rng.chance(1, 2) ? 5 : 50);
  if (rng.chance(2, 3)) c.clog_in = 500 + rng.below(3'000);
  c.loss_in = 500 + rng.below(2'000);
  c.goodbye_in = 1'500 + rng.below(6'000);
  c.publish_in = 6 + rng.below(21);
  c.subscribe_in = 40 + rng.below(600);
  c.read_max = rng.chance(1, 3) ? 300 + rng.below(1'000) : 65'536;
  auto& core = c.core;
  if (rng.chance(1, 2)) core.session.inflight_messages_max = 1 + rng.below(20);
  core.session.queue_messages_max = 100'000;
  if (rng.chance(1, 8)) core.session.queue_messages_max = 20 + rng.below(100);
  if (rng.chance(1, 3)) core.session.inflight_bytes_max = 1'024 + rng.below(20'000);
  if (rng.chance(1, 2)) core.limits.write_buffer_bytes_max = 4'096 + rng.below(20'000);
  if (rng.chance(1, 4)) core.limits.turn_deliveries_max = 100 + rng.below(100);
  if (rng.chance(1, 4)) core.limits.turn_output_bytes_max = 64 * 1024;
  if (rng.chance(1, 2)) core.mqtt.receive_maximum = 20 + rng.below(50);
  if (rng.chance(1, 4)) c.turn.input_bytes_max = 1 + rng.below(5'000);
  if (c.has_log) draw_disk(c, rng);
  return c;
}

}  // namespace sluice::sim
