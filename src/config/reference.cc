// SPDX-License-Identifier: Apache-2.0
#include "config/reference.h"

#include <string_view>

namespace sluice::config {
namespace {

constexpr std::size_t comment_columns = 96;

/// The text as lines of a comment, broken between words.
std::string as_comment(std::string_view text) {
  std::string out = "#";
  std::size_t column = 1;
  while (!text.empty()) {
    const std::size_t end = text.find(' ');
    const std::string_view word = text.substr(0, end);
    if (column + 1 + word.size() > comment_columns) {
      out += "\n#";
      column = 1;
    }
    out.append(" ").append(word);
    column += 1 + word.size();
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out += '\n';
}

std::string_view when(OptionReload reload) {
  return reload == OptionReload::live ? "at a reload" : "at a restart";
}

std::string in_upper_case(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

std::string variable_name(const OptionRow& row) {
  return in_upper_case("SLUICE__" + std::string(row.group) + "__" + std::string(row.name));
}

/// A cell of a Markdown table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '<') out += '\\';
    out += c;
  }
  return out;
}

void append_options(std::string& page, std::span<const Schema::Option> options,
                    const OptionGroup& group) {
  page.append("\n\n").append(group.sentence).append("\n\n");
  page += "| Option | Default | Allowed | Changes | Since | What it does |\n";
  page += "|---|---|---|---|---|---|\n";
  for (const Schema::Option& option : options) {
    const OptionRow& row = *option.row;
    if (row.group != group.name) continue;
    page.append("| `").append(option_path(row)).append("` | `");
    page.append(cell(format_option(row, option.default_value))).append("` | ");
    page.append(cell(allowed_values(row))).append(" | ").append(when(row.reload)).append(" | ");
    page.append(row.since).append(" | ").append(cell(row.sentence)).append(" |\n");
  }
}

std::string_view kind_text(MetricKind kind) {
  switch (kind) {
    case MetricKind::counter:
      return "counter";
    case MetricKind::gauge:
      return "gauge";
    case MetricKind::histogram:
      return "histogram";
  }
  return "";
}

void append_default(std::string& file, const Schema::Option& option) {
  const OptionRow& row = *option.row;
  file.append("\n").append(as_comment(row.sentence));
  file.append(as_comment("Allowed: " + allowed_values(row) + ". A change takes effect " +
                         std::string(when(row.reload)) + "."));
  file.append("#").append(row.name).append(" = ");
  file.append(format_option(row, option.default_value)).append("\n");
}

}  // namespace

std::string commented_file(const Schema& schema) {
  std::string file = as_comment(
      "Every option of sluice, at its default. A line counts once its # is taken away. Sizes are "
      "written 256B, 64KiB, 10MB; times 100ms, 30s, 5m, 14d. An environment variable such as "
      "SLUICE__SERVER__PORT overrides this file, and --set server.port=1884 overrides both. "
      "`sluice serve --check` says what is wrong with a file.");
  for (const OptionGroup& group : schema.groups()) {
    file.append("\n").append(as_comment(group.sentence));
    file.append("[").append(group.name).append("]\n");
    for (const Schema::Option& option : schema.options()) {
      const OptionRow& row = *option.row;
      if (row.group != group.name) continue;
      append_default(file, option);
    }
  }
  for (const Schema::List& list : schema.lists()) {
    file.append("\n").append(as_comment(list.group.sentence));
    file.append("#[[").append(list.group.name).append("]]\n");
    for (const Schema::Option& option : list.options) append_default(file, option);
  }
  return file;
}

std::string option_reference(const Schema& schema) {
  std::string page =
      "# Options\n\n"
      "Generated from the tables in the source; do not edit.\n\n"
      "An option is set in the configuration file (`[group]`, then `name = value`), by an "
      "environment variable\n"
      "(`SLUICE__GROUP__NAME`) or on the command line (`--set group.name=value`). Each overrides "
      "the one before.\n"
      "Sizes are written `256B`, `64KiB`, `10MB`; times `100ms`, `30s`, `5m`, `14d`. An unknown "
      "option is an error.\n";
  for (const OptionGroup& group : schema.groups()) {
    page.append("\n## ").append(group.name);
    append_options(page, schema.options(), group);
  }
  for (const Schema::List& list : schema.lists()) {
    page.append("\n## [[").append(list.group.name).append("]]");
    append_options(page, list.options, list.group);
  }
  page += "\n## Environment variables\n\n| Variable | Option |\n|---|---|\n";
  for (const Schema::Option& option : schema.options()) {
    page += "| `" + variable_name(*option.row) + "` | `" + option_path(*option.row) + "` |\n";
  }
  return page;
}

std::string metric_reference(std::span<const std::span<const MetricRow>> tables) {
  std::string page =
      "# Metrics\n\n"
      "Generated from the tables in the source; do not edit.\n\n"
      "Shown at `/metrics` of the administration port in the Prometheus text format, beside "
      "`sluice_build_info`\n"
      "(the version) and `sluice_uptime_seconds`. Counters only grow; gauges go up and down.\n\n"
      "| Metric | Kind | Label | What it counts |\n|---|---|---|---|\n";
  std::string_view family;
  for (const auto& table : tables) {
    for (const MetricRow& row : table) {
      if (row.family == family) continue;
      family = row.family;
      page.append("| `").append(metric_name(row)).append("` | ");
      page.append(kind_text(row.kind)).append(" | ");
      page.append(row.label).append(" | ").append(cell(row.sentence)).append(" |\n");
    }
  }
  return page;
}

}  // namespace sluice::config
