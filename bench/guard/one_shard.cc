// SPDX-License-Identifier: Apache-2.0
#include "bench/guard/one_shard.h"

#include "base/assert.h"

#include <array>
#include <string>

namespace sluice::bench {
namespace {

template <class Packet>
Bytes encoded(const Packet& packet) {
  Bytes bytes(codec::encoded_size(packet, codec::Version::v3_1_1));
  SLUICE_ASSERT(codec::encode(packet, codec::Version::v3_1_1, bytes).has_value());
  return bytes;
}

}  // namespace

Bytes publish_bytes(std::string_view topic, std::size_t payload_bytes, codec::Qos qos) {
  const Bytes payload(payload_bytes, 'x');
  codec::Publish publish;
  publish.topic = topic;
  publish.payload = payload;
  publish.qos = qos;
  publish.packet_id = qos == codec::Qos::at_most_once ? 0 : 1;
  return encoded(publish);
}

OneShard::OneShard()
    : inbox_(1 << 20),
      turn_(std::make_unique<server::Turn>(core::ShardSetup{}, options_, server::TurnOptions{},
                                           rng_, log_, rings_, *this, Instant{now_})) {}

OneShard::~OneShard() = default;

bool OneShard::watch(const net::Transport&, core::ConnId id) {
  watched_ = id;
  return true;
}

OneShard::Client OneShard::connect(std::string_view name, std::string_view filter, codec::Qos qos) {
  auto [client, server] = net::MemoryTransport::make_pair({.capacity = 1 << 20});
  Client made{.end = std::move(client)};
  codec::Connect connect;
  connect.client_id = name;
  send(made, encoded(connect));
  if (!filter.empty()) {
    std::array<std::uint8_t, 256> room;
    codec::Subscribe subscribe;
    subscribe.packet_id = 1;
    subscribe.filters = *codec::SubscribeFilterWriter(room).add(filter, {.qos = qos}).finish();
    send(made, encoded(subscribe));
  }
  ready_.clear();
  turn_->begin(Instant{++now_});
  turn_->add(std::move(server), {});
  turn_->run();
  turn_->finish();
  turn();
  made.id = watched_;
  SLUICE_ASSERT(!receive(made).empty());
  return made;
}

void OneShard::send(Client& client, ByteView bytes) {
  const net::IoSlice slice{bytes.data(), bytes.size()};
  SLUICE_ASSERT(client.end->write({&slice, 1}).value_or(0) == bytes.size());
  ready_.push_back(client.id);
}

void OneShard::turn() {
  turn_->begin(Instant{++now_});
  for (const core::ConnId id : ready_) turn_->on_ready(id, {.readable = true, .writable = false});
  ready_.clear();
  turn_->run();
  turn_->finish();
}

ByteView OneShard::receive(Client& client) {
  const auto size = client.end->read(inbox_);
  return {inbox_.data(), size ? *size : 0};
}

}  // namespace sluice::bench
