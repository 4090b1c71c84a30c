// SPDX-License-Identifier: Apache-2.0
#include "cli/recording/recording_format.h"

#include "cli/recording/recording_json.h"
#include "codec/topic.h"

#include <array>

namespace sluice::cli {
namespace {

constexpr std::string_view magic = "SLUREC\r\n";
constexpr std::uint16_t version = 1;
constexpr std::size_t header_bytes = 16;  ///< magic, version, two bytes of 0, checksum
constexpr std::size_t prefix_bytes = 8;   ///< of a message: its length, its checksum
constexpr std::size_t fixed_bytes = 15;   ///< of its body: time, flags, two lengths

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t at = 0; at < table.size(); ++at) {
    std::uint32_t value = at;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 1U) != 0 ? 0xEDB8'8320U ^ (value >> 1) : value >> 1;
    }
    table[at] = value;
  }
  return table;
}
constexpr auto crc_table = make_table();

template <class T>
void append_number(T number, std::string& out) {
  auto rest = static_cast<std::uint64_t>(number);
  for (std::size_t at = 0; at < sizeof(T); ++at, rest >>= 8) {
    out += static_cast<char>(rest & 0xFFU);
  }
}

template <class T>
T number_at(std::string_view bytes, std::size_t at) {
  std::uint64_t number = 0;
  for (std::size_t byte = sizeof(T); byte-- > 0;) {
    number = number << 8 | static_cast<unsigned char>(bytes[at + byte]);
  }
  return static_cast<T>(number);
}

Failure damaged(const char* how) { return fail(ErrorCode::parse_error, how); }

Result<RecordedMessage> message_of(std::string_view body) {
  if (body.size() < fixed_bytes) return damaged("a message is shorter than its own head");
  RecordedMessage message;
  message.time.ns = number_at<std::int64_t>(body, 0);
  const auto flags = number_at<std::uint8_t>(body, 8);
  const std::size_t topic_bytes = number_at<std::uint16_t>(body, 9);
  const std::size_t property_bytes = number_at<std::uint32_t>(body, 11);
  body.remove_prefix(fixed_bytes);
  if ((flags & 3U) > 2 || topic_bytes > body.size() || property_bytes > body.size() - topic_bytes)
    return damaged("the head of a message does not fit its body");
  message.qos = static_cast<codec::Qos>(flags & 3U);
  message.retain = (flags & 4U) != 0;
  message.topic = body.substr(0, topic_bytes);
  const ByteView properties = as_bytes(body.substr(topic_bytes, property_bytes));
  message.properties.assign(properties.begin(), properties.end());
  message.payload = body.substr(topic_bytes + property_bytes);
  SLUICE_CHECK(codec::check_topic_name(message.topic));
  SLUICE_CHECK(codec::check_properties(message.properties, codec::PacketType::publish,
                                       codec::PropertyPlace::packet, codec::DecodeLimits{}));
  return message;
}

}  // namespace

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t value = 0xFFFF'FFFFU;
  for (const char c : bytes) {
    value = crc_table[(value ^ static_cast<unsigned char>(c)) & 0xFFU] ^ (value >> 8);
  }
  return ~value;
}

std::string recording_header(RecordingForm form) {
  if (form == RecordingForm::json) return {};
  std::string out(magic);
  append_number(version, out);
  append_number(std::uint16_t{0}, out);
  append_number(crc32(out), out);
  return out;
}

void append_recorded(const RecordedMessage& message, RecordingForm form, std::string& out) {
  if (form == RecordingForm::json) return append_recorded_json(message, out);
  std::string body;
  append_number(message.time.ns, body);
  const auto flags = static_cast<unsigned>(message.qos) | (message.retain ? 4U : 0U);
  append_number(static_cast<std::uint8_t>(flags), body);
  append_number(static_cast<std::uint16_t>(message.topic.size()), body);
  append_number(static_cast<std::uint32_t>(message.properties.size()), body);
  body += message.topic;
  body += as_text(message.properties);
  body += message.payload;
  append_number(static_cast<std::uint32_t>(body.size()), out);
  append_number(crc32(body), out);
  out += body;
}

void RecordingReader::feed(ByteView bytes) {
  bytes_.erase(0, taken_);
  taken_ = 0;
  bytes_ += as_text(bytes);
}

Result<bool> RecordingReader::read_header() {
  const std::string_view rest = bytes_;
  const bool may_be_binary = magic.starts_with(rest.substr(0, magic.size()));
  if (rest.empty() || (may_be_binary && rest.size() < header_bytes && !is_ended_)) return false;
  if (!may_be_binary) {
    form_ = RecordingForm::json;
    return true;
  }
  if (rest.size() < header_bytes) return damaged("the file ends in its head");
  if (number_at<std::uint32_t>(rest, 12) != crc32(rest.substr(0, 12)))
    return damaged("the head of the file is damaged");
  if (number_at<std::uint16_t>(rest, 8) != version)
    return damaged("the file is of a version that this program does not know");
  taken_ = header_bytes;
  form_ = RecordingForm::binary;
  return true;
}

Result<std::optional<RecordedMessage>> RecordingReader::next() {
  if (!form_) {
    SLUICE_TRY(const bool is_known, read_header());
    if (!is_known) return std::nullopt;
  }
  auto message = form_ == RecordingForm::binary ? next_binary() : next_line();
  if (message && *message) ++count_;
  return message;
}

Result<std::optional<RecordedMessage>> RecordingReader::next_binary() {
  const std::string_view rest = std::string_view(bytes_).substr(taken_);
  if (rest.empty()) return std::nullopt;
  const std::size_t body_bytes = rest.size() < prefix_bytes ? 0 : number_at<std::uint32_t>(rest, 0);
  if (body_bytes > message_bytes_max) return damaged("the length of a message is damaged");
  if (rest.size() < prefix_bytes || rest.size() - prefix_bytes < body_bytes) {
    if (!is_ended_) return std::nullopt;
    return damaged("the file ends within a message");
  }
  const std::string_view body = rest.substr(prefix_bytes, body_bytes);
  if (number_at<std::uint32_t>(rest, 4) != crc32(body))
    return damaged("the checksum of a message is wrong");
  SLUICE_TRY(auto message, message_of(body));
  taken_ += prefix_bytes + body_bytes;
  return std::optional(std::move(message));
}

Result<std::optional<RecordedMessage>> RecordingReader::next_line() {
  for (;;) {
    const std::string_view rest = std::string_view(bytes_).substr(taken_);
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos && rest.size() > message_bytes_max)
      return damaged("a line is longer than a message can be");
    if (rest.empty() || (end == std::string_view::npos && !is_ended_)) return std::nullopt;
    const std::string_view line = rest.substr(0, end);
    taken_ += end == std::string_view::npos ? rest.size() : end + 1;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    SLUICE_TRY(auto message, recorded_of_json(line));
    return std::optional(std::move(message));
  }
}

}  // namespace sluice::cli
