// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/payload_source.h"

#include "codec/limits.h"
#include "os/file.h"
#include "os/process/standard_streams.h"
#include "os/system_error.h"

namespace sluice::cli {
namespace {

Parsed<std::string> read_whole_input() {
  std::string text;
  std::vector<std::uint8_t> buffer(65'536);
  for (;;) {
    const auto got = os::read_input(buffer);
    if (!got) return refuse(os::describe(got.error()));
    if (*got == 0) break;
    text += as_text(ByteView(buffer).first(*got));
    if (text.size() > codec::remaining_length_max) {
      return refuse("standard input is longer than an MQTT message can be: 268,435,455 bytes");
    }
  }
  if (text.empty()) return refuse("standard input is empty; -n sends an empty payload");
  return text;
}

Parsed<std::string> payload_of(const ParsedFlags& flags, const std::vector<std::string>& words) {
  if (!words.empty()) return words.front();
  if (flags.has("message")) return std::string(flags.text("message"));
  if (flags.has("stdin-file")) return read_whole_input();
  if (!flags.has("file")) return std::string();
  const std::string name(flags.text("file"));
  auto text = os::read_file(name, codec::remaining_length_max);
  if (!text) return refuse("the file '" + name + "' cannot be read: " + os::describe(text.error()));
  return std::move(*text);
}

Parsed<bool> check_source(const ParsedFlags& flags, const std::vector<std::string>& words) {
  std::size_t sources = words.size();
  for (const char* name : {"message", "file", "stdin-line", "stdin-file", "null-message"}) {
    sources += flags.count(name);
  }
  if (sources == 0) {
    return refuse("a payload is needed: behind the topic, or with -m, -f, -l, -s or -n");
  }
  if (sources > 1) return refuse("only one payload can be given: one of -m, -f, -l, -s, -n");
  return true;
}

}  // namespace

Parsed<std::string> given_payload(const ParsedFlags& flags, const std::vector<std::string>& words) {
  if (const auto good = check_source(flags, words); !good) return std::unexpected(good.error());
  return payload_of(flags, words);
}

}  // namespace sluice::cli
