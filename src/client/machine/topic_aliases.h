// SPDX-License-Identifier: Apache-2.0
//
// TopicAliases holds the topics behind the aliases that a server uses on one connection.
//
// Owner:   ClientMachine.      Thread: its owner's.
// Limits:  the Topic Alias Maximum that we announced.
// Spec:    MQTT 5.0 §3.3.2.3.4.
#pragma once

#include "base/result.h"
#include "codec/packets.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::client {

class TopicAliases {
 public:
  /// A new connection: nothing is known of the last one.
  void start(std::uint16_t maximum);
  /// Puts the topic into a PUBLISH that came with an alias, and remembers a new one. The topic is a
  /// view of this object, valid until the next call. protocol_error if the server breaks the rules.
  Result<void> resolve(codec::Publish& publish);

 private:
  std::uint16_t maximum_ = 0;
  std::vector<std::string> topics_;  ///< by alias - 1; empty: not set
};

}  // namespace sluice::client
