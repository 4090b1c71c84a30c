// SPDX-License-Identifier: Apache-2.0
//
// Settings is one value for every option of a Schema, and where each came from. It fills the
// structs that the rest of the program reads, prints itself as a configuration file, and says what
// differs from other Settings, for a reload.
//
// Owner:   server/ or a tool.    Thread: any (a value).
#pragma once

#include "config/schema.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

/// In the order in which one overrides another.
enum class Source : std::uint8_t { built_in, file, environment, command_line };

struct Origin {
  Source source = Source::built_in;
  std::string place;  ///< "sluice.toml:12", "SLUICE__MQTT__RECEIVE_MAXIMUM", "--set"
};

/// "default" or the place.
std::string to_string(const Origin& origin);

struct Setting {
  const OptionRow* row;
  OptionValue value;
  Origin origin;
};

struct Change {
  const OptionRow* row;
  OptionValue before;
  OptionValue after;

  bool needs_restart() const { return row->reload == OptionReload::restart; }
};

/// One of those groups that may stand any number of times.
struct ListEntry {
  std::string_view group;
  Origin origin;
  std::vector<Setting> settings;
};

class Settings {
 public:
  /// The defaults, and no entry of any list. REQUIRES: the rows of the schema are static.
  explicit Settings(const Schema& schema);

  const std::vector<ListEntry>& entries() const& { return entries_; }
  const std::vector<ListEntry>& entries() const&& = delete;
  /// One with the defaults; the reference is valid until the next call.
  ListEntry& add_entry(const Schema::List& list, Origin origin);
  /// The n-th of that group. REQUIRES: there are so many.
  ListEntry& entry(std::string_view group, std::size_t n);
  /// An entry as the struct of its table. REQUIRES: the entry is of that table.
  template <class Options>
  static void fill(const ListEntry& entry, const OptionTableOf<Options>& table, Options& options) {
    store(entry.settings, table, &options);
  }
  /// Whether the entries of all lists are the same in both, wherever they came from.
  bool has_same_entries(const Settings& other) const;

  const std::vector<Setting>& all() const& { return settings_; }
  const std::vector<Setting>& all() const&& = delete;
  void set(std::size_t index, OptionValue value, Origin origin);

  /// REQUIRES: the table was added to the schema.
  template <class Options>
  void fill(const OptionTableOf<Options>& table, Options& options) const {
    store(settings_, table, &options);
  }

  /// What `after` has otherwise. REQUIRES: both are of one schema.
  std::vector<Change> changes(const Settings& after) const;

  /// These, with what a reload may change taken over from `after`.
  Settings reloaded(const Settings& after) const;

  /// A configuration file of all values, each with its origin as a comment.
  std::string effective_file() const;

 private:
  static void store(const std::vector<Setting>& settings, const OptionTable& table, void* options);

  std::vector<Setting> settings_;
  std::vector<ListEntry> entries_;
};

/// "mqtt.receive_maximum: 1000 -> 500 (needs a restart)".
std::string to_string(const Change& change);

}  // namespace sluice::config
