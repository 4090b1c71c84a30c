// SPDX-License-Identifier: Apache-2.0
//
// MessagePool makes Messages in blocks of a few size classes taken from slabs, so that a warm
// publish path allocates nothing; a block above the largest class has an allocation of its own.
//
// Owner:   Shard (exactly one), which outlives every MessageRef.     Thread: its shard's.
// Limits:  none of its own; bytes() is what budgets look at.
#pragma once

#include "core/message/message.h"

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

namespace sluice::core {

class MessagePool {
 public:
  MessagePool() = default;
  MessagePool(const MessagePool&) = delete;
  MessagePool& operator=(const MessagePool&) = delete;
  ~MessagePool();

  /// Copies topic and properties, and the payload unless `fields.body` holds it.
  MessageRef make(const MessageFields& fields);
  /// Bytes held by live messages, shared payloads included.
  std::size_t bytes() const { return bytes_; }
  std::size_t count() const { return count_; }
  /// Bytes of the payloads alone.
  std::size_t payload_bytes() const { return payload_bytes_; }

 private:
  friend class Message;
  friend class MessageRef;

  // A slab is a quarter of what its class has already, within these: how many there are grows with
  // the logarithm of the messages alive.
  static constexpr std::size_t slab_bytes_min = 64 * 1024;
  static constexpr std::size_t slab_bytes_max = 1024 * 1024;
  static constexpr std::array<std::uint32_t, 16> classes{
      96, 128, 160, 192, 224, 256, 384, 512, 768, 1024, 1536, 2560, 5120, 10240, 20480, 66560};
  static constexpr std::uint8_t own_allocation = 0x7f;

  struct FreeBlock {
    FreeBlock* next;
  };

  static std::uint8_t class_of(std::size_t size);
  void* take(std::uint8_t size_class);
  void release(Message* message);

  void add_slab(std::uint8_t size_class);

  std::array<FreeBlock*, classes.size()> free_{};
  std::array<std::size_t, classes.size()> class_bytes_{};
  std::vector<std::unique_ptr<std::byte[]>> slabs_;
  std::size_t bytes_ = 0;
  std::size_t count_ = 0;
  std::size_t payload_bytes_ = 0;
};

}  // namespace sluice::core
