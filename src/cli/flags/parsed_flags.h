// SPDX-License-Identifier: Apache-2.0
//
// ParsedFlags is a command line after parsing: values by the flag's long name, in the order given,
// and the words that belong to no flag. Numbers are checked against their row before they get here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::cli {

/// One -D: the parts COMMAND, NAME, VALUE and, for a pair, the second VALUE.
struct PropertyWords {
  std::string command;
  std::string name;
  std::string value;
  std::string second;
  bool has_second = false;
};

class ParsedFlags {
 public:
  void add(std::string_view name, std::string value);
  void add_property(PropertyWords words) { properties_.push_back(std::move(words)); }
  void add_word(std::string word) { words_.push_back(std::move(word)); }

  bool has(std::string_view name) const { return find(name) != nullptr; }
  std::size_t count(std::string_view name) const;
  /// The last value given, or `otherwise`. The view lives as long as this object.
  std::string_view text(std::string_view name, std::string_view otherwise = {}) const;
  /// The last value given, or `otherwise`. REQUIRES: an integer flag.
  std::int64_t integer(std::string_view name, std::int64_t otherwise) const;
  /// The last value given, or `otherwise`. REQUIRES: a decimal flag.
  double decimal(std::string_view name, double otherwise) const;
  /// Every value given, in order; empty if the flag was not given.
  const std::vector<std::string>& list(std::string_view name) const;

  const std::vector<std::string>& words() const { return words_; }
  const std::vector<PropertyWords>& properties() const { return properties_; }

 private:
  struct Entry {
    std::string name;
    std::vector<std::string> values;
  };
  const Entry* find(std::string_view name) const;

  std::vector<Entry> entries_;
  std::vector<std::string> words_;
  std::vector<PropertyWords> properties_;
  std::vector<std::string> none_;
};

/// A whole number without sign surprises: the entire text, base 10. False if it is anything else.
bool parse_integer(std::string_view text, std::int64_t& number);
/// A decimal number: the entire text, finite. False if it is anything else.
bool parse_decimal(std::string_view text, double& number);

}  // namespace sluice::cli
