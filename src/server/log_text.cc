// SPDX-License-Identifier: Apache-2.0
#include "server/log_event.h"
#include "server/log_line.h"

#include <array>
#include <charconv>
#include <vector>

namespace sluice::server {
namespace {

/// The length of the valid UTF-8 character that `text` begins with; 0 if it begins with none, or
/// with one that a terminal obeys instead of showing it (C0, DEL, C1).
std::size_t printable_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x20 || first == 0x7f) return 0;
  if (first < 0x80) return 1;
  const std::size_t length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (length == 0 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return 0;
  }
  const unsigned second = byte(1);
  const bool is_c1 = first == 0xc2 && second < 0xa0;
  const bool is_overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool is_no_character = (first == 0xed && second > 0x9f) || (first == 0xf4 && second > 0x8f);
  return is_c1 || is_overlong || is_no_character ? 0 : length;
}

void append_hex(std::string& line, unsigned char byte) {
  constexpr std::string_view digits = "0123456789abcdef";
  line += "\\x";
  line += digits[byte >> 4U];
  line += digits[byte & 15U];
}

template <class N>
void append_number(std::string& line, N number) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  line.append(buffer.data(), end);
}

/// The fields of a line, and which of them a sentence has named.
class FieldTexts {
 public:
  FieldTexts(Log::Fields fields, std::size_t text_bytes_max)
      : fields_(fields), named_(fields.size()), text_bytes_max_(text_bytes_max) {}

  /// Whether there is such a field, with something in it.
  bool has(std::string_view key) const {
    const LogField* const field = find(key);
    return field != nullptr && !is_empty(*field);
  }

  /// The text of that field; empty if it has none.
  std::string_view text(std::string_view key) const {
    const LogField* const field = find(key);
    const auto* text = field == nullptr ? nullptr : std::get_if<std::string_view>(&field->value);
    return text == nullptr ? std::string_view() : *text;
  }

  void mark_named(std::string_view key) {
    const LogField* const field = find(key);
    if (field != nullptr) named_[static_cast<std::size_t>(field - fields_.begin())] = true;
  }

  void append(std::string& line, std::string_view key) {
    const LogField* const field = find(key);
    if (field == nullptr)
      line += '?';
    else
      append_value(line, *field);
    mark_named(key);
  }

  /// key=value for each field that was not named and is not empty.
  void append_rest(std::string& line) const {
    std::size_t i = 0;
    for (const LogField& field : fields_) {
      if (named_[i++] || is_empty(field)) continue;
      if (!line.empty()) line += ' ';
      line.append(field.key).append("=");
      const auto* text = std::get_if<std::string_view>(&field.value);
      const bool in_quotes = text != nullptr && text->find_first_of(" =") != std::string_view::npos;
      if (in_quotes) line += '"';
      append_value(line, field);
      if (in_quotes) line += '"';
    }
  }

 private:
  static bool is_empty(const LogField& field) {
    const auto* text = std::get_if<std::string_view>(&field.value);
    return text != nullptr && text->empty();
  }

  const LogField* find(std::string_view key) const {
    for (const LogField& field : fields_) {
      if (field.key == key) return &field;
    }
    return nullptr;
  }

  void append_value(std::string& line, const LogField& field) const {
    if (const auto* text = std::get_if<std::string_view>(&field.value)) {
      append_escaped(line, *text, text_bytes_max_);
    } else if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
      append_number(line, *number);
    } else if (const auto* natural = std::get_if<std::uint64_t>(&field.value)) {
      append_number(line, *natural);
    } else {
      append_number(line, std::get<double>(field.value));
    }
  }

  Log::Fields fields_;
  std::vector<bool> named_;
  std::size_t text_bytes_max_;
};

/// Whether every {key} of the part is there.
bool is_complete(std::string_view part, const FieldTexts& fields) {
  while (true) {
    const std::size_t begin = part.find('{');
    if (begin == std::string_view::npos) return true;
    const std::size_t end = part.find('}', begin);
    if (end == std::string_view::npos || !fields.has(part.substr(begin + 1, end - begin - 1))) {
      return false;
    }
    part.remove_prefix(end + 1);
  }
}

/// Writes the sentence, with its fields put in and its incomplete parts left out.
void append_sentence(std::string& line, std::string_view sentence, FieldTexts& fields) {
  while (!sentence.empty()) {
    const char c = sentence.front();
    const std::size_t end = c == '{' ? sentence.find('}') : c == '[' ? sentence.find(']') : 0;
    if (end == 0 || end == std::string_view::npos) {
      if (c != ']') line += c;
      sentence.remove_prefix(1);
    } else if (c == '{') {
      const std::string_view key = sentence.substr(1, end - 1);
      if (key.starts_with('!'))
        fields.mark_named(key.substr(1));
      else
        fields.append(line, key);
      sentence.remove_prefix(end + 1);
    } else if (is_complete(sentence.substr(1, end - 1), fields)) {
      sentence.remove_prefix(1);
    } else {
      sentence.remove_prefix(end + 1);
    }
  }
}

/// The sentence for the event and its cause, or nothing.
std::string_view sentence_of(std::string_view event, FieldTexts& fields) {
  const std::string_view cause = fields.text("cause");
  for (const LogEventIf& row : log_events_if()) {
    if (row.name != event || row.cause != cause) continue;
    fields.mark_named("cause");
    return row.sentence;
  }
  const LogEvent* const row = find_log_event(event);
  return row == nullptr ? std::string_view() : row->sentence;
}

std::string_view prefix(LogLevel level) {
  if (level == LogLevel::warn) return "warning: ";
  return level == LogLevel::error ? "error: " : "";
}

}  // namespace

void append_escaped(std::string& line, std::string_view text, std::size_t bytes_max) {
  std::size_t taken = 0;
  while (!text.empty()) {
    const std::size_t length = printable_length(text);
    const std::size_t step = length == 0 ? 1 : length;
    if (taken + step > bytes_max) {
      line += "...";
      return;
    }
    const char c = text.front();
    if (length == 0) {
      append_hex(line, static_cast<unsigned char>(c));
    } else {
      if (c == '"' || c == '\'' || c == '\\') line += '\\';
      line.append(text.substr(0, length));
    }
    taken += step;
    text.remove_prefix(step);
  }
}

std::string text_line(LogLevel level, std::string_view event, Log::Fields fields,
                      std::size_t text_bytes_max) {
  std::string line(prefix(level));
  FieldTexts texts(fields, text_bytes_max);
  const std::string_view sentence = sentence_of(event, texts);
  if (sentence.empty())
    line += event;
  else
    append_sentence(line, sentence, texts);
  texts.append_rest(line);
  return line;
}

}  // namespace sluice::server
