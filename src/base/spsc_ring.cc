// SPDX-License-Identifier: Apache-2.0
#include "base/spsc_ring.h"

#include "base/assert.h"

#include <bit>
#include <cstring>

namespace sluice {
namespace {

/// What stands before each record. A padding record reaches to the end of the buffer.
struct Header {
  std::uint32_t size;
  std::uint32_t is_padding;
};
static_assert(sizeof(Header) == 8);

constexpr std::uint64_t round_up(std::uint64_t size) { return (size + 7) & ~std::uint64_t{7}; }

void write_header(std::uint8_t* at, Header header) { std::memcpy(at, &header, sizeof header); }

Header read_header(const std::uint8_t* at) {
  Header header{};
  std::memcpy(&header, at, sizeof header);
  return header;
}

}  // namespace

SpscRing::SpscRing(std::size_t capacity)
    : bytes_(std::make_unique_for_overwrite<std::uint8_t[]>(capacity)), mask_(capacity - 1) {
  SLUICE_ASSERT(std::has_single_bit(capacity));
  SLUICE_ASSERT(capacity >= 64 && capacity <= (std::size_t{1} << 30));
}

MutableByteView SpscRing::try_push(std::size_t size) {
  SLUICE_ASSERT(size > 0 && size <= record_bytes_max());
  const std::uint64_t need = header_bytes + round_up(size);
  const std::uint64_t to_end = capacity() - (producer_.written & mask_);
  const std::uint64_t padding = to_end < need ? to_end : 0;
  const std::uint64_t end = producer_.written + padding + need;
  if (end - producer_.released_seen > capacity()) {
    producer_.released_seen = released_.load(std::memory_order_acquire);
    if (end - producer_.released_seen > capacity()) {
      producer_.reserved = 0;
      return {};
    }
  }
  if (padding != 0) write_header(at(producer_.written), {0, 1});
  const std::uint64_t start = producer_.written + padding;
  write_header(at(start), {static_cast<std::uint32_t>(size), 0});
  producer_.reserved = end;
  return {at(start) + header_bytes, size};
}

void SpscRing::commit() {
  SLUICE_ASSERT(producer_.reserved > producer_.written);
  producer_.written = producer_.reserved;
}

bool SpscRing::flush() {
  if (producer_.shown == producer_.written) return false;
  producer_.shown = producer_.written;
  shown_.store(producer_.shown, std::memory_order_release);
  return true;
}

std::size_t SpscRing::used_bytes() const {
  return producer_.written - released_.load(std::memory_order_relaxed);
}

ByteView SpscRing::front() {
  for (;;) {
    if (consumer_.read == consumer_.shown_seen) {
      consumer_.shown_seen = shown_.load(std::memory_order_acquire);
      if (consumer_.read == consumer_.shown_seen) return {};
    }
    const Header header = read_header(at(consumer_.read));
    if (header.is_padding == 0) return {at(consumer_.read) + header_bytes, header.size};
    consumer_.read += capacity() - (consumer_.read & mask_);
  }
}

void SpscRing::pop() {
  SLUICE_ASSERT(consumer_.read != consumer_.shown_seen);
  const Header header = read_header(at(consumer_.read));
  SLUICE_ASSERT(header.is_padding == 0);
  consumer_.read += header_bytes + round_up(header.size);
}

void SpscRing::release() {
  if (consumer_.returned == consumer_.read) return;
  consumer_.returned = consumer_.read;
  released_.store(consumer_.returned, std::memory_order_release);
}

}  // namespace sluice
