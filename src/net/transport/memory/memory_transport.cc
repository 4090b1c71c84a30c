// SPDX-License-Identifier: Apache-2.0
#include "net/transport/memory/memory_transport.h"

#include "base/assert.h"

#include <algorithm>
#include <cerrno>

namespace sluice::net {
namespace {

Failure reset_failure() {
  return fail(Error{
      .code = ErrorCode::closed, .system = ECONNRESET, .detail = "the connection was broken"});
}

}  // namespace

MemoryTransport::Pair MemoryTransport::make_pair(const MemoryOptions& options) {
  SLUICE_ASSERT(options.capacity > 0);
  Pair ends{std::make_unique<MemoryTransport>(options), std::make_unique<MemoryTransport>(options)};
  ends.first->other_ = ends.second.get();
  ends.second->other_ = ends.first.get();
  return ends;
}

MemoryTransport::MemoryTransport(const MemoryOptions& options)
    : capacity_(options.capacity), name_{.id = options.number, .kind = PeerKind::memory} {}

MemoryTransport::~MemoryTransport() {
  if (other_ == nullptr) return;
  // As a socket does: closing with unread input breaks the connection rather than ending it.
  const bool is_broken = is_reset_on_close_ || bytes_under_way() > 0;
  MemoryTransport* other = std::exchange(other_, nullptr);
  other->other_ = nullptr;
  other->end_input(is_broken ? End::broken : End::finished);
}

Result<std::size_t> MemoryTransport::read(MutableByteView into) {
  SLUICE_ASSERT(!into.empty());
  if (input_end_ == End::broken) return reset_failure();
  if (bytes_under_way() == 0 && input_end_ == End::finished)
    return fail(ErrorCode::closed, "the peer closed the connection");
  const std::size_t size = std::min({readable_bytes(), into.size(), faults_.read_bytes_max});
  if (size == 0) return fail(ErrorCode::would_block, "nothing has arrived");
  const bool was_full = room() == 0;
  std::copy_n(input_.begin() + static_cast<std::ptrdiff_t>(input_begin_), size, into.begin());
  input_begin_ += size;
  if (faults_.is_input_held) released_ -= size;
  if (input_begin_ == input_.size()) {
    input_.clear();
    input_begin_ = 0;
  }
  if (was_full && other_ != nullptr) other_->tell();
  return size;
}

Result<std::size_t> MemoryTransport::write(std::span<const IoSlice> slices) {
  SLUICE_ASSERT(!slices.empty());
  if (is_write_shut_) return fail(ErrorCode::closed, "the connection was shut for writing");
  if (other_ == nullptr || input_end_ == End::broken) return reset_failure();
  const std::size_t most = std::min(other_->room(), faults_.write_bytes_max);
  std::size_t written = 0;
  for (const IoSlice& slice : slices) {
    const std::size_t size = std::min(slice.size, most - written);
    other_->take({slice.data, size});
    written += size;
  }
  if (written == 0) return fail(ErrorCode::would_block, "the peer does not read");
  other_->tell();
  return written;
}

void MemoryTransport::shutdown_write() {
  if (is_write_shut_) return;
  is_write_shut_ = true;
  if (other_ != nullptr) other_->end_input(End::finished);
}

void MemoryTransport::release_input(std::size_t size) {
  released_ = std::min(bytes_under_way(), released_ + size);
  tell();
}

void MemoryTransport::cut() {
  if (other_ != nullptr) other_->end_input(End::broken);
  end_input(End::broken);
}

bool MemoryTransport::is_readable() const {
  if (input_end_ == End::broken) return true;
  if (bytes_under_way() == 0) return input_end_ == End::finished;
  return readable_bytes() > 0 && faults_.read_bytes_max > 0;
}

bool MemoryTransport::is_writable() const {
  if (is_write_shut_ || other_ == nullptr || input_end_ == End::broken) return true;
  return other_->room() > 0 && faults_.write_bytes_max > 0;
}

std::size_t MemoryTransport::readable_bytes() const {
  return faults_.is_input_held ? released_ : bytes_under_way();
}

void MemoryTransport::take(ByteView bytes) {
  // Move what is left to the front before the vector would grow beyond what is under way.
  if (input_begin_ > 0 && input_.size() + bytes.size() > capacity_) {
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(input_begin_));
    input_begin_ = 0;
  }
  input_.insert(input_.end(), bytes.begin(), bytes.end());
  SLUICE_ASSERT(bytes_under_way() <= capacity_);
}

void MemoryTransport::end_input(End end) {
  if (input_end_ == End::broken) return;
  input_end_ = end;
  if (end == End::broken) {
    input_.clear();
    input_begin_ = 0;
    released_ = 0;
  }
  tell();
}

void MemoryTransport::tell() {
  if (on_ready_) on_ready_();
}

}  // namespace sluice::net
