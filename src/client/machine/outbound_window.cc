// SPDX-License-Identifier: Apache-2.0
#include "client/machine/outbound_window.h"

#include "base/assert.h"

#include <algorithm>
#include <utility>

namespace sluice::client {
namespace {
constexpr std::size_t window_bytes_kept = 4'096;
}  // namespace

OutboundWindow::Entry& OutboundWindow::add(Stage stage) {
  SLUICE_ASSERT(has_room());
  if (end_ - begin_ == ring_.size()) grow();
  Entry& entry = at(end_++);
  entry.stage = stage;
  ++size_;
  return entry;
}

OutboundWindow::Entry* OutboundWindow::restore(codec::PacketId id, Stage stage) {
  if (id == 0) return nullptr;
  if (begin_ == end_) begin_ = end_ = id - 1U;
  const std::uint64_t ahead = (id + ids_max - next_id()) % ids_max;
  if (end_ + ahead - begin_ >= ids_max) return nullptr;
  while (next_id() != id) {
    if (end_ - begin_ == ring_.size()) grow();
    ++end_;  // whoever had it is done
  }
  return &add(stage);
}

OutboundWindow::Entry* OutboundWindow::find(codec::PacketId id) {
  if (id == 0) return nullptr;
  const std::uint64_t ahead = (id - 1U + ids_max - begin_ % ids_max) % ids_max;
  const std::uint64_t position = begin_ + ahead;
  if (position >= end_) return nullptr;
  Entry& entry = at(position);
  return entry.stage == Stage::free ? nullptr : &entry;
}

void OutboundWindow::remove(codec::PacketId id) {
  Entry* entry = find(id);
  SLUICE_ASSERT(entry != nullptr);
  release(*entry);
  --size_;
  while (begin_ < end_ && at(begin_).stage == Stage::free) ++begin_;
}

void OutboundWindow::clear() {
  for (; begin_ < end_; ++begin_) release(at(begin_));
  size_ = 0;
}

void OutboundWindow::release(Entry& entry) {
  std::vector<std::uint8_t> bytes = std::move(entry.bytes);
  entry = Entry{};
  if (bytes.capacity() > window_bytes_kept) return;
  bytes.clear();
  entry.bytes = std::move(bytes);
}

void OutboundWindow::grow() {
  std::vector<Entry> larger(std::max<std::size_t>(8, ring_.size() * 2));
  for (std::uint64_t position = begin_; position < end_; ++position) {
    larger[position & (larger.size() - 1)] = std::move(at(position));
  }
  ring_ = std::move(larger);
}

}  // namespace sluice::client
