// SPDX-License-Identifier: Apache-2.0
//
// A client machine against any bytes from the server, in any cut: the first byte says which options
// it has, each piece is preceded by a byte that says how long it is and what happens before it.
// Nothing that a server sends reaches an assertion, and what the machine answers is well formed.
#include "client/machine/client_machine.h"
#include "codec/codec.h"

#include <algorithm>
#include <cstdlib>

namespace sluice::client {
namespace {

MachineOptions options_of(std::uint8_t choice) {
  MachineOptions options;
  options.version = (choice & 1U) != 0 ? codec::Version::v5 : codec::Version::v3_1_1;
  options.client_id = "f";
  options.clean_start = (choice & 2U) != 0 ? CleanStart::never : CleanStart::always;
  options.prior_session = (choice & 2U) != 0 ? PriorSession::resumed : PriorSession::none;
  options.acknowledge = (choice & 4U) != 0 ? Acknowledge::manually : Acknowledge::automatically;
  options.session_loss = (choice & 8U) != 0 ? SessionLoss::publish_again : SessionLoss::discard;
  options.topic_alias_max = 4;
  options.receive_maximum = 8;
  options.packet_bytes_max = 4'096;
  return options;
}

/// Acknowledges some messages, and publishes from within others.
class FuzzEvents : public NoClientEvents {
 public:
  void on_message(const Message& message) override {
    if ((message.publish.payload.size() & 1U) != 0) deliveries.push_back(message.delivery);
  }
  std::vector<DeliveryId> deliveries;
};

class Driver {
 public:
  explicit Driver(std::uint8_t choice) : machine_(options_of(choice), events_) {
    machine_.on_opened(now_);
  }

  void run(ByteView input) {
    while (!input.empty()) {
      const std::uint8_t control = input[0];
      input = input.subspan(1);
      act(control >> 5);
      const ByteView piece = input.first(std::min<std::size_t>(control & 31U, input.size()));
      input = input.subspan(piece.size());
      if (machine_.state() != MachineState::idle) machine_.on_bytes(piece, now_);
      check_output();
    }
  }

 private:
  void act(unsigned action) {
    codec::Publish publish;
    publish.topic = "t";
    switch (action) {
      case 1:
      case 2:
        publish.qos = static_cast<codec::Qos>(action);
        static_cast<void>(machine_.publish(publish, now_));
        return;
      case 3:
        now_ = now_ + 30s;
        machine_.on_deadline(now_);
        return;
      case 4:
        machine_.on_closed({.code = ErrorCode::closed}, now_);
        machine_.on_opened(now_);
        return;
      case 5:
        for (const DeliveryId delivery : events_.deliveries) {
          static_cast<void>(machine_.acknowledge(delivery, codec::ReasonCode::success, now_));
        }
        events_.deliveries.clear();
        return;
      default:
        return;
    }
  }

  void check_output() {
    while (!machine_.output().empty()) {
      const codec::Version version = machine_.options().version;
      const auto frame = codec::peek_frame(machine_.output(), version);
      if (!frame.is_complete()) std::abort();
      const auto packet = codec::decode(machine_.output().first(frame.total), version,
                                        codec::Direction::to_server, {});
      if (!packet) std::abort();
      machine_.consume(frame.total);
    }
  }

  FuzzEvents events_;
  ClientMachine machine_;
  Instant now_{1'000'000'000};
};

}  // namespace
}  // namespace sluice::client

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  sluice::client::Driver(data[0]).run({data + 1, size - 1});
  return 0;
}
