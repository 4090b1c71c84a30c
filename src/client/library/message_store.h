// SPDX-License-Identifier: Apache-2.0
//
// A MessageStore keeps QoS 1 and 2 messages until the server has them, so that they outlive the
// program. It is asked by PublishQueue under its lock, and by the loop.
//
// Owner:   ClientBody.      Thread: any, one at a time for each call.
#pragma once

#include "base/result.h"
#include "codec/types.h"

#include <cstdint>

namespace sluice::client {

struct OutgoingMessage;

class MessageStore {
 public:
  virtual ~MessageStore() = default;
  /// The number under which the message is kept from now on; never 0.
  virtual Result<std::uint64_t> append(const OutgoingMessage& message) = 0;
  /// It is under way with that packet identifier.
  virtual void sent(std::uint64_t sequence, codec::PacketId id) = 0;
  /// The server has taken over the QoS 2 message: only its PUBREL is to be sent again.
  virtual void received(std::uint64_t sequence) = 0;
  /// It need not be kept any more.
  virtual void done(std::uint64_t sequence) = 0;
  /// What was said by sent(), received() and done() is to be in the file before anything is sent.
  virtual void flush() = 0;
};

}  // namespace sluice::client
