// SPDX-License-Identifier: Apache-2.0
#include "core/state/record_codec.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <variant>

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

struct Name {
  logged::Kind kind;
  const char* name;
};
constexpr Name names[] = {
    {logged::Kind::batch_begun, "batch_begun"},
    {logged::Kind::run_started, "run_started"},
    {logged::Kind::message, "message"},
    {logged::Kind::session_created, "session_created"},
    {logged::Kind::session_attached, "session_attached"},
    {logged::Kind::session_detached, "session_detached"},
    {logged::Kind::session_ended, "session_ended"},
    {logged::Kind::will_set, "will_set"},
    {logged::Kind::subscribed, "subscribed"},
    {logged::Kind::unsubscribed, "unsubscribed"},
    {logged::Kind::queued, "queued"},
    {logged::Kind::delivery_begun, "delivery_begun"},
    {logged::Kind::queue_front_dropped, "queue_front_dropped"},
    {logged::Kind::delivery_acknowledged, "delivery_acknowledged"},
    {logged::Kind::packet_id_received, "packet_id_received"},
    {logged::Kind::packet_id_released, "packet_id_released"},
    {logged::Kind::retained_set, "retained_set"},
    {logged::Kind::retained_cleared, "retained_cleared"},
    {logged::Kind::outbox_sent, "outbox_sent"},
    {logged::Kind::outbox_applied, "outbox_applied"},
    {logged::Kind::outbox_confirmed, "outbox_confirmed"},
    {logged::Kind::checkpoint_begun, "checkpoint_begun"},
    {logged::Kind::message_kept, "message_kept"},
    {logged::Kind::session_imaged, "session_imaged"},
    {logged::Kind::delivery_imaged, "delivery_imaged"},
    {logged::Kind::packet_ids_skipped, "packet_ids_skipped"},
    {logged::Kind::chunk_imaged, "chunk_imaged"},
    {logged::Kind::packet_id_told, "packet_id_told"},
    {logged::Kind::session_image_ended, "session_image_ended"},
    {logged::Kind::outbox_imaged, "outbox_imaged"},
    {logged::Kind::outbox_image_ended, "outbox_image_ended"},
    {logged::Kind::shared_turn_taken, "shared_turn_taken"},
    {logged::Kind::checkpoint_ended, "checkpoint_ended"},
};
static_assert(std::size(names) == std::variant_size_v<logged::Record>);

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
  const auto* const found = std::ranges::find(names, kind, &Name::kind);
  return found != std::end(names) ? found->name : "unknown";
}

}  // namespace sluice::core
