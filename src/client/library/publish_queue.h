// SPDX-License-Identifier: Apache-2.0
//
// A PublishQueue holds the messages of a client that are not sent yet, in order: users append on
// any thread, the loop takes them from the front. Messages lie one behind the other in blocks of
// memory, so that a message costs no allocation of its own.
//
// Owner:   ClientBody.      Thread: push() any; the rest the loop's.
// Never:   settles an operation: who pushes or pops does.
// Limits:  max_messages, max_bytes; full: on_full. What the loop holds in hand (one block) counts,
//          but is not dropped for room.
#pragma once

#include "base/bytes.h"
#include "base/time.h"
#include "client/library/message_store.h"
#include "client/library/operation.h"
#include "codec/types.h"
#include "os/condition.h"
#include "os/mutex.h"

#include <sluice/options.hpp>
#include <sluice/types.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

namespace sluice::client {

using PublishOperation = OperationState<v1::puback>;

/// A message that is to be sent. The views are the caller's, or the queue's until pop().
struct OutgoingMessage {
  PublishOperation* operation = nullptr;  ///< a share of it, or null
  std::uint64_t sequence = 0;             ///< in the MessageStore; 0 if it is not there
  std::uint64_t position = 0;             ///< among all that were ever queued; the queue gives it
  WallTime expires_at{};                  ///< 0: never
  std::string_view topic{};
  ByteView payload{};
  ByteView properties{};  ///< raw, as codec::Properties; without the expiry
  codec::Qos qos = codec::Qos::at_most_once;
  bool retain = false;
};

class PublishQueue {
 public:
  /// May a push() that finds no room wait for it?
  enum class Patience : std::uint8_t { may_wait, may_not_wait };
  struct Pushed {
    v1::errc code = v1::errc::ok;
    /// Messages that made room: their operations are to be failed on the loop.
    std::vector<OperationRef<v1::puback>> dropped{};
    std::size_t dropped_messages = 0;
  };

  /// `store` may be null; it outlives the queue.
  PublishQueue(const v1::queue_options& options, MessageStore* store);
  PublishQueue(const PublishQueue&) = delete;
  PublishQueue& operator=(const PublishQueue&) = delete;
  ~PublishQueue();

  /// Appends a copy of the message. A QoS 1 or 2 message is in the store when it returns.
  Pushed push(const OutgoingMessage& message, Patience patience);
  /// Appends what a store has kept from an earlier run, whatever the limits say.
  void restore(const OutgoingMessage& message);
  /// All push() fail from now on, also those that wait.
  void close();

  /// The oldest message, or null. Valid until pop().
  const OutgoingMessage* front();
  /// REQUIRES: front() said that there is one. Its share of the operation is the caller's now.
  void pop();
  /// What was popped since the last call makes room.
  void make_room();

  /// What the next message will have: all that were queued until now lie before it. Any thread.
  std::uint64_t next_position() const;
  bool waits_when_full() const { return options_.on_full == v1::overflow::backpressure; }
  std::size_t messages() const;
  std::size_t bytes() const;

 private:
  struct Record;
  struct Block {
    std::unique_ptr<std::uint8_t[]> memory;
    std::size_t capacity = 0;
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  bool has_room_for(std::size_t size) const;
  v1::errc wait_for_room(std::size_t size);
  void drop_oldest(std::size_t size, Pushed& pushed);
  void append(const OutgoingMessage& message, std::size_t size);
  Block& block_for(std::size_t size);
  static OutgoingMessage read(const Block& block);
  static std::size_t size_of(const OutgoingMessage& message);
  bool take_block();

  const v1::queue_options options_;
  MessageStore* const store_;

  // The loop's.
  Block hand_;
  OutgoingMessage front_;
  std::size_t popped_messages_ = 0;
  std::size_t popped_bytes_ = 0;

  mutable os::Mutex mutex_;
  os::Condition room_;
  std::deque<Block> blocks_;
  Block spare_;
  std::uint64_t next_position_ = 1;
  std::size_t messages_ = 0;
  std::size_t bytes_ = 0;
  std::size_t waiting_ = 0;
  bool is_closed_ = false;
};

}  // namespace sluice::client
