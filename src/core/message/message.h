// SPDX-License-Identifier: Apache-2.0
//
// A Message is an application message that the broker keeps beyond the turn it came in: in flight,
// queued, retained, a will. It is written once and never changed; sessions hold MessageRefs to it.
// Topic, forwarded properties and payload lie behind the header in one block; a payload that
// arrived as SharedBytes is referred to instead of copied.
//
// Owner:   the MessageRefs to it; its block belongs to the MessagePool of its shard.
// Thread:  its shard's.
// Never:   shared between shards: those copy it, or share the bytes of a large payload.
// Limits:  the caller's budgets; MessagePool counts the bytes.
// Spec:    MQTT 5.0 §3.3.
#pragma once

#include "base/bytes.h"
#include "base/shared_bytes.h"
#include "base/time.h"
#include "codec/types.h"

#include <cstdint>
#include <string_view>
#include <utility>

namespace sluice::core {

class MessagePool;

/// What a message is made of. The views are read during the call only; `body`, if set, holds
/// `payload`.
struct MessageFields {
  static constexpr std::uint32_t no_expiry = 0xffffffffU;

  std::string_view topic;
  ByteView properties;  ///< encoded, without Topic Alias, Message Expiry Interval, Subscription
                        ///< Identifier
  ByteView payload;
  codec::Qos qos = codec::Qos::at_most_once;
  bool retain = false;
  std::uint32_t expiry_s = no_expiry;  ///< Message Expiry Interval as received
  Instant received{};
  SharedBytes body{};
  bool is_volatile = false;  ///< the log never gets it
};

class Message {
 public:
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  std::string_view topic() const { return {reinterpret_cast<const char*>(this + 1), topic_size_}; }
  ByteView properties() const { return {bytes() + topic_size_, properties_size_}; }
  ByteView payload() const {
    return {external_ != nullptr ? external_ : bytes() + topic_size_ + properties_size_,
            payload_size_};
  }
  codec::Qos qos() const { return qos_; }
  bool retain() const { return retain_; }
  Instant received() const { return received_; }
  /// The Message Expiry Interval as received, MessageFields::no_expiry if none.
  std::uint32_t expiry_s() const { return expiry_s_; }
  Instant expires_at() const {
    return expiry_s_ == MessageFields::no_expiry
               ? Instant::never()
               : received_ + Duration(std::chrono::seconds(expiry_s_));
  }
  bool is_expired(Instant now) const { return expires_at() <= now; }
  /// The shared bytes that hold the payload, or an empty handle if the payload lies in the block.
  const SharedBytes& body() const { return body_; }
  /// Whether it is kept in memory alone, where others of its kind go to the log.
  bool is_volatile() const { return is_volatile_; }
  /// Memory that goes when the last reference goes: block and external payload.
  std::size_t memory_bytes() const;
  /// Whether several places refer to it.
  bool is_shared() const { return references_ > 1; }
  std::uint32_t references() const { return references_; }
  /// As handed in to make().
  MessageFields fields() const;

 private:
  friend class MessagePool;
  friend class MessageRef;
  Message() = default;
  ~Message() = default;

  const std::uint8_t* bytes() const { return reinterpret_cast<const std::uint8_t*>(this + 1); }

  MessagePool* pool_ = nullptr;
  SharedBytes body_;
  const std::uint8_t* external_ = nullptr;
  Instant received_{};
  std::uint32_t references_ = 0;
  std::uint32_t payload_size_ = 0;
  std::uint32_t properties_size_ = 0;
  std::uint32_t expiry_s_ = MessageFields::no_expiry;
  std::uint16_t topic_size_ = 0;
  codec::Qos qos_ = codec::Qos::at_most_once;
  bool retain_ : 1 = false;
  std::uint8_t size_class_ : 7 = 0;
  bool is_volatile_ = false;
};

/// Counted handle of a Message; the count is plain, so all handles of a message live in one thread.
class MessageRef {
 public:
  MessageRef() = default;
  explicit MessageRef(Message* message) : message_(message) {
    if (message_ != nullptr) ++message_->references_;
  }
  MessageRef(const MessageRef& other) : MessageRef(other.message_) {}
  MessageRef(MessageRef&& other) noexcept : message_(std::exchange(other.message_, nullptr)) {}
  MessageRef& operator=(const MessageRef& other) {
    MessageRef copy(other);
    std::swap(message_, copy.message_);
    return *this;
  }
  MessageRef& operator=(MessageRef&& other) noexcept {
    if (this != &other) {
      reset();
      message_ = std::exchange(other.message_, nullptr);
    }
    return *this;
  }
  ~MessageRef() { reset(); }

  void reset() {
    Message* message = std::exchange(message_, nullptr);
    if (message != nullptr && --message->references_ == 0) release(message);
  }
  explicit operator bool() const { return message_ != nullptr; }
  const Message& operator*() const { return *message_; }
  const Message* operator->() const { return message_; }
  const Message* get() const { return message_; }

 private:
  static void release(Message* message);

  Message* message_ = nullptr;
};

}  // namespace sluice::core
