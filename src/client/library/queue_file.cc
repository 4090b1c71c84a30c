// SPDX-License-Identifier: Apache-2.0
#include "client/library/queue_file.h"

#include "base/assert.h"
#include "os/crc32c.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace sluice::client {
namespace {

constexpr std::array<std::uint8_t, 8> magic{'S', 'L', 'Q', 'U', 'E', 'U', 'E', '1'};
constexpr std::size_t frame_bytes = 8;           ///< checksum and length
constexpr std::uint64_t garbage_min = 1U << 20;  ///< below it copying does not pay
constexpr std::uint32_t body_bytes_max = 300U << 20;

/// Numbers are little-endian, so that a file means the same on every machine.
class Body {
 public:
  template <class N>
  Body& number(N value) {
    for (std::size_t at = 0; at < sizeof(N); ++at) {
      bytes_.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * at)));
    }
    return *this;
  }
  Body& bytes(ByteView bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  const std::vector<std::uint8_t>& view() const { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
};

class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_(bytes) {}
  template <class N>
  N number() {
    std::uint64_t value = 0;
    if (rest_.size() < sizeof(N)) {
      is_short_ = true;
      rest_ = {};
      return N{};
    }
    for (std::size_t at = 0; at < sizeof(N); ++at) value |= std::uint64_t{rest_[at]} << (8 * at);
    rest_ = rest_.subspan(sizeof(N));
    return static_cast<N>(value);
  }
  ByteView bytes(std::size_t count) {
    if (rest_.size() < count) is_short_ = true;
    const ByteView taken = rest_.first(std::min(count, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  bool is_short() const { return is_short_; }

 private:
  ByteView rest_;
  bool is_short_ = false;
};

std::vector<std::uint8_t> framed(ByteView body) {
  return Body()
      .number(os::crc32c(0, body))
      .number(static_cast<std::uint32_t>(body.size()))
      .bytes(body)
      .view();
}

Result<OutgoingMessage> read_publish(ByteView body) {
  Reader reader(body);
  reader.number<std::uint8_t>();
  OutgoingMessage message;
  message.sequence = reader.number<std::uint64_t>();
  message.expires_at.ns = reader.number<std::int64_t>();
  const auto flags = reader.number<std::uint8_t>();
  message.qos = static_cast<codec::Qos>(flags & 3U);
  message.retain = (flags & 4U) != 0;
  const auto topic_bytes = reader.number<std::uint32_t>();
  const auto payload_bytes = reader.number<std::uint32_t>();
  const auto properties_bytes = reader.number<std::uint32_t>();
  message.topic = as_text(reader.bytes(topic_bytes));
  message.payload = reader.bytes(payload_bytes);
  message.properties = reader.bytes(properties_bytes);
  if (reader.is_short()) return fail(ErrorCode::io_error, "the queue's file is damaged");
  return message;
}

}  // namespace

QueueFile::QueueFile(Key, os::Disk& disk, std::string path, v1::durability durability)
    : disk_(disk), path_(std::move(path)), durability_(durability) {}

Result<std::unique_ptr<QueueFile>> QueueFile::open(os::Disk& disk, std::string path,
                                                   v1::durability durability) {
  auto made = std::make_unique<QueueFile>(Key(), disk, std::move(path), durability);
  SLUICE_TRY(made->lock_, disk.lock(made->path_ + ".lock"));
  const os::MutexLock lock(made->mutex_);
  SLUICE_CHECK(made->recover());
  SLUICE_CHECK(made->compact());
  return made;
}

Result<void> QueueFile::recover() {
  auto opened = disk_.open(path_, os::OpenMode::write);
  if (!opened && opened.error().code == ErrorCode::not_found) return {};
  SLUICE_TRY(file_, std::move(opened));
  SLUICE_TRY(const std::uint64_t size, file_->size());
  std::array<std::uint8_t, magic.size()> found{};
  SLUICE_TRY(const std::size_t got, file_->read(found, 0));
  if (size != 0 && (got != magic.size() || found != magic)) {
    return fail(ErrorCode::invalid_argument, "the file is not a queue of messages");
  }
  std::vector<std::uint8_t> body;
  std::uint64_t at = magic.size();
  while (at + frame_bytes <= size) {
    std::array<std::uint8_t, frame_bytes> frame{};
    SLUICE_TRY(const std::size_t head, file_->read(frame, at));
    Reader reader(ByteView(frame).first(head));
    const auto checksum = reader.number<std::uint32_t>();
    const auto bytes = reader.number<std::uint32_t>();
    if (reader.is_short() || bytes == 0 || bytes > body_bytes_max ||
        at + frame_bytes + bytes > size) {
      break;
    }
    body.resize(bytes);
    SLUICE_TRY(const std::size_t read, file_->read(body, at + frame_bytes));
    if (read != bytes || os::crc32c(0, body) != checksum) break;
    take(body, at, static_cast<std::uint32_t>(frame_bytes + bytes));
    at += frame_bytes + bytes;
  }
  damaged_bytes_ = size > at ? size - at : 0;
  end_ = std::min(at, size);
  return {};
}

void QueueFile::take(ByteView body, std::uint64_t offset, std::uint32_t bytes) {
  Reader reader(body);
  const auto kind = static_cast<Kind>(reader.number<std::uint8_t>());
  const auto sequence = reader.number<std::uint64_t>();
  last_sequence_ = std::max(last_sequence_, sequence);
  if (kind == Kind::publish) {
    alive_[sequence] = {.offset = offset, .bytes = bytes};
    return;
  }
  const auto found = alive_.find(sequence);
  if (found == alive_.end()) return;
  if (kind == Kind::sent) {
    found->second.progress = Progress::sent;
    found->second.packet_id = reader.number<std::uint16_t>();
  } else if (kind == Kind::received) {
    found->second.progress = Progress::received;
  } else if (kind == Kind::done) {
    alive_.erase(found);
  }
}

Result<std::vector<std::uint8_t>> QueueFile::read_record(const Place& place) const {
  std::vector<std::uint8_t> record(place.bytes);
  SLUICE_TRY(const std::size_t got, file_->read(record, place.offset));
  if (got != record.size()) return fail(ErrorCode::io_error, "the queue's file is cut short");
  return record;
}

// Everything alive into a new file, in order.
Result<void> QueueFile::compact() {
  const std::string fresh_path = path_ + ".new";
  SLUICE_TRY(auto fresh, disk_.open(fresh_path, os::OpenMode::replace));
  SLUICE_CHECK(fresh->write(magic, 0));
  std::uint64_t at = magic.size();
  std::map<std::uint64_t, Place> alive;
  std::vector<std::uint8_t> progress;
  for (const auto& [sequence, place] : alive_) {
    SLUICE_TRY(const auto record, read_record(place));
    SLUICE_CHECK(fresh->write(record, at));
    Place moved = place;
    moved.offset = at;
    at += place.bytes;
    alive.emplace(sequence, moved);
    if (place.progress == Progress::waiting) continue;
    Body sent;
    sent.number(Kind::sent).number(sequence).number(place.packet_id);
    progress = framed(sent.view());
    if (place.progress == Progress::received) {
      Body received;
      received.number(Kind::received).number(sequence).number(std::uint16_t{0});
      const auto more = framed(received.view());
      progress.insert(progress.end(), more.begin(), more.end());
    }
    SLUICE_CHECK(fresh->write(progress, at));
    at += progress.size();
  }
  if (durability_ == v1::durability::power) SLUICE_CHECK(fresh->sync());
  SLUICE_CHECK(disk_.rename(fresh_path, path_));
  alive_ = std::move(alive);
  file_ = std::move(fresh);
  end_ = alive_bytes_ = at;
  notes_.clear();
  return {};
}

Result<void> QueueFile::write(ByteView bytes) {
  SLUICE_CHECK(file_->write(bytes, end_));
  end_ += bytes.size();
  return {};
}

Result<std::uint64_t> QueueFile::append(const OutgoingMessage& message) {
  const os::MutexLock lock(mutex_);
  const std::uint64_t sequence = last_sequence_ + 1;
  Body body;
  body.number(Kind::publish)
      .number(sequence)
      .number(message.expires_at.ns)
      .number(static_cast<std::uint8_t>(static_cast<unsigned>(message.qos) |
                                        (message.retain ? 4U : 0U)))
      .number(static_cast<std::uint32_t>(message.topic.size()))
      .number(static_cast<std::uint32_t>(message.payload.size()))
      .number(static_cast<std::uint32_t>(message.properties.size()))
      .bytes(as_bytes(message.topic))
      .bytes(message.payload)
      .bytes(message.properties);
  const auto record = framed(body.view());
  SLUICE_CHECK(write_notes());
  const Place place{.offset = end_, .bytes = static_cast<std::uint32_t>(record.size())};
  SLUICE_CHECK(write(record));
  if (durability_ == v1::durability::power) SLUICE_CHECK(file_->sync());
  last_sequence_ = sequence;
  alive_.emplace_hint(alive_.end(), sequence, place);
  alive_bytes_ += place.bytes;
  return sequence;
}

void QueueFile::note(Kind kind, std::uint64_t sequence, codec::PacketId id) {
  Body body;
  body.number(kind).number(sequence).number(id);
  const auto record = framed(body.view());
  notes_.insert(notes_.end(), record.begin(), record.end());
}

void QueueFile::sent(std::uint64_t sequence, codec::PacketId id) {
  const os::MutexLock lock(mutex_);
  const auto found = alive_.find(sequence);
  if (found == alive_.end()) return;
  found->second.progress = Progress::sent;
  found->second.packet_id = id;
  note(Kind::sent, sequence, id);
}

// Before the PUBREL is sent: its message must not be published again by the next run.
void QueueFile::received(std::uint64_t sequence) {
  const os::MutexLock lock(mutex_);
  const auto found = alive_.find(sequence);
  if (found == alive_.end()) return;
  found->second.progress = Progress::received;
  note(Kind::received, sequence, 0);
  static_cast<void>(write_notes());
}

void QueueFile::done(std::uint64_t sequence) {
  const os::MutexLock lock(mutex_);
  const auto found = alive_.find(sequence);
  if (found == alive_.end()) return;
  alive_bytes_ -= std::min<std::uint64_t>(alive_bytes_, found->second.bytes);
  alive_.erase(found);
  note(Kind::done, sequence, 0);
}

Result<void> QueueFile::write_notes() {
  if (notes_.empty()) return {};
  SLUICE_CHECK(write(notes_));
  notes_.clear();
  return {};
}

// What cannot be written stays in the notes, for the next time: until then the next run might
// publish again what is done, never less.
void QueueFile::flush() {
  const os::MutexLock lock(mutex_);
  static_cast<void>(write_notes());
  if (end_ > garbage_min && end_ > alive_bytes_ * 4) static_cast<void>(compact());
}

Result<void> QueueFile::visit(const std::function<void(const Kept&)>& visitor) {
  const os::MutexLock lock(mutex_);
  for (const auto& [sequence, place] : alive_) {
    SLUICE_TRY(const auto record, read_record(place));
    SLUICE_TRY(const OutgoingMessage message, read_publish(ByteView(record).subspan(frame_bytes)));
    visitor({.message = message, .progress = place.progress, .packet_id = place.packet_id});
  }
  return {};
}

}  // namespace sluice::client
