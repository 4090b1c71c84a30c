// SPDX-License-Identifier: Apache-2.0
#include "cli/flags/flag_parser.h"

#include "base/assert.h"
#include "cli/flags/word_splitter.h"
#include "config/near_name.h"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace sluice::cli {
namespace {

std::string parser_spelling(const Flag& flag) {
  std::string out;
  if (flag.letter != '\0') out = std::string("-") + flag.letter + ",";
  return out + "--" + std::string(flag.name);
}

std::string shown(const Flag& flag) {
  if (flag.letter == '\0') return "--" + std::string(flag.name);
  return std::string("-") + flag.letter + "/--" + std::string(flag.name);
}

UsageError number_error(const Flag& flag, std::string_view value) {
  return {shown(flag) + " " + std::string(value) + ": a number from " + std::to_string(flag.least) +
          " to " + std::to_string(flag.most) + " is needed"};
}

Parsed<bool> check_value(const Flag& flag, const std::string& value) {
  if (flag.kind == FlagKind::integer) {
    std::int64_t number = 0;
    if (!parse_integer(value, number) || number < flag.least || number > flag.most) {
      return std::unexpected(number_error(flag, value));
    }
  }
  if (flag.kind == FlagKind::decimal) {
    double number = 0;
    if (!parse_decimal(value, number) || number < static_cast<double>(flag.least) ||
        number > static_cast<double>(flag.most)) {
      return std::unexpected(number_error(flag, value));
    }
  }
  if (flag.need == FlagNeed::tls) {
    return std::unexpected(
        UsageError{shown(flag) + " asks for TLS, which this build does not have; "
                                 "without it only mqtt:// and unix:// connections can be made"});
  }
  return true;
}

struct Row {
  const Flag* flag;
  CLI::Option* option;
};

std::vector<Row> declare(const FlagTable& table, CLI::App& app) {
  std::vector<Row> rows;
  for (const FlagGroup& group : table.groups) {
    for (const Flag& flag : group.flags) {
      if (flag.kind == FlagKind::property) continue;
      CLI::Option* option = nullptr;
      if (takes_value(flag)) {
        option = app.add_option(parser_spelling(flag),
                                CLI::callback_t([](const CLI::results_t&) { return true; }));
        option->expected(1)->type_size(1)->allow_extra_args(false);
        option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
      } else {
        option = app.add_flag(parser_spelling(flag));
        option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
      }
      rows.push_back({&flag, option});
    }
  }
  return rows;
}

/// The flag that was probably meant: nearly the same letters, or the same beginning.
std::string meant_flag(const FlagTable& table, std::string_view word) {
  if (!word.starts_with("--")) return {};
  word = word.substr(2, word.find('=') - 2);
  std::vector<std::string> names;
  for (const FlagGroup& group : table.groups) {
    for (const Flag& flag : group.flags) names.emplace_back(flag.name);
  }
  const std::string nearest = config::nearest_name(word, names);
  if (!nearest.empty() || word.empty()) return nearest;
  const auto longer =
      std::ranges::find_if(names, [&](const std::string& name) { return name.starts_with(word); });
  return longer == names.end() ? std::string() : *longer;
}

UsageError unknown_flag(const FlagTable& table, const std::string& word) {
  const std::string meant = meant_flag(table, word);
  const std::string question = meant.empty() ? meant : "; did you mean --" + meant + "?";
  return {"unknown option '" + word + "'" + question};
}

/// Runs CLI11 and turns what it throws into a sentence.
Parsed<bool> run(CLI::App& app, const FlagTable& table, const std::vector<std::string>& words) {
  std::vector<std::string> reversed(words.rbegin(), words.rend());
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::ExtrasError&) {
    return std::unexpected(unknown_flag(table, app.remaining().front()));
  } catch (const CLI::ParseError& error) {
    return std::unexpected(UsageError{error.what()});
  }
  return true;
}

}  // namespace

Parsed<ParsedFlags> parse_flags(const FlagTable& table, const std::vector<std::string>& words) {
  auto split = split_words(table, words);
  if (!split) return std::unexpected(split.error());
  CLI::App app;
  app.set_help_flag();
  const std::vector<Row> rows = declare(table, app);
  if (auto done = run(app, table, split->flags); !done) return std::unexpected(done.error());
  if (table.positionals == Positionals::refused && !split->words.empty()) {
    return std::unexpected(
        UsageError{"'" + split->words.front() + "' is not expected here: give flags alone"});
  }

  ParsedFlags parsed;
  for (const Row& row : rows) {
    for (const std::string& value : row.option->results()) {
      if (auto good = check_value(*row.flag, value); !good) return std::unexpected(good.error());
      parsed.add(row.flag->name, value);
    }
  }
  for (PropertyWords& property : split->properties) parsed.add_property(std::move(property));
  for (std::string& word : split->words) parsed.add_word(std::move(word));
  return parsed;
}

}  // namespace sluice::cli
