// SPDX-License-Identifier: Apache-2.0
//
// A subscription is a stream of messages. It is made again by itself when the server has lost it.
//
//   auto temps = mq.subscribe("site/+/temp", {.queue = 256}).get().value();
//   while (auto m = temps.next().get().value()) use(*m);
//
// Thread safety: any thread, several at once. Lifetime: it may outlive its client; next() then
// yields what has come, and the end. When it goes, the server is told, unless the session is kept
// for the next run of the program (client_options::session_expiry).
#pragma once

#include <sluice/message.hpp>
#include <sluice/operation.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace sluice {
SLUICE_NAMESPACE {
/// A stream of messages.
class SLUICE_PUBLIC subscription {
 public:
  /// None: next() yields the end at once.
  subscription() noexcept = default;
  /// Takes over another's stream.
  subscription(subscription&& other) noexcept;
  /// Takes over another's stream.
  subscription& operator=(subscription&& other) noexcept;
  /// Ends the stream.
  ~subscription();

  /// The next message; nothing when the subscription or its client is closed and all is taken.
  operation<std::optional<message>> next();
  /// The next message if there is one now.
  std::optional<message> try_next();
  /// Tells the server that no more is wanted, and ends the stream.
  operation<void> unsubscribe();
  /// A message of acknowledge::by_caller is taken over. Acknowledgements leave in the order of
  /// the messages. Nothing happens for a message that was acknowledged before.
  void acknowledge(const message& taken);

  /// As it was asked for.
  std::string filter() const;
  /// What the server has granted.
  v1::qos granted() const noexcept;
  /// Messages that wait for next().
  std::size_t waiting() const;
  /// Messages that a full queue has dropped.
  std::uint64_t dropped() const noexcept;

  /// @cond
  class body;
  explicit subscription(body* taken_over) noexcept : body_(taken_over) {}
  /// @endcond

 private:
  body* body_ = nullptr;
};

}  // namespace v1
}  // namespace sluice
