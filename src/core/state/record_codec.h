// SPDX-License-Identifier: Apache-2.0
//
// Writes logged records to bytes and reads them back: a byte for the kind, then the fields. Numbers
// are as short as they can be (seven bits a byte), texts have their length before them. A record
// has exactly one form; anything else is an error, for a disk can hand back anything.
//
// Thread:  any.      Never: allocation beyond the buffer that is written, and long lists of
// subscription identifiers.
// Limits:  none of its own: nothing is larger than the bytes that it was read from.
#pragma once

#include "base/result.h"
#include "core/state/logged.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace sluice::core {

/// Appends fields to a buffer.
class LogWriteArchive {
 public:
  explicit LogWriteArchive(std::vector<std::uint8_t>& out) : out_(out) {}

  void operator()(const char*, std::uint16_t value) { put(value); }
  void operator()(const char*, std::uint32_t value) { put(value); }
  void operator()(const char*, std::uint64_t value) { put(value); }
  void operator()(const char*, bool value) { out_.push_back(value ? 1 : 0); }
  void operator()(const char*, codec::Qos value) { put_byte(value); }
  void operator()(const char*, codec::Version value) { put_byte(value); }
  void operator()(const char*, record::AckKind value) { put_byte(value); }
  void operator()(const char*, DeliveryState value) { put_byte(value); }
  void operator()(const char*, codec::SubscriptionOptions value) {
    out_.push_back(value.to_byte());
  }
  void operator()(const char*, WallTime value) { put_signed(value.ns); }
  void operator()(const char*, logged::Ago value) { put_signed(value.value.count()); }
  void operator()(const char*, std::string_view text) { put_bytes(as_bytes(text)); }
  void operator()(const char*, ByteView bytes) { put_bytes(bytes); }
  void operator()(const char*, std::span<const std::uint32_t> list) {
    put(list.size());
    for (const std::uint32_t each : list) put(each);
  }

 private:
  void put(std::uint64_t value);
  void put_signed(std::int64_t value) {
    put(static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
  }
  void put_bytes(ByteView bytes) {
    put(bytes.size());
    out_.insert(out_.end(), bytes.begin(), bytes.end());
  }
  template <class Enum>
  void put_byte(Enum value) {
    out_.push_back(static_cast<std::uint8_t>(value));
  }

  std::vector<std::uint8_t>& out_;
};

/// Appends a record to `out`.
template <class Record>
void append_record(std::vector<std::uint8_t>& out, const Record& record) {
  out.push_back(static_cast<std::uint8_t>(Record::kind));
  LogWriteArchive archive(out);
  fields(archive, const_cast<Record&>(record));  // the archive takes values
}

/// Walks the records of a batch.
class RecordReader {
 public:
  explicit RecordReader(ByteView batch) : batch_(batch) {}

  /// The next record, or nothing at the end. Its views are good as long as the batch, its lists
  /// until the next call. parse_error with the offset of the record if it cannot be read.
  Result<std::optional<logged::Record>> next();
  /// Where the next record begins.
  std::size_t offset() const { return at_; }

 private:
  ByteView batch_;
  std::size_t at_ = 0;
  std::vector<std::uint32_t> list_;
};

}  // namespace sluice::core
