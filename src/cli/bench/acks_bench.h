// SPDX-License-Identifier: Apache-2.0
//
// AcksBench: how soon and how often a broker acknowledges what it must keep. Publishers send at
// QoS 1 or 2 to one client that is away, a number of messages each without an answer; then the
// client comes back, and everything that was acknowledged has to be there, in its order.
#pragma once

#include "cli/bench/histogram.h"
#include "cli/bench/message_source.h"
#include "cli/bench/state_bench.h"

#include <vector>

namespace sluice::cli {

class AcksBench final : public StateBench {
 public:
  using StateBench::StateBench;
  BenchResult run() override;

 private:
  struct Publisher {
    std::uint64_t next = 0;          ///< the number of its next message
    std::uint64_t acknowledged = 0;  ///< so many
    std::vector<Instant> due;        ///< by packet identifier: when it was to be sent
  };

  void on_message(LinkIndex link, const codec::Publish& publish) override;
  void on_published(LinkIndex link, const WireAck& ack) override;
  void before_flush() override;

  BenchIdentity identity(bool clean_start) const;
  codec::Qos qos() const;
  BenchResult leave_a_session();
  BenchResult measure_controls();
  BenchResult measure();
  BenchResult check_what_was_kept();
  void add_time(const std::string& name, const std::string& label, Duration time);
  void send_due();
  void send(std::size_t publisher, Instant due);

  LinkIndex first_ = 0;  ///< of the publishers
  LinkIndex back_ = 0;   ///< the client once it is back
  std::vector<Publisher> publishers_;
  std::vector<LinkIndex> answered_;   ///< in this turn, once for each acknowledgement
  std::vector<std::uint64_t> taken_;  ///< by publisher, of the client that is back
  PacketBytes packet_;                ///< of the message under way; kept for its memory
  std::string topic_;
  std::vector<std::uint8_t> payload_;
  std::uint64_t sent_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t scheduled_ = 0;  ///< of the open loop, sent
  Instant began_{};
  bool is_sending_ = false;
  bool is_measuring_ = false;
  Histogram latency_;
};

}  // namespace sluice::cli
