// SPDX-License-Identifier: Apache-2.0
#include "store/chunks/chunk_format.h"

#include "os/crc32c.h"
#include "store/format/little_endian.h"

#include <array>

namespace sluice::store {
namespace {

constexpr std::uint32_t chunk_magic = 0x314b4843;           // "CHK1"
constexpr std::uint64_t index_magic = 0x3158444e494b4843U;  // "CHKINDX1"
constexpr std::size_t entry_bytes = 24;

// What checksums begin with: bytes of another store never fit.
std::uint32_t seed_of(std::uint64_t salt) {
  std::array<std::uint8_t, 8> bytes{};
  put(bytes, 0, salt);
  return os::crc32c(0, bytes);
}

}  // namespace

std::uint32_t chunk_checksum(std::uint64_t salt, core::ChunkId id, ByteView payload) {
  std::array<std::uint8_t, 8> bytes{};
  put(bytes, 0, static_cast<std::uint64_t>(id));
  return os::crc32c(os::crc32c(seed_of(salt), bytes), payload);
}

void write_chunk_header(MutableByteView into, const ChunkHeader& header, std::uint64_t salt) {
  put(into, 0, chunk_magic);
  put(into, 4, header.payload_bytes);
  put(into, 8, static_cast<std::uint64_t>(header.id));
  put(into, 16, header.checksum);
  put(into, 20, os::crc32c(seed_of(salt), into.first(20)));
  put(into, 24, std::uint64_t{0});
}

std::optional<ChunkHeader> read_chunk_header(ByteView bytes, std::uint64_t salt) {
  if (bytes.size() < chunk_header_bytes || get<std::uint32_t>(bytes, 0) != chunk_magic) return {};
  if (get<std::uint32_t>(bytes, 20) != os::crc32c(seed_of(salt), bytes.first(20))) return {};
  return ChunkHeader{.id = core::ChunkId{get<std::uint64_t>(bytes, 8)},
                     .payload_bytes = get<std::uint32_t>(bytes, 4),
                     .checksum = get<std::uint32_t>(bytes, 16)};
}

std::vector<std::uint8_t> write_chunk_index(std::span<const ChunkEntry> entries,
                                            std::uint64_t offset, std::uint64_t salt) {
  std::vector<std::uint8_t> out(entries.size() * entry_bytes + chunk_trailer_bytes);
  const MutableByteView bytes(out);
  std::size_t at = 0;
  for (const ChunkEntry& entry : entries) {
    put(bytes, at, static_cast<std::uint64_t>(entry.header.id));
    put(bytes, at + 8, entry.offset);
    put(bytes, at + 16, entry.header.payload_bytes);
    put(bytes, at + 20, entry.header.checksum);
    at += entry_bytes;
  }
  put(bytes, at, index_magic);
  put(bytes, at + 8, offset);
  put(bytes, at + 16, os::crc32c(seed_of(salt), bytes.first(at + 16)));
  put(bytes, at + 20, std::uint32_t{0});
  return out;
}

std::optional<std::uint64_t> chunk_index_offset(ByteView trailer) {
  if (trailer.size() != chunk_trailer_bytes || get<std::uint64_t>(trailer, 0) != index_magic)
    return {};
  return get<std::uint64_t>(trailer, 8);
}

std::optional<std::vector<ChunkEntry>> read_chunk_index(ByteView bytes, std::uint64_t salt) {
  if (bytes.size() < chunk_trailer_bytes) return {};
  const std::size_t end = bytes.size() - chunk_trailer_bytes;
  if (end % entry_bytes != 0 || get<std::uint64_t>(bytes, end) != index_magic ||
      get<std::uint32_t>(bytes, end + 16) != os::crc32c(seed_of(salt), bytes.first(end + 16)))
    return {};
  std::vector<ChunkEntry> entries;
  entries.reserve(end / entry_bytes);
  for (std::size_t at = 0; at < end; at += entry_bytes)
    entries.push_back({.offset = get<std::uint64_t>(bytes, at + 8),
                       .header = {.id = core::ChunkId{get<std::uint64_t>(bytes, at)},
                                  .payload_bytes = get<std::uint32_t>(bytes, at + 16),
                                  .checksum = get<std::uint32_t>(bytes, at + 20)}});
  return entries;
}

}  // namespace sluice::store
