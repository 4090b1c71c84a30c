// SPDX-License-Identifier: Apache-2.0
//
// Effects is everything a Shard asks of its driver: bytes to send (Output), and a list of small
// records for the rest. The driver hands the shard a batch of events, applies the list in order,
// writes every dirty lane of the output once, and calls end_turn(). Nothing else crosses the line
// outward but mail to other shards (mailer.h).
//
// Owner:   the driver of the shard.      Thread: the shard's.
#pragma once

#include "base/bytes.h"
#include "base/peer.h"
#include "core/access/authentication.h"
#include "core/access/entrance.h"
#include "core/ids.h"
#include "core/output/output.h"
#include "core/shard/chunk_requests.h"

#include <cstdint>
#include <vector>

namespace sluice::core {

enum class EffectKind : std::uint8_t {
  /// Write what the lane holds, half-close, read and throw away for a bounded time, close: an
  /// answer that went out just
  /// before must arrive although the client still sends. No event follows for this connection.
  close_gently,
  /// Write what the socket takes now, then close. No event follows for this connection.
  close,
  /// Do not read from the connection until resume.
  pause,
  resume,
  /// The connection belongs to another shard: see Effects::hand_overs[arg].
  hand_over,
  /// Make Effects::records durable; answer with Shard::on_answer(ticket `arg`).
  persist,
  /// The records of this turn hold the beginning of a checkpoint.
  checkpoint_begun,
  /// The last checkpoint is durable: replay may begin with the batch that holds its beginning, and
  /// what is before it is not needed.
  checkpoint_durable,
  /// Check Effects::auth_requests[arg]; answer with Shard::on_auth_answer(). The connection may be
  /// gone by then.
  authenticate,
  /// Write, read or forget Effects::chunk_requests[arg]; answer the first two by Shard::on_chunk()
  /// in a later turn, in any order.
  chunk,
};

struct Effect {
  EffectKind kind{};
  ConnId conn;
  std::uint64_t arg = 0;
};
static_assert(std::is_trivially_copyable_v<Effect>);

/// A connection whose CONNECT names a client of another shard, with all bytes that it has sent so
/// far.
struct HandOver {
  ConnId conn;
  ShardIndex target{};
  Opened opened;
  std::vector<std::uint8_t> bytes;
};

struct Effects {
  Output output;
  std::vector<Effect> list;
  std::vector<HandOver> hand_overs;
  std::vector<AuthRequest> auth_requests;
  std::vector<ChunkRequest> chunk_requests;
  /// Encoded records of this turn, empty where the log keeps nothing.
  std::vector<std::uint8_t> records;
  /// Whether somebody waits for the operating system to have them.
  bool is_written_awaited = false;

  void add(EffectKind kind, ConnId conn, std::uint64_t arg = 0) {
    list.push_back({kind, conn, arg});
  }
  /// After the list was applied and the lanes were written.
  void end_turn() {
    output.end_turn();
    list.clear();
    hand_overs.clear();
    auth_requests.clear();
    chunk_requests.clear();
    records.clear();
    is_written_awaited = false;
  }
};

}  // namespace sluice::core
