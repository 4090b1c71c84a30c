// SPDX-License-Identifier: Apache-2.0
//
// A ContextStore is the file of named connections: for each name the words of the command line that
// lead to a broker, put in front of those that the user types.
//
// Owner:   a command.
// Never:   prints a secret. Reads a file that others may read.
// Limits:  1 MiB.
#pragma once

#include "cli/flags/flag_parser.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

class ContextStore {
 public:
  using Words = std::vector<std::string>;

  /// $XDG_CONFIG_HOME/sluice/contexts.json, or in ~/.config; empty if neither is known.
  static std::string path(std::string_view config_home, std::string_view home);
  /// Empty if there is no file, or `path` is empty.
  static Parsed<ContextStore> load(const std::string& path);
  /// With nobody but the owner able to read it.
  Parsed<bool> save() const;

  const std::map<std::string, Words>& contexts() const { return contexts_; }
  /// Null if there is none of that name.
  const Words* find(const std::string& name) const;
  /// The name that is used where the user gives none; empty: none.
  const std::string& used() const { return used_; }

  void put(const std::string& name, Words words) { contexts_[name] = std::move(words); }
  /// False if there is none of that name; empty to use none.
  bool use(const std::string& name);
  bool remove(const std::string& name);

 private:
  std::string path_;
  std::map<std::string, Words> contexts_;
  std::string used_;
};

/// The words as they may be shown: passwords and keys are "…", in URLs too.
ContextStore::Words without_secrets(const ContextStore::Words& words);

}  // namespace sluice::cli
