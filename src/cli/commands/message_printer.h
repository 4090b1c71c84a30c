// SPDX-License-Identifier: Apache-2.0
//
// A MessagePrinter writes messages to standard output in the form that `sub` was asked for. Bytes
// are gathered and leave with flush().
//
// Owner:   Subscriber.
#pragma once

#include "base/result.h"
#include "cli/output/format_string.h"
#include "cli/output/terminal_text.h"

#include <optional>
#include <string>

namespace sluice::cli {

enum class PrintForm : std::uint8_t {
  payload,   ///< the bytes of the payload
  verbose,   ///< the topic, a blank, the payload
  format,    ///< -F
  json,      ///< an object a line
  terminal,  ///< for a person
};
enum class LineEnd : std::uint8_t { newline, none };

struct PrintOptions {
  PrintForm form = PrintForm::payload;
  std::optional<FormatString> format;
  JsonLayout layout = JsonLayout::compact;
  LineEnd line_end = LineEnd::newline;
  Colors colors = Colors::off;
};

class MessagePrinter {
 public:
  explicit MessagePrinter(PrintOptions options) : options_(std::move(options)) {}

  /// False if the payload had to be JSON and is not: an empty line stands for it.
  bool print(const ShownMessage& message);
  /// What flush() writes, for those who print no messages.
  std::string& output() { return out_; }
  /// closed: nobody reads any more.
  Result<void> flush();
  /// Bytes that wait for flush().
  std::size_t size() const { return out_.size(); }

 private:
  PrintOptions options_;
  std::string out_;
};

}  // namespace sluice::cli
