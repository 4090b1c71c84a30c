// SPDX-License-Identifier: Apache-2.0
//
// A folder's options as any folder has them, for the tests of config.
#pragma once

#include "base/option_row.h"
#include "config/load.h"
#include "config/schema.h"

namespace sluice::config {

struct SampleOptions {
#define SLUICE_OPTIONS_AS_FIELDS
#include "tests/unit/config/sample_options.def"
};

inline OptionTableOf<SampleOptions> sample_option_table() {
  static constexpr OptionGroup groups[] = {
#define SLUICE_OPTIONS_AS_GROUPS
#include "tests/unit/config/sample_options.def"
  };
  static constexpr OptionRow rows[] = {
#define SLUICE_OPTIONS_AS_ROWS_OF SampleOptions
#include "tests/unit/config/sample_options.def"
  };
  return {{groups, rows}};
}

inline Schema sample_schema() {
  Schema schema;
  schema.add(sample_option_table());
  return schema;
}

inline Loaded load_sample(const std::string& file) {
  return load(
      sample_schema(),
      {.file_name = "sluice.toml", .file_text = file, .environment = {}, .assignments = {}});
}

inline SampleOptions options_of(const Settings& settings) {
  SampleOptions options;
  settings.fill(sample_option_table(), options);
  return options;
}

/// The problems as lines.
inline std::vector<std::string> lines(const std::vector<Problem>& problems) {
  std::vector<std::string> texts;
  for (const Problem& problem : problems) texts.push_back(to_string(problem));
  return texts;
}

}  // namespace sluice::config
