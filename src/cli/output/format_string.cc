// SPDX-License-Identifier: Apache-2.0
#include "cli/output/format_string.h"

#include "cli/output/json_text.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <limits>

namespace sluice::cli {
namespace {

using codec::PropertyId;

constexpr std::uint32_t width_max = 100'000;
constexpr std::string_view codes = "ACDEFIJjlmPpqRrStUxXfd%";
/// Those to which flags and width apply, and those of them that '0' pads with zeros.
constexpr std::string_view codes_with_width = "ACEFIlmpRStxXfd";
constexpr std::string_view codes_with_zeros = "AEFlmpSxXfd";
/// What may stand between groups of hexadecimal digits.
constexpr std::string_view separators = " !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~";
constexpr std::uint32_t digits_max = 60;
constexpr std::string_view codes_with_maximum = "CIRt";

bool has(std::string_view set, char c) { return set.find(c) != std::string_view::npos; }

std::string number_text(const codec::Publish& publish, PropertyId id) {
  const auto number = publish.properties.number(id);
  return number ? std::to_string(*number) : std::string();
}

std::string user_properties_text(const codec::Properties& properties) {
  std::string out;
  auto cursor = properties.cursor();
  while (const auto property = cursor.next()) {
    if (property->id != PropertyId::user_property) continue;
    if (!out.empty()) out += ' ';
    out += std::string(property->name) + ":" + std::string(property->value);
  }
  return out;
}

std::string hex_text(ByteView bytes, std::string_view digits) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    out += digits[byte >> 4];
    out += digits[byte & 0x0FU];
  }
  return out;
}

/// The payload as the bytes of a binary floating-point number of this machine; empty if it is none.
template <class Float>
std::string float_text(ByteView payload, int digits) {
  Float value{};
  if (payload.size() != sizeof(value)) return {};
  std::memcpy(&value, payload.data(), sizeof(value));
  std::string out(std::numeric_limits<double>::max_exponent10 + digits_max + 4, '\0');
  const int size = std::snprintf(out.data(), out.size(), "%.*f", digits, double{value});
  out.resize(static_cast<std::size_t>(size));
  return out;
}

std::string grouped(std::string_view digits, std::uint32_t group, char separator) {
  std::string out;
  for (std::size_t at = 0; at < digits.size(); at += group) {
    if (at != 0) out += separator;
    out += digits.substr(at, group);
  }
  return out;
}

std::string value_text(char code, const ShownMessage& message) {
  const codec::Publish& publish = message.publish;
  switch (code) {
    case '%':
      return "%";
    case 'A':
      return number_text(publish, PropertyId::topic_alias);
    case 'C':
      return std::string(publish.properties.text(PropertyId::content_type).value_or(""));
    case 'D':
      return std::string(
          as_text(publish.properties.binary(PropertyId::correlation_data).value_or(ByteView())));
    case 'E':
      return number_text(publish, PropertyId::message_expiry_interval);
    case 'F':
      return number_text(publish, PropertyId::payload_format_indicator);
    case 'I':
      return local_time_text(message.time, "%FT%T%z");
    case 'l':
      return std::to_string(publish.payload.size());
    case 'm':
      return std::to_string(publish.packet_id);
    case 'P':
      return user_properties_text(publish.properties);
    case 'p':
      return std::string(as_text(publish.payload));
    case 'q':
      return std::to_string(static_cast<unsigned>(publish.qos));
    case 'R':
      return std::string(publish.properties.text(PropertyId::response_topic).value_or(""));
    case 'r':
      return publish.retain ? "1" : "0";
    case 'S':
      return number_text(publish, PropertyId::subscription_identifier);
    case 't':
      return std::string(publish.topic);
    case 'U':
      return unix_time_text(message.time);
    case 'x':
      return hex_text(publish.payload, "0123456789abcdef");
    case 'X':
      return hex_text(publish.payload, "0123456789ABCDEF");
    default:
      return {};
  }
}

}  // namespace

class FormatString::Parser {
 public:
  Parser(std::string_view text, std::vector<Piece>& pieces) : rest_(text), pieces_(pieces) {}

  Parsed<bool> run() {
    while (!rest_.empty()) {
      const char c = take();
      Parsed<bool> good = true;
      if (c == '%')
        good = take_code();
      else if (c == '@')
        good = take_time();
      else if (c == '\\')
        good = take_escape();
      else
        add_literal(c);
      if (!good) return good;
    }
    return true;
  }

 private:
  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  static std::unexpected<UsageError> refuse(std::string text) {
    return std::unexpected(UsageError{"-F: " + std::move(text)});
  }

  void add_literal(char c) {
    if (pieces_.empty() || pieces_.back().code != '\0') pieces_.emplace_back();
    pieces_.back().literal += c;
  }

  Parsed<bool> take_number(std::uint32_t& number) {
    number = 0;
    while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
      number = number * 10 + static_cast<std::uint32_t>(take() - '0');
      if (number > width_max) return refuse("a width above 100000 is not allowed");
    }
    return true;
  }

  Parsed<bool> take_code() {
    Piece piece;
    if (!rest_.empty() && rest_.front() == '-') {
      take();
      piece.align = Align::left;
    }
    if (!rest_.empty() && rest_.front() == '0') {
      take();
      piece.pad = '0';
    }
    if (const auto good = take_number(piece.width); !good) return good;
    bool has_maximum = false;
    if (!rest_.empty() && rest_.front() == '.') {
      take();
      has_maximum = true;
      if (const auto good = take_number(piece.most); !good) return good;
    }
    if (rest_.size() > 1 && has(separators, rest_.front()) && has("xX", rest_[1]))
      piece.separator = take();
    if (rest_.empty()) return refuse("the format ends within a % sequence");
    piece.code = take();
    if (!has(codes, piece.code)) {
      return refuse(std::string("'%") + piece.code + "' means nothing; --help lists what does");
    }
    piece.group = has_maximum ? piece.most : 0;
    if (has("fd", piece.code)) piece.group = has_maximum ? std::min(piece.most, digits_max) : 6;
    if (!has(codes_with_width, piece.code)) piece.width = 0;
    if (!has(codes_with_maximum, piece.code) || !has_maximum) piece.most = ~std::uint32_t{0};
    if (piece.align == Align::left || !has(codes_with_zeros, piece.code)) piece.pad = ' ';
    pieces_.push_back(std::move(piece));
    return true;
  }

  Parsed<bool> take_time() {
    if (rest_.empty()) return refuse("the format ends within an @ sequence");
    const char c = take();
    if (c == '@') {
      add_literal('@');
      return true;
    }
    Piece piece;
    piece.code = '@';
    piece.literal = c == 'N' ? std::string("N") : std::string("%") + c;
    pieces_.push_back(std::move(piece));
    return true;
  }

  Parsed<bool> take_escape() {
    constexpr std::string_view names = "\\0aenrtv";
    constexpr std::string_view bytes("\\\0\a\x1b\n\r\t\v", 8);
    if (rest_.empty()) return refuse("the format ends within a \\ sequence");
    const char c = take();
    const auto known = names.find(c);
    if (known == std::string_view::npos) {
      return refuse(std::string("'\\") + c +
                    "' means nothing; \\\\ \\0 \\a \\e \\n \\r \\t \\v do");
    }
    add_literal(bytes[known]);
    return true;
  }

  std::string_view rest_;
  std::vector<Piece>& pieces_;
};

Parsed<FormatString> FormatString::parse(std::string_view text) {
  FormatString format;
  if (const auto good = Parser(text, format.pieces_).run(); !good) {
    return std::unexpected(good.error());
  }
  return format;
}

bool FormatString::render(const ShownMessage& message, JsonLayout layout, std::string& out) const {
  const std::size_t before = out.size();
  for (const Piece& piece : pieces_) {
    if (piece.code == 'j') {
      append_json(message, JsonPayload::text, layout, out);
    } else if (piece.code == 'J') {
      if (append_json(message, JsonPayload::value, layout, out)) continue;
      out.resize(before);
      return false;
    } else {
      render_piece(piece, message, out);
    }
  }
  return true;
}

std::string FormatString::value_of(const Piece& piece, const ShownMessage& message) {
  const auto digits = static_cast<int>(piece.group);
  if (piece.code == 'f') return float_text<float>(message.publish.payload, digits);
  if (piece.code == 'd') return float_text<double>(message.publish.payload, digits);
  return value_text(piece.code, message);
}

void FormatString::render_piece(const Piece& piece, const ShownMessage& message, std::string& out) {
  if (piece.code == '\0') {
    out += piece.literal;
    return;
  }
  if (piece.code == '@') {
    out += piece.literal == "N" ? nanosecond_text(message.time)
                                : local_time_text(message.time, piece.literal.c_str());
    return;
  }
  std::string value = value_of(piece, message);
  if (value.empty() && piece.code == 'R') return;  // mosquitto_sub pads all absent ones but this
  if (value.size() > piece.most) value.resize(piece.most);
  const std::size_t padding = piece.width > value.size() ? piece.width - value.size() : 0;
  if (piece.align == Align::right) value.insert(0, padding, piece.pad);
  out += piece.separator != '\0' && piece.group != 0 ? grouped(value, piece.group, piece.separator)
                                                     : value;
  if (piece.align == Align::left) out.append(padding, ' ');
}

}  // namespace sluice::cli
