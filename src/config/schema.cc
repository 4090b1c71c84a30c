// SPDX-License-Identifier: Apache-2.0
#include "config/schema.h"

#include "base/assert.h"
#include "config/near_name.h"

#include <algorithm>

namespace sluice::config {
namespace {

std::string_view after_last_dot(std::string_view path) {
  return path.substr(path.rfind('.') + 1);  // npos + 1 is 0
}

}  // namespace

void Schema::add(const OptionTable& table, void* defaults) {
  groups_.insert(groups_.end(), table.groups.begin(), table.groups.end());
  for (Option& option : options_of(table, defaults)) {
    SLUICE_ASSERT(has_group(option.row->group));
    options_.push_back(std::move(option));
  }
}

std::vector<Schema::Option> Schema::options_of(const OptionTable& table, void* defaults) {
  std::vector<Option> options;
  for (const OptionRow& row : table.rows) {
    OptionValue value = read_option(row, defaults);
    SLUICE_ASSERT(check_option(row, value).has_value());
    options.push_back({&row, std::move(value)});
  }
  return options;
}

const Schema::List* Schema::find_list(std::string_view name) const {
  const auto found =
      std::ranges::find(lists_, name, [](const List& list) { return list.group.name; });
  return found == lists_.end() ? nullptr : &*found;
}

std::string Schema::suggestion(const List& list, std::string_view name) {
  std::vector<std::string> names;
  for (const Option& option : list.options) names.emplace_back(option.row->name);
  return nearest_name(name, names);
}

std::optional<std::size_t> Schema::find(std::string_view path) const {
  for (std::size_t i = 0; i < options_.size(); ++i) {
    if (option_path(*options_[i].row) == path) return i;
  }
  return std::nullopt;
}

bool Schema::has_group(std::string_view name) const {
  return std::ranges::find(groups_, name, &OptionGroup::name) != groups_.end();
}

std::string Schema::suggestion(std::string_view path) const {
  std::vector<std::string> paths;
  std::string same_name;
  for (const Option& option : options_) {
    paths.push_back(option_path(*option.row));
    if (option.row->name == after_last_dot(path)) same_name = paths.back();
  }
  if (!same_name.empty()) return same_name;
  return nearest_name(path, paths);
}

}  // namespace sluice::config
