// SPDX-License-Identifier: Apache-2.0
#include "core/message/message_pool.h"

#include "base/assert.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace sluice::core {

std::size_t Message::memory_bytes() const {
  const std::size_t inline_payload = external_ != nullptr ? 0 : payload_size_;
  const std::size_t wanted = sizeof(Message) + topic_size_ + properties_size_ + inline_payload;
  const std::size_t block =
      size_class_ == MessagePool::own_allocation ? wanted : MessagePool::classes[size_class_];
  return block + (external_ != nullptr ? payload_size_ : 0);
}

MessageFields Message::fields() const {
  return {.topic = topic(),
          .properties = properties(),
          .payload = payload(),
          .qos = qos_,
          .retain = retain_,
          .expiry_s = expiry_s_,
          .received = received_,
          .body = body_,
          .is_volatile = is_volatile_};
}

void MessageRef::release(Message* message) { message->pool_->release(message); }

MessagePool::~MessagePool() { SLUICE_ASSERT(count_ == 0); }

// The first classes are 32 bytes apart.
std::uint8_t MessagePool::class_of(std::size_t size) {
  constexpr std::size_t step = 32;
  static_assert(classes[0] == 3 * step && classes[5] == 8 * step);
  if (size <= classes[0]) return 0;
  if (size <= classes[5]) return static_cast<std::uint8_t>((size + step - 1) / step - 3);
  const auto* fit = std::lower_bound(classes.begin() + 6, classes.end(), size);
  return fit == classes.end() ? own_allocation : static_cast<std::uint8_t>(fit - classes.begin());
}

void MessagePool::add_slab(std::uint8_t size_class) {
  const std::size_t block = classes[size_class];
  const std::size_t wanted =
      std::clamp(class_bytes_[size_class] / 4, slab_bytes_min, slab_bytes_max);
  const std::size_t blocks = std::max<std::size_t>(1, wanted / block);
  slabs_.push_back(std::make_unique_for_overwrite<std::byte[]>(block * blocks));
  class_bytes_[size_class] += block * blocks;
  std::byte* start = slabs_.back().get();
  for (std::size_t i = blocks; i > 0; --i)
    free_[size_class] = new (start + (i - 1) * block) FreeBlock{free_[size_class]};
}

void* MessagePool::take(std::uint8_t size_class) {
  if (free_[size_class] == nullptr) [[unlikely]]
    add_slab(size_class);
  FreeBlock* block = free_[size_class];
  free_[size_class] = block->next;
  return block;
}

MessageRef MessagePool::make(const MessageFields& fields) {
  SLUICE_ASSERT(fields.topic.size() <= 0xffff);
  const bool is_external = !fields.body.is_empty();
  const std::size_t inline_payload = is_external ? 0 : fields.payload.size();
  const std::size_t wanted =
      sizeof(Message) + fields.topic.size() + fields.properties.size() + inline_payload;
  const std::uint8_t size_class = class_of(wanted);
  const bool is_own = size_class == own_allocation;
  void* place = is_own ? ::operator new(wanted) : take(size_class);

  auto* message = new (place) Message;
  message->pool_ = this;
  message->topic_size_ = static_cast<std::uint16_t>(fields.topic.size());
  message->properties_size_ = static_cast<std::uint32_t>(fields.properties.size());
  message->payload_size_ = static_cast<std::uint32_t>(fields.payload.size());
  message->qos_ = fields.qos;
  message->retain_ = fields.retain;
  message->is_volatile_ = fields.is_volatile;
  message->expiry_s_ = fields.expiry_s;
  message->received_ = fields.received;
  message->size_class_ = size_class & 0x7f;
  auto* out = reinterpret_cast<std::uint8_t*>(message + 1);
  const auto put = [&out](ByteView bytes) {
    if (!bytes.empty()) std::memcpy(out, bytes.data(), bytes.size());
    out += bytes.size();
  };
  put(as_bytes(fields.topic));
  put(fields.properties);
  if (is_external) {
    message->body_ = fields.body;
    message->external_ = fields.payload.data();
  } else {
    put(fields.payload);
  }
  bytes_ += message->memory_bytes();
  payload_bytes_ += message->payload_size_;
  ++count_;
  return MessageRef(message);
}

void MessagePool::release(Message* message) {
  bytes_ -= message->memory_bytes();
  payload_bytes_ -= message->payload_size_;
  --count_;
  const std::uint8_t size_class = message->size_class_;
  message->~Message();
  if (size_class == own_allocation)
    ::operator delete(message);
  else
    free_[size_class] = new (message) FreeBlock{free_[size_class]};
}

}  // namespace sluice::core
