// SPDX-License-Identifier: Apache-2.0
// Writes docs/reference from the tables: `ninja reference`. Usage: write_reference FOLDER
#include "cli/pages/command_reference.h"
#include "config/reference.h"
#include "server/option_schema.h"

#include <cstdio>
#include <fstream>
#include <string>

namespace {

bool write(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) std::fprintf(stderr, "write_reference: cannot write %s\n", path.c_str());
  return static_cast<bool>(file);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("usage: write_reference FOLDER\n", stderr);
    return 2;
  }
  const std::string folder = arguments[1];
  const auto schema = sluice::server::option_schema();
  const bool is_written =
      write(folder + "/options.md", sluice::config::option_reference(schema)) &&
      write(folder + "/sluice.toml", sluice::config::commented_file(schema)) &&
      write(folder + "/commands.md", sluice::cli::command_reference(sluice::cli::all_commands())) &&
      write(folder + "/metrics.md",
            sluice::config::metric_reference(sluice::server::metric_tables()));
  return is_written ? 0 : 1;
}
