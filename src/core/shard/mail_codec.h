// SPDX-License-Identifier: Apache-2.0
//
// Writes and reads mail records (mail.h). Each kind names its fields once, in fields(); size, write
// and read follow.
//
// A SharedBytes handle in a record is a live object: a record that was written must be read exactly
// once.
#pragma once

#include "base/assert.h"
#include "core/shard/mail.h"
#include "core/shard/mailer.h"

#include <bit>
#include <cstring>
#include <memory>
#include <utility>

namespace sluice::core::mail {

template <class Archive>
void fields(Archive& a, Publish& p) {
  a(p.body), a(p.received.ns), a(p.sequence), a(p.expiry_s), a(p.qos), a(p.retain),
      a(p.is_for_subscribers), a(p.is_to_retain), a(p.is_volatile);
  a(p.topic), a(p.properties), a(p.payload);
}
template <class Archive>
void fields(Archive& a, SharedPublish& p) {
  fields(a, p.publish);
  a(p.session), a(p.number), a(p.hops), a(p.is_again), a(p.share_name), a(p.filter);
}
template <class Archive>
void fields(Archive& a, InterestChanged& m) {
  a(m.key), a(m.sequence), a(m.is_interested);
}
template <class Archive>
void fields(Archive& a, SharedMember& m) {
  a(m.sequence), a(m.subscription_id), a(m.session), a(m.number), a(m.qos), a(m.is_gone),
      a(m.is_connected);
  a(m.is_durable), a(m.taken_at.ns), a(m.share_name), a(m.filter);
}
template <class Archive>
void fields(Archive& a, Confirmed& m) {
  a(m.sequence);
}
template <class Archive>
void fields(Archive& a, RetainedAsked& m) {
  a(m.query), a(m.messages_max), a(m.bytes_max), a(m.filter);
}
template <class Archive>
void fields(Archive& a, RetainedCancelled& m) {
  a(m.query);
}
template <class Archive>
void fields(Archive& a, RetainedFound& m) {
  fields(a, m.publish);
  a(m.query);
}
template <class Archive>
void fields(Archive& a, RetainedPageEnd& m) {
  a(m.query), a(m.is_last);
}

template <class Archive>
void fields(Archive& a, OutboxConfirmed& m) {
  a(m.sequence), a(m.is_after_restart);
}

/// Kind and, to keep what follows aligned, seven bytes of nothing.
inline constexpr std::size_t kind_bytes = 8;

class SizeArchive {
 public:
  template <class Number>
  void operator()(Number&) {
    size_ += sizeof(Number);
  }
  void operator()(std::string_view& text) { size_ += sizeof(std::uint32_t) + text.size(); }
  void operator()(ByteView& bytes) { size_ += sizeof(std::uint32_t) + bytes.size(); }
  std::size_t size() const { return size_; }

 private:
  std::size_t size_ = kind_bytes;
};

class WriteArchive {
 public:
  explicit WriteArchive(std::uint8_t* out) : out_(out) {}
  template <class Number>
  void operator()(Number& value) {
    static_assert(std::is_trivially_copyable_v<Number>);
    std::memcpy(out_, &value, sizeof value);
    out_ += sizeof value;
  }
  /// Stands first in its record, where it is aligned.
  void operator()(SharedBytes& handle) {
    SLUICE_DCHECK(reinterpret_cast<std::uintptr_t>(out_) % alignof(SharedBytes) == 0);
    std::construct_at(reinterpret_cast<SharedBytes*>(out_), handle);
    out_ += sizeof(SharedBytes);
  }
  void operator()(std::string_view& text) { put(text.data(), text.size()); }
  void operator()(ByteView& bytes) { put(bytes.data(), bytes.size()); }

 private:
  void put(const void* bytes, std::size_t size) {
    auto length = static_cast<std::uint32_t>(size);
    (*this)(length);
    if (size > 0) std::memcpy(out_, bytes, size);
    out_ += size;
  }
  std::uint8_t* out_;
};

class ReadArchive {
 public:
  explicit ReadArchive(ByteView record)
      : in_(record.data() + kind_bytes), end_(record.data() + record.size()) {}
  template <class Number>
  void operator()(Number& value) {
    std::memcpy(&value, take(sizeof value), sizeof value);
  }
  void operator()(SharedBytes& handle) {
    auto* stored = const_cast<SharedBytes*>(
        std::launder(reinterpret_cast<const SharedBytes*>(take(sizeof(SharedBytes)))));
    handle = std::move(*stored);
    std::destroy_at(stored);
  }
  void operator()(std::string_view& text) { text = as_text(get()); }
  void operator()(ByteView& bytes) { bytes = get(); }

 private:
  const std::uint8_t* take(std::size_t size) {
    SLUICE_ASSERT(size <= static_cast<std::size_t>(end_ - in_));
    return std::exchange(in_, in_ + size);
  }
  ByteView get() {
    std::uint32_t size = 0;
    (*this)(size);
    return {take(size), size};
  }
  const std::uint8_t* in_;
  const std::uint8_t* end_;
};

inline Kind kind_of(ByteView record) { return static_cast<Kind>(record[0]); }

template <class Mail>
void send(Mailer& mailer, ShardIndex target, Mail& mail) {
  SizeArchive size;
  fields(size, mail);
  const MutableByteView record = mailer.reserve(target, size.size());
  SLUICE_ASSERT(record.data() != nullptr && record.size() >= size.size() &&
                record.size() >= kind_bytes);
  std::memset(record.data(), 0, kind_bytes);
  record[0] = static_cast<std::uint8_t>(Mail::kind);
  WriteArchive write(record.data() + kind_bytes);
  fields(write, mail);
}

template <class Mail>
Mail read(ByteView record) {
  SLUICE_ASSERT(kind_of(record) == Mail::kind);
  Mail mail;
  ReadArchive archive(record);
  fields(archive, mail);
  return mail;
}

/// For the driver: frees what a record holds when nobody will handle it any more.
void discard(ByteView record);

}  // namespace sluice::core::mail
