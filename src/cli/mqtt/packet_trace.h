// SPDX-License-Identifier: Apache-2.0
//
// A PacketTrace writes a line for each packet that goes or comes, in the words of mosquitto's -d.
//
// Owner:   a client command.
#pragma once

#include "client/link.h"
#include "client/machine/packet_assembler.h"

#include <cstdio>
#include <string>

namespace sluice::cli {

class PacketTrace final : public client::TrafficObserver {
 public:
  /// `client_id` is empty if the server gives one.
  PacketTrace(std::FILE* out, std::string client_id);

  void on_opened(codec::Version version) override;
  void on_sent(ByteView bytes) override { observe(bytes, codec::Direction::to_server); }
  void on_received(ByteView bytes) override { observe(bytes, codec::Direction::to_client); }

 private:
  void observe(ByteView bytes, codec::Direction direction);
  void write(const char* verb, const std::string& text);
  void trace(const codec::Packet& packet, codec::Direction direction);

  std::FILE* out_;
  std::string client_id_;
  codec::Version version_ = codec::Version::v5;
  client::PacketAssembler to_server_;
  client::PacketAssembler to_client_;
};

}  // namespace sluice::cli
