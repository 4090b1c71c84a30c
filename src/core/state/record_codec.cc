// SPDX-License-Identifier: Apache-2.0
#include "core/state/record_codec.h"

#include <limits>

namespace sluice::core {
namespace {

// Times beyond these are none: the year 2116, and 36 years before a batch. Sums with them fit.
constexpr std::int64_t wall_ns_max = std::int64_t{1} << 62;
constexpr Duration ago_max{std::int64_t{1} << 60};

// Reads fields; after the first that cannot be, all are empty, and fault() says why.
class ReadArchive {
 public:
  ReadArchive(ByteView in, std::vector<std::uint32_t>& list) : in_(in), list_(list) {}

  void operator()(const char*, std::uint16_t& value) { get_number(value); }
  void operator()(const char*, std::uint32_t& value) { get_number(value); }
  void operator()(const char*, std::uint64_t& value) { get_number(value); }
  void operator()(const char*, bool& value) { value = get_byte(0, 1) != 0; }
  void operator()(const char*, codec::Qos& value) { get_enum(value, 0, 2); }
  void operator()(const char*, codec::Version& value) { get_enum(value, 3, 5); }
  void operator()(const char*, record::AckKind& value) {
    get_enum(value, 0, static_cast<std::uint8_t>(record::AckKind::pubcomp));
  }
  void operator()(const char*, DeliveryState& value) {
    get_enum(value, 0, static_cast<std::uint8_t>(DeliveryState::done));
  }
  void operator()(const char*, codec::SubscriptionOptions& value) {
    const std::uint8_t byte = get_byte(0, 0x2e);
    if ((byte & 3U) == 3 || (byte & 0x30U) == 0x30) {
      fail("subscription options that do not exist");
      return;
    }
    value = codec::SubscriptionOptions::from_byte(byte);
  }
  void operator()(const char*, WallTime& value) {
    value.ns = get_signed();
    if (value.ns < 0 || value.ns > wall_ns_max) fail("a time that cannot be");
  }
  void operator()(const char*, logged::Ago& value) {
    value.value = Duration(get_signed());
    if (value.value > ago_max || value.value < -ago_max) fail("a time that cannot be");
  }
  void operator()(const char*, std::string_view& text) { text = as_text(get_bytes()); }
  void operator()(const char*, ByteView& bytes) { bytes = get_bytes(); }
  void operator()(const char*, std::span<const std::uint32_t>& list) {
    list_.clear();
    const std::uint64_t count = get();
    if (count > in_.size()) {
      fail("a list that is longer than its batch");
      return;
    }
    for (std::uint64_t i = 0; i < count; ++i) {
      std::uint32_t value = 0;
      get_number(value);
      list_.push_back(value);
    }
    list = list_;
  }

  const char* fault() const { return fault_; }
  std::size_t left() const { return in_.size(); }

 private:
  void fail(const char* fault) {
    if (fault_ == nullptr) fault_ = fault;
    in_ = {};
  }
  std::uint64_t get() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (in_.empty()) {
        fail("a record that is cut");
        return 0;
      }
      const std::uint8_t byte = in_[0];
      in_ = in_.subspan(1);
      if (shift == 63 && byte > 1) break;
      value |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) {
        if (byte == 0 && shift > 0) break;
        return value;
      }
    }
    fail("a number that is too long");
    return 0;
  }
  template <class Number>
  void get_number(Number& value) {
    const std::uint64_t number = get();
    if (number > std::numeric_limits<Number>::max()) {
      fail("a number that is too large");
      return;
    }
    value = static_cast<Number>(number);
  }
  std::int64_t get_signed() {
    const std::uint64_t value = get();
    return static_cast<std::int64_t>(value >> 1 ^ (~(value & 1U) + 1));
  }
  std::uint8_t get_byte(std::uint8_t least, std::uint8_t most) {
    if (in_.empty()) {
      fail("a record that is cut");
      return least;
    }
    const std::uint8_t byte = in_[0];
    in_ = in_.subspan(1);
    if (byte >= least && byte <= most) return byte;
    fail("a value that does not exist");
    return least;
  }
  template <class Enum>
  void get_enum(Enum& value, std::uint8_t least, std::uint8_t most) {
    value = static_cast<Enum>(get_byte(least, most));
  }
  ByteView get_bytes() {
    const std::uint64_t size = get();
    if (size > in_.size()) {
      fail("a text that is longer than its batch");
      return {};
    }
    const ByteView bytes = in_.first(size);
    in_ = in_.subspan(size);
    return bytes;
  }

  ByteView in_;
  std::vector<std::uint32_t>& list_;
  const char* fault_ = nullptr;
};

template <class Alternative>
bool read_as(logged::Kind kind, ReadArchive& archive, logged::Record& record) {
  if (kind != Alternative::kind) return false;
  fields(archive, record.emplace<Alternative>());
  return true;
}

template <class... Alternatives>
bool read_any(logged::Kind kind, ReadArchive& archive, std::variant<Alternatives...>& record) {
  return (read_as<Alternatives>(kind, archive, record) || ...);
}

}  // namespace

void LogWriteArchive::put(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<std::uint8_t>(value | 0x80));
  out_.push_back(static_cast<std::uint8_t>(value));
}

Result<std::optional<logged::Record>> RecordReader::next() {
  if (at_ == batch_.size()) return std::optional<logged::Record>();
  const auto failure = [this](const char* detail) {
    return sluice::fail(Error{.code = ErrorCode::parse_error,
                              .offset = static_cast<std::uint32_t>(at_),
                              .detail = detail});
  };
  ReadArchive archive(batch_.subspan(at_ + 1), list_);
  logged::Record record;
  if (!read_any(logged::Kind{batch_[at_]}, archive, record))
    return failure("a record of a kind that this version does not know");
  if (archive.fault() != nullptr) return failure(archive.fault());
  at_ = batch_.size() - archive.left();
  return std::optional<logged::Record>(std::move(record));
}

const char* logged::name_of(Kind kind) noexcept {
  switch (kind) {
    case Kind::batch_begun:
      return "batch_begun";
    case Kind::run_started:
      return "run_started";
    case Kind::message:
      return "message";
    case Kind::session_created:
      return "session_created";
    case Kind::session_attached:
      return "session_attached";
    case Kind::session_detached:
      return "session_detached";
    case Kind::session_ended:
      return "session_ended";
    case Kind::will_set:
      return "will_set";
    case Kind::subscribed:
      return "subscribed";
    case Kind::unsubscribed:
      return "unsubscribed";
    case Kind::queued:
      return "queued";
    case Kind::delivery_begun:
      return "delivery_begun";
    case Kind::queue_front_dropped:
      return "queue_front_dropped";
    case Kind::delivery_acknowledged:
      return "delivery_acknowledged";
    case Kind::packet_id_received:
      return "packet_id_received";
    case Kind::packet_id_released:
      return "packet_id_released";
    case Kind::retained_set:
      return "retained_set";
    case Kind::retained_cleared:
      return "retained_cleared";
    case Kind::outbox_sent:
      return "outbox_sent";
    case Kind::outbox_applied:
      return "outbox_applied";
    case Kind::outbox_confirmed:
      return "outbox_confirmed";
    case Kind::checkpoint_begun:
      return "checkpoint_begun";
    case Kind::message_kept:
      return "message_kept";
    case Kind::session_imaged:
      return "session_imaged";
    case Kind::delivery_imaged:
      return "delivery_imaged";
    case Kind::packet_ids_skipped:
      return "packet_ids_skipped";
    case Kind::chunk_imaged:
      return "chunk_imaged";
    case Kind::packet_id_told:
      return "packet_id_told";
    case Kind::session_image_ended:
      return "session_image_ended";
    case Kind::outbox_imaged:
      return "outbox_imaged";
    case Kind::outbox_image_ended:
      return "outbox_image_ended";
    case Kind::checkpoint_ended:
      return "checkpoint_ended";
  }
  return "unknown";
}

}  // namespace sluice::core
