// SPDX-License-Identifier: Apache-2.0
//
// One shard with its turn, and clients of it, in memory: what a message costs the broker without
// what it costs the kernel.
#pragma once

#include "base/log.h"
#include "base/rng.h"
#include "codec/codec.h"
#include "net/transport/memory/memory_transport.h"
#include "server/turn/turn.h"

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace sluice::bench {

using Bytes = std::vector<std::uint8_t>;

/// A PUBLISH in MQTT 3.1.1; its identifier is 1 at QoS 1 and 2.
Bytes publish_bytes(std::string_view topic, std::size_t payload_bytes, codec::Qos qos);

class OneShard final : public server::TurnHost {
 public:
  struct Client {
    std::unique_ptr<net::MemoryTransport> end;
    core::ConnId id{};
  };

  OneShard();
  ~OneShard() override;

  /// Connected under this name; subscribed, if `filter` is not empty.
  Client connect(std::string_view name, std::string_view filter, codec::Qos qos);
  /// The bytes arrive at the shard in the next turn().
  void send(Client& client, ByteView bytes);
  void turn();
  /// All that was sent to the client; valid until the next call.
  ByteView receive(Client& client);

 private:
  bool watch(const net::Transport& transport, core::ConnId id) override;
  void unwatch(const net::Transport&) override {}
  void authenticate(core::AuthRequest) override {}

  NullLog log_;
  Rng rng_{1};
  core::CoreOptions options_;
  server::RingMatrix rings_{1, 1024};
  core::ConnId watched_{};
  std::int64_t now_ = 1;
  std::vector<core::ConnId> ready_;
  Bytes inbox_;
  std::unique_ptr<server::Turn> turn_;
};

}  // namespace sluice::bench
