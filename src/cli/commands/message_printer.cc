// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/message_printer.h"

#include "base/assert.h"
#include "cli/output/json_text.h"
#include "os/process/standard_streams.h"

namespace sluice::cli {

bool MessagePrinter::print(const ShownMessage& message) {
  bool is_good = true;
  switch (options_.form) {
    case PrintForm::verbose:
      out_ += message.publish.topic;
      out_ += ' ';
      // As mosquitto_sub has it: a script sees that there was nothing.
      out_ += message.publish.payload.empty() ? "(null)" : as_text(message.publish.payload);
      break;
    case PrintForm::payload:
      out_ += as_text(message.publish.payload);
      break;
    case PrintForm::format:
      SLUICE_ASSERT(options_.format.has_value());
      is_good = options_.format->render(message, options_.layout, out_);
      break;
    case PrintForm::json:
      append_json(message, JsonPayload::text_or_64, options_.layout, out_);
      break;
    case PrintForm::terminal:
      append_terminal_line(message, options_.colors, out_);
      break;
  }
  if (options_.line_end == LineEnd::newline) out_ += '\n';
  return is_good;
}

Result<void> MessagePrinter::flush() {
  const auto written = os::write_output(as_bytes(out_));
  out_.clear();
  return written;
}

}  // namespace sluice::cli
