// SPDX-License-Identifier: Apache-2.0
//
// A Way is one manner of publishing many messages with one client, of this library or of another.
//
// Owner:   the table of throughput.cc.      Thread: the one that measures.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::bench {

inline constexpr std::string_view topic = "bench/client/1";

/// A connected client. It disconnects with the object.
class Publisher {
 public:
  virtual ~Publisher() = default;
  /// Returns when all are sent, and acknowledged at QoS 1 and 2.
  virtual void publish(int messages, const std::string& payload) = 0;
};

struct Way {
  std::string name;
  int part = 1;  ///< of how many messages it gets one: slow ones get fewer
  std::function<std::unique_ptr<Publisher>(const std::string& host, int port)> connect;
};

/// Ends the program.
[[noreturn]] void give_up(const std::string& why);

std::vector<Way> ways_of_sluice();
/// Other libraries, as far as they are installed.
std::vector<Way> ways_of_others();

}  // namespace sluice::bench
