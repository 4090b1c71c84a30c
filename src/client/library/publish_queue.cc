// SPDX-License-Identifier: Apache-2.0
#include "client/library/publish_queue.h"

#include "base/assert.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace sluice::client {
namespace {
constexpr std::size_t block_bytes = 65'536;
}  // namespace

/// What stands in front of a message's bytes in a block.
struct PublishQueue::Record {
  PublishOperation* operation;
  std::uint64_t sequence;
  std::uint64_t position;
  std::int64_t expires_at;
  std::uint32_t topic_bytes;
  std::uint32_t payload_bytes;
  std::uint32_t properties_bytes;
  codec::Qos qos;
  bool retain;
};

PublishQueue::PublishQueue(const v1::queue_options& options, MessageStore* store)
    : options_(options), store_(store) {}

PublishQueue::~PublishQueue() {
  while (front() != nullptr) {
    static_cast<void>(OperationRef<v1::puback>::adopt(front_.operation));
    pop();
  }
}

std::size_t PublishQueue::size_of(const OutgoingMessage& message) {
  const std::size_t bytes =
      sizeof(Record) + message.topic.size() + message.payload.size() + message.properties.size();
  return (bytes + alignof(Record) - 1) / alignof(Record) * alignof(Record);
}

bool PublishQueue::has_room_for(std::size_t size) const {
  return messages_ < options_.max_messages && bytes_ + size <= options_.max_bytes;
}

PublishQueue::Pushed PublishQueue::push(const OutgoingMessage& message, Patience patience) {
  const std::size_t size = size_of(message);
  Pushed pushed;
  const os::MutexLock lock(mutex_);
  if (is_closed_) return {.code = v1::errc::closed};
  if (!has_room_for(size)) {
    const bool may_wait =
        options_.on_full == v1::overflow::backpressure && patience == Patience::may_wait;
    if (options_.on_full == v1::overflow::drop_oldest) drop_oldest(size, pushed);
    if (may_wait && size <= options_.max_bytes) {
      if (const auto code = wait_for_room(size); code != v1::errc::ok) return {.code = code};
    }
    if (!has_room_for(size)) {
      pushed.code = v1::errc::queue_full;
      return pushed;
    }
  }
  OutgoingMessage kept = message;
  if (store_ != nullptr && message.qos != codec::Qos::at_most_once) {
    const auto stored = store_->append(message);
    if (!stored) {
      pushed.code = v1::errc::io_error;
      return pushed;
    }
    kept.sequence = *stored;
  }
  append(kept, size);
  return pushed;
}

void PublishQueue::restore(const OutgoingMessage& message) {
  const os::MutexLock lock(mutex_);
  append(message, size_of(message));
}

v1::errc PublishQueue::wait_for_room(std::size_t size) {
  ++waiting_;
  while (!has_room_for(size) && !is_closed_) room_.wait(mutex_);
  --waiting_;
  return is_closed_ ? v1::errc::closed : v1::errc::ok;
}

void PublishQueue::drop_oldest(std::size_t size, Pushed& pushed) {
  while (!has_room_for(size) && !blocks_.empty()) {
    Block& block = blocks_.front();
    const OutgoingMessage oldest = read(block);
    if (oldest.operation != nullptr) {
      pushed.dropped.push_back(OperationRef<v1::puback>::adopt(oldest.operation));
    }
    if (oldest.sequence != 0) store_->done(oldest.sequence);
    ++pushed.dropped_messages;
    block.begin += size_of(oldest);
    --messages_;
    bytes_ -= size_of(oldest);
    if (block.begin == block.end) {
      if (block.capacity == block_bytes) spare_ = std::move(block);
      blocks_.pop_front();
    }
  }
}

PublishQueue::Block& PublishQueue::block_for(std::size_t size) {
  if (!blocks_.empty() && blocks_.back().capacity - blocks_.back().end >= size) {
    return blocks_.back();
  }
  Block block = std::exchange(spare_, {});
  const std::size_t wanted = std::max(size, block_bytes);
  if (block.capacity < wanted) {
    block.memory = std::make_unique_for_overwrite<std::uint8_t[]>(wanted);
    block.capacity = wanted;
  }
  block.begin = block.end = 0;
  blocks_.push_back(std::move(block));
  return blocks_.back();
}

void PublishQueue::append(const OutgoingMessage& message, std::size_t size) {
  Block& block = block_for(size);
  std::uint8_t* at = block.memory.get() + block.end;
  const Record record{.operation = message.operation,
                      .sequence = message.sequence,
                      .position = next_position_++,
                      .expires_at = message.expires_at.ns,
                      .topic_bytes = static_cast<std::uint32_t>(message.topic.size()),
                      .payload_bytes = static_cast<std::uint32_t>(message.payload.size()),
                      .properties_bytes = static_cast<std::uint32_t>(message.properties.size()),
                      .qos = message.qos,
                      .retain = message.retain};
  std::memcpy(at, &record, sizeof(record));
  at += sizeof(record);
  for (const ByteView part : {as_bytes(message.topic), message.payload, message.properties}) {
    if (!part.empty()) std::memcpy(at, part.data(), part.size());
    at += part.size();
  }
  block.end += size;
  ++messages_;
  bytes_ += size;
}

OutgoingMessage PublishQueue::read(const Block& block) {
  Record record;
  const std::uint8_t* at = block.memory.get() + block.begin;
  std::memcpy(&record, at, sizeof(record));
  at += sizeof(record);
  const ByteView topic{at, record.topic_bytes};
  const ByteView payload{at + record.topic_bytes, record.payload_bytes};
  const ByteView properties{at + record.topic_bytes + record.payload_bytes,
                            record.properties_bytes};
  return {.operation = record.operation,
          .sequence = record.sequence,
          .position = record.position,
          .expires_at = {record.expires_at},
          .topic = as_text(topic),
          .payload = payload,
          .properties = properties,
          .qos = record.qos,
          .retain = record.retain};
}

bool PublishQueue::take_block() {
  make_room();
  const os::MutexLock lock(mutex_);
  if (hand_.capacity == block_bytes && spare_.capacity == 0) spare_ = std::exchange(hand_, {});
  if (blocks_.empty()) return false;
  hand_ = std::move(blocks_.front());
  blocks_.pop_front();
  return true;
}

const OutgoingMessage* PublishQueue::front() {
  if (hand_.begin == hand_.end && !take_block()) return nullptr;
  front_ = read(hand_);
  return &front_;
}

void PublishQueue::pop() {
  SLUICE_ASSERT(hand_.begin < hand_.end);
  const std::size_t size = size_of(front_);
  hand_.begin += size;
  ++popped_messages_;
  popped_bytes_ += size;
}

void PublishQueue::make_room() {
  if (popped_messages_ == 0) return;
  const os::MutexLock lock(mutex_);
  messages_ -= std::exchange(popped_messages_, 0);
  bytes_ -= std::exchange(popped_bytes_, 0);
  // Half empty first: one wake for many messages.
  const bool is_low = messages_ <= options_.max_messages / 2 && bytes_ <= options_.max_bytes / 2;
  if (waiting_ > 0 && is_low) room_.notify_all();
}

void PublishQueue::close() {
  const os::MutexLock lock(mutex_);
  is_closed_ = true;
  room_.notify_all();
}

std::uint64_t PublishQueue::next_position() const {
  const os::MutexLock lock(mutex_);
  return next_position_;
}

std::size_t PublishQueue::messages() const {
  const os::MutexLock lock(mutex_);
  return messages_;
}

std::size_t PublishQueue::bytes() const {
  const os::MutexLock lock(mutex_);
  return bytes_;
}

}  // namespace sluice::client
