// SPDX-License-Identifier: Apache-2.0
//
// Schema is all the options there are: the tables of the folders that use them, with their
// defaults. It answers what an option is called, what it is, and what somebody may have meant.
//
//   Schema schema;
//   schema.add(core::core_option_table());
//
// Owner:   server/ or a tool.    Thread: any, once built.
#pragma once

#include "config/option_value.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

class Schema {
 public:
  struct Option {
    const OptionRow* row;
    OptionValue default_value;
  };

  /// REQUIRES: the rows are static, and their defaults are within their ranges.
  template <class Options>
  void add(const OptionTableOf<Options>& table) {
    Options defaults;
    add(table, &defaults);
  }

  /// A group that may stand any number of times: [[listener]]. REQUIRES: as add(), and one group.
  template <class Options>
  void add_list(const OptionTableOf<Options>& table) {
    Options defaults;
    lists_.push_back({table.groups.front(), options_of(table, &defaults)});
  }

  struct List {
    OptionGroup group;
    std::vector<Option> options;
  };
  std::span<const List> lists() const& { return lists_; }
  std::span<const List> lists() const&& = delete;
  /// Null if there is no such list.
  const List* find_list(std::string_view name) const;
  /// The option of the list that `name` was probably meant to be; empty if nothing is near.
  static std::string suggestion(const List& list, std::string_view name);

  std::span<const OptionGroup> groups() const& { return groups_; }
  std::span<const Option> options() const& { return options_; }
  std::span<const OptionGroup> groups() const&& = delete;
  std::span<const Option> options() const&& = delete;

  /// The place in options() of "group.name".
  std::optional<std::size_t> find(std::string_view path) const;
  bool has_group(std::string_view name) const;

  /// The option that `path` was probably meant to be; empty if nothing is near.
  std::string suggestion(std::string_view path) const;

 private:
  void add(const OptionTable& table, void* defaults);
  static std::vector<Option> options_of(const OptionTable& table, void* defaults);

  std::vector<OptionGroup> groups_;
  std::vector<Option> options_;
  std::vector<List> lists_;
};

}  // namespace sluice::config
