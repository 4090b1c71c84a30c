// SPDX-License-Identifier: Apache-2.0
#include "cli/mqtt/client_command.h"

#include "cli/context/context_choice.h"
#include "cli/context/context_store.h"
#include "cli/exit_code.h"
#include "cli/flags/help.h"
#include "cli/flags/option_file.h"
#include "cli/mqtt/broker_address.h"
#include "cli/version.h"

#include <cstdio>
#include <cstdlib>

namespace sluice::cli {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

bool is_mosquitto(const Arguments& arguments) {
  return arguments.personality == Personality::mosquitto;
}

/// The words of the option file that the flags name, if there is one.
Parsed<std::vector<std::string>> file_words(const FlagTable& table, const Arguments& arguments) {
  const auto given = parse_flags(table, arguments.words);
  if (given && given->has("options-file"))
    return read_option_file(std::string(given->text("options-file")), OptionFile::named);
  if (!is_mosquitto(arguments)) return std::vector<std::string>();
  return read_option_file(
      option_file_path(arguments.program, environment("XDG_CONFIG_HOME"), environment("HOME")),
      OptionFile::usual);
}

/// The words of the option file, if there is one, in front of those of the command line.
Parsed<std::vector<std::string>> all_words(const FlagTable& table, const Arguments& arguments) {
  auto words = file_words(table, arguments);
  if (!words) return std::unexpected(words.error());
  words->insert(words->end(), arguments.words.begin(), arguments.words.end());
  return words;
}

Parsed<ParsedFlags> parse_with_context(const FlagTable& table, std::vector<std::string> words) {
  auto typed = parse_flags(table, words);
  if (!typed) return typed;
  const ContextChoice choice{
      .file = ContextStore::path(environment("XDG_CONFIG_HOME"), environment("HOME")),
      .url = environment("SLUICE_URL"),
      .name = environment("SLUICE_CONTEXT")};
  const auto context = context_words(*typed, choice);
  if (!context) return std::unexpected(context.error());
  if (context->empty()) return typed;
  words.insert(words.begin(), context->begin(), context->end());
  return parse_flags(table, words);
}

Parsed<int> run(const FlagTable& table, const Arguments& arguments,
                const std::function<Parsed<int>(const ParsedFlags&, ConnectionSettings)>& body) {
  const auto words = all_words(table, arguments);
  if (!words) return std::unexpected(words.error());
  for (const std::string& word : *words) {
    if (word != "--help" && word != "--version") continue;
    if (word == "--help")
      std::fputs(help_text(table, arguments.program).c_str(), stdout);
    else
      std::printf("%s version %s\n", arguments.program.c_str(), version_number());
    return is_mosquitto(arguments) ? exit_failure : exit_success;
  }
  FlagTable allowed = table;
  if (is_mosquitto(arguments)) allowed.positionals = Positionals::refused;
  const auto flags =
      is_mosquitto(arguments) ? parse_flags(allowed, *words) : parse_with_context(allowed, *words);
  if (!flags) return std::unexpected(flags.error());
  auto settings = connection_settings(
      *flags, arguments, is_mosquitto(arguments) ? std::string() : environment("SLUICE_URL"));
  if (!settings) return std::unexpected(settings.error());
  if (const auto found = find_service(settings->service, settings->link.connector.endpoints);
      !found) {
    std::fprintf(stderr, "%s: %s\n", arguments.program.c_str(), found.error().text.c_str());
    return is_mosquitto(arguments) ? exit_failure : exit_unreachable;
  }
  return body(*flags, std::move(*settings));
}

}  // namespace

Parsed<bool> check_connection_words(const FlagTable& table, const Arguments& arguments) {
  const auto flags = parse_flags(table, arguments.words);
  if (!flags) return std::unexpected(flags.error());
  const auto settings = connection_settings(*flags, arguments, {});
  if (!settings) return std::unexpected(settings.error());
  return true;
}

int run_client_command(
    const FlagTable& table, const Arguments& arguments,
    const std::function<Parsed<int>(const ParsedFlags&, ConnectionSettings)>& body) {
  const auto code = run(table, arguments, body);
  if (code) return *code;
  const char* program = arguments.program.c_str();
  std::fprintf(stderr, "%s: %s\nUse '%s --help' to see all flags.\n", program,
               code.error().text.c_str(), program);
  return is_mosquitto(arguments) ? exit_failure : exit_usage;
}

}  // namespace sluice::cli
