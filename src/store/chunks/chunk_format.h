// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a file of chunks:
//
//   file   = chunks one behind the other, then, once the file is full, its index
//   chunk  = header, payload
//   index  = an entry for each chunk, then a trailer
//
// Checksums are salted by the store: bytes that a client made up are never a chunk, nor an index.
//
// Thread: any (pure).
#pragma once

#include "base/bytes.h"
#include "core/ids.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace sluice::store {

inline constexpr std::size_t chunk_header_bytes = 32;
inline constexpr std::size_t chunk_trailer_bytes = 24;
inline constexpr std::uint32_t chunk_bytes_max = 0xffff'ffffU;

struct ChunkHeader {
  core::ChunkId id{};
  std::uint32_t payload_bytes = 0;
  std::uint32_t checksum = 0;  ///< of the payload
};
/// Of a chunk's payload.
std::uint32_t chunk_checksum(std::uint64_t salt, core::ChunkId id, ByteView payload);

void write_chunk_header(MutableByteView into, const ChunkHeader& header, std::uint64_t salt);
/// Nothing if these bytes begin no chunk.
std::optional<ChunkHeader> read_chunk_header(ByteView bytes, std::uint64_t salt);

/// Where a chunk stands in its file.
struct ChunkEntry {
  std::uint64_t offset = 0;
  ChunkHeader header;
};
/// Entries and trailer. `offset`: where they will stand in the file.
std::vector<std::uint8_t> write_chunk_index(std::span<const ChunkEntry> entries,
                                            std::uint64_t offset, std::uint64_t salt);
/// Where the index begins that this trailer ends, or nothing.
std::optional<std::uint64_t> chunk_index_offset(ByteView trailer);
/// `bytes`: from there to the end of the file. Nothing unless they are an index.
std::optional<std::vector<ChunkEntry>> read_chunk_index(ByteView bytes, std::uint64_t salt);

}  // namespace sluice::store
