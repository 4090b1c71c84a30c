// SPDX-License-Identifier: Apache-2.0
//
// `sluice context`: saves, lists, chooses and removes named connections.
#include "cli/commands.h"
#include "cli/context/context_flags.h"
#include "cli/context/context_store.h"
#include "cli/exit_code.h"
#include "cli/flags/command_line.h"
#include "cli/mqtt/client_command.h"
#include "cli/mqtt/connection_flags.h"
#include "cli/output/terminal_text.h"
#include "os/process/terminal.h"

#include <cstdio>
#include <cstdlib>

namespace sluice::cli {
namespace {

constexpr Verb verbs[] = {
    {"save", "save NAME [URL] [flags]: keep how to reach a broker"},
    {"use", "use NAME: take it where a command line names no broker; 'use -' takes none"},
    {"list", "all names, and where they lead; * is the one in use"},
    {"show", "show NAME: its flags, without secrets"},
    {"remove", "remove NAME"},
};
constexpr Flag list_flags[] = {
    {"names", '\0', FlagKind::toggle, "", "list: the names alone, for completion"},
};
constexpr FlagGroup groups[] = {
    {"List", list_flags},         {"Broker", broker_flags},  {"Session", session_flags},
    {"TLS and proxy", tls_flags}, {"Reports", report_flags},
};
constexpr std::string_view usage[] = {"save NAME [URL] [flags]", "use NAME", "list", "show NAME",
                                      "remove NAME"};
constexpr FlagTable table{"context", "named connections", usage, groups, Positionals::allowed, {},
                          verbs};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string joined(const ContextStore::Words& words) {
  std::string out;
  for (const std::string& word : without_secrets(words)) out += " " + printable(word);
  return out.empty() ? out : out.substr(1);
}

/// The flags again as words, each by its long name.
ContextStore::Words words_of(const ParsedFlags& flags, const std::string& url) {
  ContextStore::Words words;
  if (!url.empty()) words = {"--url", url};
  for (const FlagGroup& group : groups) {
    for (const Flag& flag : group.flags) {
      const bool is_ours = flag.name == "context" || flag.name == "names" || flag.name == "help";
      if (is_ours) continue;
      for (const std::string& value : flags.list(flag.name)) {
        words.push_back("--" + std::string(flag.name));
        if (takes_value(flag)) words.push_back(value);
      }
    }
  }
  for (const PropertyWords& property : flags.properties()) {
    words.insert(words.end(), {"--property", property.command, property.name, property.value});
    if (property.has_second) words.push_back(property.second);
  }
  return words;
}

int list(const ContextStore& store, const ParsedFlags& flags) {
  for (const auto& [name, words] : store.contexts()) {
    if (flags.has("names"))
      std::printf("%s\n", printable(name).c_str());
    else
      std::printf("%s %-16s %s\n", name == store.used() ? "*" : " ", printable(name).c_str(),
                  joined(words).c_str());
  }
  return exit_success;
}

int save(const Arguments& arguments, ContextStore& store, const ParsedFlags& flags) {
  const std::string& name = flags.words()[1];
  const std::string url = flags.words().size() > 2 ? flags.words()[2] : std::string();
  if (name.empty() || name.starts_with('-') || flags.words().size() > 3 ||
      name.find("://") != std::string::npos) {
    return complain(arguments, "say: context save NAME [URL] [flags]", exit_usage);
  }
  ContextStore::Words words = words_of(flags, url);
  for (std::size_t at = 0; at + 1 < words.size(); ++at) {
    if (words[at] != "--pw" || words[at + 1] != "-") continue;
    const auto secret = os::read_secret("Password: ");
    if (!secret) return complain(arguments, secret.error().detail, exit_failure);
    words[at + 1] = *secret;
  }
  const Arguments as_typed{arguments.program, arguments.personality, words};
  if (const auto good = check_connection_words(table, as_typed); !good) {
    return complain(arguments, good.error().text, exit_usage);
  }
  store.put(name, std::move(words));
  if (const auto saved = store.save(); !saved) {
    return complain(arguments, saved.error().text, exit_failure);
  }
  return exit_success;
}

int change(const Arguments& arguments, ContextStore& store, const std::string& verb,
           const std::string& name) {
  const bool is_known = verb == "use" ? store.use(name == "-" ? "" : name) : store.remove(name);
  if (!is_known) return complain(arguments, "there is no context '" + name + "'", exit_failure);
  if (const auto saved = store.save(); !saved) {
    return complain(arguments, saved.error().text, exit_failure);
  }
  return exit_success;
}

}  // namespace

const FlagTable* context_flags() { return &table; }

int run_context(const Arguments& arguments) {
  const auto flags = parse_command_line(arguments, table);
  if (!flags) return flags.error();
  auto store =
      ContextStore::load(ContextStore::path(environment("XDG_CONFIG_HOME"), environment("HOME")));
  if (!store) return complain(arguments, store.error().text, exit_failure);
  const auto& words = flags->words();
  const std::string verb = words.empty() ? "list" : words.front();
  if (verb == "list") return list(*store, *flags);
  if (words.size() < 2) {
    return complain(arguments, "say: save NAME, use NAME, list, show NAME or remove NAME",
                    exit_usage);
  }
  if (verb == "save") return save(arguments, *store, *flags);
  if (verb == "use" || verb == "remove") return change(arguments, *store, verb, words[1]);
  if (verb != "show") return complain(arguments, "there is no '" + verb + "'", exit_usage);
  const auto* found = store->find(words[1]);
  if (found == nullptr) {
    return complain(arguments, "there is no context '" + words[1] + "'", exit_failure);
  }
  std::printf("%s\n", joined(*found).c_str());
  return exit_success;
}

}  // namespace sluice::cli
