// SPDX-License-Identifier: Apache-2.0
//
// Mail between shards as plain queues: what a turn wrote for each other shard, in order. Whoever
// drives the shards carries it over, at once or late.
//
// Owner:   a ShardDriver.      Thread: one.
#pragma once

#include "core/shard/mail_codec.h"
#include "core/shard/mailer.h"

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

namespace sluice::testing {

/// One record, aligned as a ring aligns it. It may hold a live handle, so it is read or discarded
/// exactly once.
class MailRecord {
 public:
  explicit MailRecord(std::size_t size) : words_((size + 7) / 8), size_(size) {}
  MailRecord(MailRecord&& other) noexcept
      : words_(std::move(other.words_)), size_(std::exchange(other.size_, 0)) {}
  MailRecord& operator=(MailRecord&& other) noexcept {
    std::swap(words_, other.words_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~MailRecord() {
    if (size_ > 0) core::mail::discard(view());
  }

  MutableByteView room() { return {reinterpret_cast<std::uint8_t*>(words_.data()), size_}; }
  ByteView view() const { return {reinterpret_cast<const std::uint8_t*>(words_.data()), size_}; }
  std::size_t size() const { return size_; }
  /// It was read.
  void release() { size_ = 0; }

 private:
  std::vector<std::uint64_t> words_;
  std::size_t size_;
};

using MailQueue = std::deque<MailRecord>;

class QueueMailer final : public core::Mailer {
 public:
  explicit QueueMailer(std::uint16_t shards) : outboxes_(shards) {}

  MutableByteView reserve(core::ShardIndex target, std::size_t size) override {
    MailQueue& outbox = outboxes_[core::index_of(target)];
    outbox.emplace_back(size);
    return outbox.back().room();
  }
  bool is_congested() const override { return is_congested_; }
  bool is_congested_to(core::ShardIndex) const override { return is_congested_; }

  void set_congested(bool is_congested) { is_congested_ = is_congested; }
  MailQueue& outbox(std::uint16_t target) { return outboxes_[target]; }

 private:
  std::vector<MailQueue> outboxes_;
  bool is_congested_ = false;
};

}  // namespace sluice::testing
