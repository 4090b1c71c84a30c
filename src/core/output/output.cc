// SPDX-License-Identifier: Apache-2.0
#include "core/output/output.h"

#include "base/assert.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace sluice::core {

Output::Output() = default;
Output::~Output() = default;

Output::Lane& Output::lane(ConnId conn) {
  SLUICE_DCHECK(!conn.is_none());
  // It grows to twice its capacity, and touches no more of it than is used.
  if (conn.slot >= lanes_.size()) lanes_.resize(conn.slot + std::size_t{1});
  Lane& lane = lanes_[conn.slot];
  if (lane.generation != conn.generation) {
    SLUICE_ASSERT(lane.first == none && !lane.backlog);
    lane.generation = conn.generation;
    lane.is_dirty = lane.is_drained = false;
  }
  return lane;
}

void Output::append(Lane& lane, ConnId conn, const std::uint8_t* data, std::size_t size,
                    std::uint32_t owner) {
  if (!lane.is_dirty) {
    lane.is_dirty = true;
    dirty_.push_back(conn);
  }
  lane.turn_bytes += size;
  turn_bytes_ += size;
  if (lane.last != none && owner == none) {
    Piece& last = pieces_[lane.last];
    if (last.owner == none && last.data + last.size == data) {
      last.size += size;
      return;
    }
  }
  const auto index = static_cast<std::uint32_t>(pieces_.size());
  pieces_.push_back({data, size, none, owner});
  if (lane.last == none)
    lane.first = index;
  else
    pieces_[lane.last].next = index;
  lane.last = index;
}

void Output::send(ConnId conn, ByteView committed) {
  if (committed.empty()) return;
  append(lane(conn), conn, committed.data(), committed.size(), none);
}

void Output::send_payload(ConnId conn, const MessageRef& message, ByteView part) {
  if (part.empty()) return;
  const auto owner = static_cast<std::uint32_t>(owners_.size());
  owners_.push_back(message);
  append(lane(conn), conn, part.data(), part.size(), owner);
}

std::size_t Output::pending_bytes(ConnId conn) const {
  const Lane* lane = find_lane(conn);
  return lane != nullptr ? lane->turn_bytes + (lane->backlog ? lane->backlog->bytes : 0) : 0;
}

bool Output::take_drained(ConnId conn) {
  return find_lane(conn) != nullptr && std::exchange(lanes_[conn.slot].is_drained, false);
}

std::size_t Output::gather(ConnId conn, std::span<ByteView> slices, std::size_t bytes_max) const {
  const Lane* lane = find_lane(conn);
  if (lane == nullptr) return 0;
  std::size_t count = 0;
  const auto add = [&](ByteView bytes) {
    const ByteView part = bytes.first(std::min(bytes.size(), bytes_max));
    slices[count++] = part;
    bytes_max -= part.size();
  };
  if (lane->backlog)
    for (std::size_t i = 0;
         i < lane->backlog->pieces.size() && count < slices.size() && bytes_max > 0; ++i)
      add(lane->backlog->pieces[i].bytes);
  for (std::uint32_t i = lane->first; i != none && count < slices.size() && bytes_max > 0;
       i = pieces_[i].next)
    add({pieces_[i].data, pieces_[i].size});
  return count;
}

void Output::consume(ConnId conn, std::size_t size) {
  Lane& target = lane(conn);
  while (size > 0 && target.backlog && target.backlog->bytes > 0) {
    Kept& kept = target.backlog->pieces.front();
    const std::size_t part = std::min(size, kept.bytes.size());
    kept.bytes = kept.bytes.subspan(part);
    target.backlog->bytes -= part;
    backlog_bytes_ -= part;
    size -= part;
    if (kept.bytes.empty()) target.backlog->pieces.pop_front();
  }
  if (target.backlog && target.backlog->bytes == 0) {
    target.backlog.reset();
    target.is_drained = true;
  }
  while (size > 0) {
    SLUICE_ASSERT(target.first != none);
    Piece& piece = pieces_[target.first];
    const std::size_t part = std::min(size, piece.size);
    piece.data += part;
    piece.size -= part;
    target.turn_bytes -= part;
    size -= part;
    if (piece.size > 0) break;
    target.first = piece.next;
    if (target.first == none) target.last = none;
  }
}

void Output::drop(ConnId conn) {
  if (find_lane(conn) == nullptr) return;
  Lane& target = lanes_[conn.slot];
  if (target.backlog) backlog_bytes_ -= target.backlog->bytes;
  target.backlog.reset();
  target.first = target.last = none;
  target.turn_bytes = 0;
}

std::vector<std::uint8_t> Output::take(ConnId conn) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(pending_bytes(conn));
  while (pending_bytes(conn) > 0) {
    ByteView slice;
    gather(conn, {&slice, 1}, SIZE_MAX);
    bytes.insert(bytes.end(), slice.begin(), slice.end());
    consume(conn, slice.size());
  }
  return bytes;
}

// Copies what is left of this turn's pieces into the lane's backlog; neighbouring arena pieces
// share one allocation.
void Output::keep_rest(Lane& lane) {
  if (!lane.backlog) lane.backlog = std::make_unique<Backlog>();
  lane.backlog->bytes += lane.turn_bytes;
  backlog_bytes_ += lane.turn_bytes;
  for (std::uint32_t i = lane.first; i != none;) {
    if (pieces_[i].owner != none) {
      lane.backlog->pieces.push_back(
          {nullptr, owners_[pieces_[i].owner], {pieces_[i].data, pieces_[i].size}});
      i = pieces_[i].next;
      continue;
    }
    std::size_t size = 0;
    std::uint32_t end = i;
    for (; end != none && pieces_[end].owner == none; end = pieces_[end].next)
      size += pieces_[end].size;
    auto storage = std::make_unique_for_overwrite<std::uint8_t[]>(size);
    std::uint8_t* out = storage.get();
    const ByteView bytes{out, size};
    for (; i != end; i = pieces_[i].next) {
      std::memcpy(out, pieces_[i].data, pieces_[i].size);
      out += pieces_[i].size;
    }
    lane.backlog->pieces.push_back({std::move(storage), {}, bytes});
  }
}

void Output::end_turn() {
  for (const ConnId conn : dirty_) {
    Lane& target = lanes_[conn.slot];
    if (target.first != none) keep_rest(target);
    target.first = target.last = none;
    target.turn_bytes = 0;
    target.is_dirty = false;
  }
  dirty_.clear();
  pieces_.clear();
  owners_.clear();
  packets_.end_turn();
  acks_.end_turn();
  turn_bytes_ = 0;
}

std::size_t Output::bytes() const { return backlog_bytes_ + packets_.bytes() + acks_.bytes(); }

}  // namespace sluice::core
