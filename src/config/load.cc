// SPDX-License-Identifier: Apache-2.0
#include "config/load.h"

#include "base/assert.h"
#include "config/toml_text.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

namespace sluice::config {
namespace {

constexpr std::string_view environment_prefix = "SLUICE__";

/// A value that stands in a file, as an option of its row.
class FileValue {
 public:
  explicit FileValue(const OptionRow& row) : row_(row) {}

  Parsed<OptionValue> operator()(bool value) const {
    if (row_.type == OptionType::boolean) return value;
    if (row_.type == OptionType::words) return parse_option(row_, value ? "true" : "false");
    return other_kind("a truth value");
  }
  Parsed<OptionValue> operator()(std::int64_t value) const {
    if (row_.type == OptionType::decimal) return check_option(row_, static_cast<double>(value));
    // Only 0 needs no unit, so that any other number is answered with how a time is written.
    if (row_.type == OptionType::duration) return parse_option(row_, std::to_string(value));
    if (row_.type != OptionType::integer && row_.type != OptionType::bytes) {
      return other_kind("a number");
    }
    if (value < 0) return std::unexpected("out of range: allowed is " + allowed_values(row_));
    return check_option(row_, static_cast<std::uint64_t>(value));
  }
  Parsed<OptionValue> operator()(double value) const {
    if (row_.type == OptionType::decimal) return check_option(row_, value);
    return other_kind("a number with a fraction");
  }
  Parsed<OptionValue> operator()(const std::string& value) const {
    if (row_.type == OptionType::boolean || row_.type == OptionType::integer ||
        row_.type == OptionType::decimal) {
      return other_kind("a text");
    }
    if (row_.type == OptionType::text_list) return check_option(row_, std::vector{value});
    return parse_option(row_, value);
  }
  Parsed<OptionValue> operator()(const std::vector<std::string>& value) const {
    if (row_.type == OptionType::text_list) return check_option(row_, value);
    return other_kind("a list");
  }
  Parsed<OptionValue> operator()(const OtherKind& kind) const { return other_kind(kind.name); }

 private:
  Parsed<OptionValue> other_kind(std::string_view kind) const {
    return std::unexpected("is " + std::string(kind) + ": allowed is " + allowed_values(row_));
  }

  const OptionRow& row_;
};

class Loader {
 public:
  explicit Loader(const Schema& schema) : schema_(schema), loaded_{Settings(schema), {}} {}

  void read_file(const Inputs& inputs) {
    const auto entries = read_toml(inputs.file_text);
    if (!entries) {
      const std::string place = inputs.file_name + ":" + std::to_string(entries.error().line);
      loaded_.problems.push_back({place, entries.error().text});
      return;
    }
    for (const TomlEntry& entry : *entries) {
      if (std::holds_alternative<OtherKind>(entry.value) && schema_.has_group(entry.path)) continue;
      const std::string place = inputs.file_name + ":" + std::to_string(entry.line);
      if (take_entry(entry, place)) continue;
      take(entry.path, {Source::file, place},
           [&](const OptionRow& row) { return std::visit(FileValue(row), entry.value); });
    }
  }

  void read_environment(const std::vector<std::string>& environment) {
    for (const std::string& variable : environment) {
      if (!variable.starts_with(environment_prefix)) continue;
      const auto [name, value] = split_at_equals(variable);
      take(path_of_variable(name), {Source::environment, std::string(name)},
           [&](const OptionRow& row) { return parse_option(row, value); });
    }
  }

  void read_assignments(const std::vector<std::string>& assignments) {
    for (const std::string& assignment : assignments) {
      const auto [path, value] = split_at_equals(assignment);
      const std::string place = "--set " + std::string(path);
      if (path.size() == assignment.size()) {
        loaded_.problems.push_back({place, "allowed is --set GROUP.NAME=VALUE"});
        continue;
      }
      take(std::string(path), {Source::command_line, place},
           [&](const OptionRow& row) { return parse_option(row, value); });
    }
  }

  void read_entries(const std::vector<Inputs::Entry>& entries) {
    for (const Inputs::Entry& entry : entries) {
      const Schema::List* list = schema_.find_list(entry.group);
      SLUICE_ASSERT(list != nullptr);
      ListEntry& into = loaded_.settings.add_entry(*list, {Source::command_line, entry.place});
      for (const auto& [name, value] : entry.values)
        take_of_list(*list, into, name, {Source::command_line, entry.place},
                     [&value](const OptionRow& row) { return parse_option(row, value); });
    }
  }

  Loaded take_result() && { return std::move(loaded_); }

 private:
  static std::pair<std::string_view, std::string_view> split_at_equals(std::string_view text) {
    const std::size_t end = text.find('=');
    if (end == std::string_view::npos) return {text, {}};
    return {text.substr(0, end), text.substr(end + 1)};
  }

  /// SLUICE__MQTT__RECEIVE_MAXIMUM is mqtt.receive_maximum.
  static std::string path_of_variable(std::string_view name) {
    name.remove_prefix(environment_prefix.size());
    std::string path(name);
    std::ranges::transform(path, path.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const std::size_t end = path.find("__");
    if (end != std::string::npos) path.replace(end, 2, ".");
    return path;
  }

  /// "listener[1].port": whether it is one of a list. The table itself comes before its keys.
  bool take_entry(const TomlEntry& entry, const std::string& place) {
    const std::size_t open = entry.path.find('[');
    const std::size_t close = entry.path.find(']', open);
    if (open == std::string::npos || close == std::string::npos) return false;
    const Schema::List* list = schema_.find_list(entry.path.substr(0, open));
    if (list == nullptr) return false;
    if (close + 1 == entry.path.size()) {
      loaded_.settings.add_entry(*list, {Source::file, place});
      return true;
    }
    std::size_t number = 0;
    std::from_chars(entry.path.data() + open + 1, entry.path.data() + close, number);
    ListEntry& into = loaded_.settings.entry(list->group.name, number);
    take_of_list(*list, into, entry.path.substr(close + 2), {Source::file, place},
                 [&](const OptionRow& row) { return std::visit(FileValue(row), entry.value); });
    return true;
  }

  template <class Parse>
  void take_of_list(const Schema::List& list, ListEntry& into, const std::string& name,
                    Origin origin, const Parse& parse) {
    const std::string path = std::string(list.group.name) + "." + name;
    const auto found = std::ranges::find(into.settings, name,
                                         [](const Setting& setting) { return setting.row->name; });
    if (found == into.settings.end()) {
      std::string text = "unknown option " + quoted(path);
      const std::string meant = Schema::suggestion(list, name);
      if (!meant.empty()) text += "; did you mean " + meant + "?";
      loaded_.problems.push_back({std::move(origin.place), std::move(text)});
      return;
    }
    auto value = parse(*found->row);
    if (!value) {
      loaded_.problems.push_back({std::move(origin.place), path + ": " + value.error()});
      return;
    }
    found->value = std::move(*value);
    found->origin = std::move(origin);
  }

  template <class Parse>
  void take(const std::string& path, Origin origin, const Parse& parse) {
    const auto index = schema_.find(path);
    if (!index) {
      loaded_.problems.push_back({std::move(origin.place), unknown(path)});
      return;
    }
    auto value = parse(*schema_.options()[*index].row);
    if (!value) {
      loaded_.problems.push_back({std::move(origin.place), path + ": " + value.error()});
      return;
    }
    loaded_.settings.set(*index, std::move(*value), std::move(origin));
  }

  std::string unknown(const std::string& path) const {
    std::string text = "unknown option " + quoted(path);
    const std::string meant = schema_.suggestion(path);
    if (!meant.empty()) text += "; did you mean " + meant + "?";
    return text;
  }

  const Schema& schema_;
  Loaded loaded_;
};

}  // namespace

std::string to_string(const Problem& problem) { return problem.place + ": " + problem.text; }

Loaded load(const Schema& schema, const Inputs& inputs) {
  Loader loader(schema);
  loader.read_assignments(inputs.defaults);
  loader.read_file(inputs);
  loader.read_environment(inputs.environment);
  loader.read_assignments(inputs.assignments);
  loader.read_entries(inputs.entries);
  return std::move(loader).take_result();
}

}  // namespace sluice::config
