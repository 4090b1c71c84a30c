// SPDX-License-Identifier: Apache-2.0
//
// The small words of the interface: versions, qualities of service, what a full queue does.
//
//   mq.publish("a", "x", {.qos = sluice::qos::exactly_once});
//
// Thread safety: values. Lifetime: none to mind.
#pragma once

#include <sluice/config.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sluice {
SLUICE_NAMESPACE {
/// A version of MQTT.
enum class version : std::uint8_t {
  automatic,  ///< 5.0, and 3.1.1 where the server does not know it
  v3_1,       ///< MQTT 3.1
  v3_1_1,     ///< MQTT 3.1.1
  v5,         ///< MQTT 5.0
};

/// How often a message is delivered.
enum class qos : std::uint8_t {
  at_most_once,   ///< once, or never if a connection breaks
  at_least_once,  ///< until it is acknowledged; perhaps twice
  exactly_once,   ///< once
};

/// What happens when a queue is full.
enum class overflow : std::uint8_t {
  backpressure,  ///< whoever fills it waits
  drop_oldest,   ///< the message that waits longest goes
  drop_newest,   ///< the message that comes goes
};

/// Which retained messages a subscription asks for.
enum class retained : std::uint8_t {
  send,         ///< all that match
  send_if_new,  ///< all that match, unless the subscription is there already
  do_not_send,  ///< none
};

/// Who says that a message of QoS 1 or 2 was taken over from the server.
enum class acknowledge : std::uint8_t {
  when_taken,  ///< next() has yielded it, or the handler has returned
  by_caller,   ///< subscription::acknowledge()
};

/// A name and a value of the user's own, as MQTT 5 carries them.
using user_property = std::pair<std::string, std::string>;
/// User properties, in their order.
using user_properties = std::vector<user_property>;

/// Headers of HTTP, each a name and a value.
using http_headers = std::vector<std::pair<std::string, std::string>>;

/// User properties that somebody else holds, for as long as the call that they are given to.
class user_properties_view {
 public:
  /// None.
  constexpr user_properties_view() noexcept = default;
  /// Those; the vector must outlive the view.
  user_properties_view(const user_properties& held) noexcept  // NOLINT(google-explicit-constructor)
      : data_(held.data()), size_(held.size()) {}
  /// The first.
  const user_property* begin() const noexcept { return data_; }
  /// Behind the last.
  const user_property* end() const noexcept { return data_ + size_; }
  /// True if there are none.
  bool empty() const noexcept { return size_ == 0; }

 private:
  const user_property* data_ = nullptr;
  std::size_t size_ = 0;
};

/// The answer to a message that was published.
struct puback {
  bool has_subscribers = true;  ///< false if the server said that nobody subscribes to it
};

}  // namespace v1
}  // namespace sluice
