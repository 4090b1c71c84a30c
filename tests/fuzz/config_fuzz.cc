// SPDX-License-Identifier: Apache-2.0
//
// A configuration of any text: a file, then, each behind a zero byte, what is laid over it: a line
// that begins with E is a variable of the environment, D a default, L an entry of a list, R the
// file of a reload, and all else an assignment. It loads or says what is wrong; what loads prints
// as a file that loads to the same values.
#include "base/assert.h"
#include "config/load.h"
#include "config/reference.h"
#include "tests/unit/config/sample_options.h"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {
namespace {

/// A group of which there may be several.
struct EntryOptions {
#define SLUICE_OPTIONS_AS_FIELDS
#include "tests/fuzz/entry_options.def"
};

OptionTableOf<EntryOptions> entry_option_table() {
  static constexpr OptionGroup groups[] = {
#define SLUICE_OPTIONS_AS_GROUPS
#include "tests/fuzz/entry_options.def"
  };
  static constexpr OptionRow rows[] = {
#define SLUICE_OPTIONS_AS_ROWS_OF EntryOptions
#include "tests/fuzz/entry_options.def"
  };
  return {{groups, rows}};
}

std::string_view next_part(std::string_view& rest) {
  const auto end = rest.find('\0');
  const std::string_view part = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return part;
}

Inputs::Entry entry_of(std::string_view text) {
  Inputs::Entry entry{.group = "door", .place = "--listen", .values = {}};
  while (!text.empty()) {
    const auto end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    const auto equals = pair.find('=');
    entry.values.emplace_back(pair.substr(0, equals), equals == std::string_view::npos
                                                          ? std::string_view()
                                                          : pair.substr(equals + 1));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return entry;
}

void check_reload(const Settings& before, const Schema& schema, std::string_view file) {
  const Loaded after = load(schema, {.file_name = "again.toml", .file_text = std::string(file)});
  for (const Change& change : before.changes(after.settings))
    SLUICE_ASSERT(!to_string(change).empty());
  const Settings taken = before.reloaded(after.settings);
  for (const Change& change : taken.changes(after.settings)) SLUICE_ASSERT(change.needs_restart());
  SLUICE_ASSERT(before.reloaded(before).changes(before).empty());
}

void check_settings(const Loaded& loaded, const Schema& schema) {
  SampleOptions options;
  loaded.settings.fill(sample_option_table(), options);
  SLUICE_ASSERT(options.sample.messages_max >= 1 && options.sample.messages_max <= 65535);
  SLUICE_ASSERT(!options.sample.bind.empty() && options.sample.bind.size() <= 3);
  for (const Setting& setting : loaded.settings.all())
    SLUICE_ASSERT(!to_string(setting.origin).empty());
  for (const ListEntry& entry : loaded.settings.entries()) {
    EntryOptions door;
    Settings::fill(entry, entry_option_table(), door);
    SLUICE_ASSERT(!door.door.name.empty() && door.door.name.size() <= 8);
  }

  const Loaded again =
      load(schema, {.file_name = "printed.toml", .file_text = loaded.settings.effective_file()});
  SLUICE_ASSERT(again.problems.empty());
  SLUICE_ASSERT(again.settings.changes(loaded.settings).empty());
  SLUICE_ASSERT(again.settings.has_same_entries(loaded.settings));
}

void run(std::string_view rest) {
  Schema schema;
  schema.add(sample_option_table());
  schema.add_list(entry_option_table());
  SLUICE_ASSERT(!commented_file(schema).empty() && !option_reference(schema).empty());
  Inputs inputs{.file_name = "fuzz.toml", .file_text = std::string(next_part(rest))};
  std::string_view reload;
  while (!rest.empty()) {
    const std::string_view part = next_part(rest);
    const std::string_view tail = part.substr(part.empty() ? 0 : 1);
    switch (part.empty() ? '\0' : part.front()) {
      case 'E':
        inputs.environment.push_back("SLUICE__" + std::string(tail));
        break;
      case 'D':
        inputs.defaults.emplace_back(tail);
        break;
      case 'L':
        inputs.entries.push_back(entry_of(tail));
        break;
      case 'R':
        reload = tail;
        break;
      default:
        inputs.assignments.emplace_back(part);
    }
  }
  const Loaded loaded = load(schema, inputs);
  for (const Problem& problem : loaded.problems) SLUICE_ASSERT(!to_string(problem).empty());
  if (!loaded.problems.empty()) return;
  check_settings(loaded, schema);
  check_reload(loaded.settings, schema, reload);
}

}  // namespace
}  // namespace sluice::config

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sluice::config::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
