// SPDX-License-Identifier: Apache-2.0
//
// A MessageSource is one publisher of a benchmark: it numbers its messages, remembers when each was
// to be sent, who has not got it yet, and whether it was acknowledged. A message leaves the window
// when all of that is done. Every payload begins with a stamp that says which message it is.
//
// Owner:   Traffic.
// Limits:  slots messages are remembered; one that is still under way when its slot is needed again
//          counts as lost.
#pragma once

#include "base/time.h"
#include "cli/bench/bench_packets.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::cli {

/// What stands at the beginning of each payload.
struct MessageStamp {
  std::uint32_t run_tag = 0;
  std::uint32_t source = 0;
  std::uint64_t number = 0;

  static constexpr std::size_t bytes = 16;
};
/// False if the payload is too short to have one.
bool read_stamp(ByteView payload, MessageStamp& out);

struct SourceOptions {
  std::string topic;
  codec::Version version = codec::Version::v3_1_1;
  codec::Qos qos = codec::Qos::at_most_once;
  bool retain = false;
  std::uint32_t payload_bytes = 256;
  std::uint32_t receivers = 1;  ///< how many get each message
  std::uint32_t slots = 1024;   ///< a power of two
  MessageStamp stamp{};
};

class MessageSource {
 public:
  explicit MessageSource(const SourceOptions& options);

  std::size_t packet_bytes() const { return packet_.size(); }
  std::uint64_t next_number() const { return next_; }
  std::uint32_t under_way() const { return under_way_; }
  /// Deliveries that were given up, each receiver for itself.
  std::uint64_t lost() const { return lost_; }
  std::string_view topic() const { return options_.topic; }
  codec::Qos qos() const { return options_.qos; }
  /// False while as many messages are under way as there are slots.
  bool has_slot() const { return under_way_ < slots_.size() && under_way_ < 65'535; }

  /// The next message; `at` has room for packet_bytes().
  void write_next(std::uint8_t* at, Instant intended);

  enum class Taken : std::uint8_t { yes, twice, unknown };
  /// A receiver has got the message of this number.
  Taken on_received(std::uint64_t number);
  /// As on_received, for one that never will.
  void on_missed(std::uint64_t number);
  /// The broker has acknowledged for good.
  Taken on_acknowledged(codec::PacketId id);
  /// When the message was to be sent. REQUIRES: on_received() said yes.
  Instant intended(std::uint64_t number) const { return slot_of(number).intended; }
  /// Whatever is under way is lost.
  void give_up();

 private:
  struct Slot {
    Instant intended{};
    std::uint32_t receivers_left = 0;
    bool is_unacknowledged = false;

    bool is_done() const { return receivers_left == 0 && !is_unacknowledged; }
  };
  const Slot& slot_of(std::uint64_t number) const { return slots_[number & (slots_.size() - 1)]; }
  Slot& slot_of(std::uint64_t number) { return slots_[number & (slots_.size() - 1)]; }
  bool is_remembered(std::uint64_t number) const {
    return number < next_ && next_ - number <= slots_.size();
  }
  void abandon(Slot& slot);

  SourceOptions options_;
  PacketBytes packet_;
  std::size_t id_at_ = 0;
  std::size_t stamp_at_ = 0;
  std::vector<Slot> slots_;
  std::uint64_t next_ = 0;
  std::uint32_t under_way_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace sluice::cli
