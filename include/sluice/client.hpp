// SPDX-License-Identifier: Apache-2.0
//
// A client is one MQTT client. It connects when it is made, stays connected, and keeps what was
// given to it until the server has it.
//
//   sluice::client mq{"mqtt://user:password@one.example,two.example?clientid=gw-7"};
//   mq.publish("hello", "world", {.qos = sluice::qos::at_least_once}).get_for(2s);
//   auto temps = mq.subscribe("site/+/temp").get().value();
//
// URLs: mqtt://, mqtts://, ws:// and wss:// with user, password, several hosts, ports, the path of
// a WebSocket, ?clientid= and &keepalive=; unix:///path.
//
// Thread safety: any thread, several at once, and from within handlers. Handlers and coroutines run
// on the client's loop, one at a time, never under a lock. Lifetime: the destructor waits up to
// close_timeout for what is unsent; in a handler it does not wait.
#pragma once

#include <sluice/loop.hpp>
#include <sluice/message.hpp>
#include <sluice/operation.hpp>
#include <sluice/options.hpp>
#include <sluice/state.hpp>
#include <sluice/subscription.hpp>
#include <sluice/task.hpp>
#include <sluice/version.hpp>

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {
SLUICE_NAMESPACE {
/// One MQTT client.
class SLUICE_PUBLIC client {
 public:
  /// Begins to connect. What is wrong with the URL or the options is told as fatal by state().
  /// mqtt_error if the system has no descriptor or thread left for a loop.
  explicit client(std::string_view url, client_options options = {})
      : body_(make(url, std::move(options)).value()) {}
  /// Takes over another's connection.
  client(client&& other) noexcept;
  /// Takes over another's connection; this one's is closed.
  client& operator=(client&& other) noexcept;
  /// Closes it, as close(), and waits for that.
  ~client();

  /// Publishes a message. QoS 0: done when it is queued. QoS 1 and 2: when the server has it.
  operation<puback> publish(std::string_view topic, std::string_view payload,
                            const publish_options& options = {});
  /// The same with bytes.
  operation<puback> publish(std::string_view topic, std::span<const std::byte> payload,
                            const publish_options& options = {});

  /// A stream of the messages that match the filter; done when the server has granted it.
  operation<subscription> subscribe(std::string_view filter, const subscribe_options& options = {});
  /// The same, and each message is handed to the handler as it comes.
  operation<subscription> subscribe(std::string_view filter, const subscribe_options& options,
                                    std::function<void(const message&)> handler);

  /// Publishes a request (MQTT 5) and yields the answer. Limit it by within().
  operation<message> request(std::string_view topic, std::string_view payload,
                             const publish_options& options = {});
  /// Answers requests: what the handler returns is published to the response topic.
  operation<subscription> serve(std::string_view filter, const subscribe_options& options,
                                std::function<std::string(const message&)> handler);

  /// Done when there is a connection; fails when there will be none.
  operation<void> ready();
  /// Done when all that was published until now is sent, and acknowledged at QoS 1 and 2.
  operation<void> flush();
  /// Sends what is unsent for at most close_timeout, and disconnects in good order.
  operation<void> close();
  /// Proves again who this is (MQTT 5), by client_options::auth.
  operation<void> reauthenticate();

  /// How the connection stands.
  connection_state state() const;
  /// The next change of it that no next_state() has yielded; only the last 16 are kept.
  operation<connection_state> next_state();
  /// Calls the handler with each change, on the loop; another call replaces it.
  void on_state(std::function<void(const connection_state&)> handler);
  /// What the client has done.
  client_metrics metrics() const;
  /// As given, or as the server assigned it.
  std::string client_id() const;

  /// @cond
  class body;
  /// @endcond

 private:
  static result<body*> make(std::string_view url, client_options options);
  body* body_;
};

}  // namespace v1
}  // namespace sluice
