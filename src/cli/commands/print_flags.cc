// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/print_flags.h"

#include "os/process/standard_streams.h"

#include <cstdlib>

namespace sluice::cli {
/// https://no-color.org and CLICOLOR_FORCE decide where the flag leaves it open.
Parsed<Colors> colors_of(const ParsedFlags& flags) {
  const std::string_view when = flags.text("color", "auto");
  if (when == "always") return Colors::on;
  if (when == "never") return Colors::off;
  if (when != "auto") {
    return refuse("--color " + std::string(when) + ": one of auto, always, never is needed");
  }
  const auto is_set = [](const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
  };
  if (is_set("NO_COLOR")) return Colors::off;
  const bool is_on = is_set("CLICOLOR_FORCE") || os::is_terminal(os::StandardStream::output);
  return is_on ? Colors::on : Colors::off;
}

Parsed<PrintOptions> print_options(const ParsedFlags& flags, Personality personality) {
  PrintOptions print;
  const auto colors = colors_of(flags);
  if (!colors) return std::unexpected(colors.error());
  print.colors = *colors;
  if (flags.has("pretty")) print.layout = JsonLayout::pretty;
  if (flags.has("no-eol")) print.line_end = LineEnd::none;
  if (flags.has("format")) {
    if (flags.has("json")) return refuse("-F and --json exclude each other");
    auto format = FormatString::parse(flags.text("format"));
    if (!format) return std::unexpected(format.error());
    print.format = std::move(*format);
    print.form = PrintForm::format;
  } else if (flags.has("json")) {
    print.form = PrintForm::json;
  } else if (flags.has("verbose")) {
    print.form = PrintForm::verbose;
  } else if (personality == Personality::native && !flags.has("no-eol") &&
             os::is_terminal(os::StandardStream::output)) {
    print.form = PrintForm::terminal;
  }
  return print;
}

}  // namespace sluice::cli
