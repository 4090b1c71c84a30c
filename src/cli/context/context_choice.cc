// SPDX-License-Identifier: Apache-2.0
#include "cli/context/context_choice.h"

#include "cli/context/context_store.h"

namespace sluice::cli {
namespace {

bool names_broker(const ParsedFlags& flags) {
  for (const char* name : {"host", "port", "url", "unix"}) {
    if (flags.has(name)) return true;
  }
  return !flags.words().empty() && flags.words().front().find("://") != std::string::npos;
}

}  // namespace

Parsed<std::vector<std::string>> context_words(const ParsedFlags& flags,
                                               const ContextChoice& choice) {
  std::string name(flags.text("context"));
  if (name.empty()) {
    if (names_broker(flags) || !choice.url.empty()) return std::vector<std::string>();
    name = choice.name;
  }
  const auto store = ContextStore::load(choice.file);
  if (!store) return std::unexpected(store.error());
  if (name.empty()) name = store->used();
  if (name.empty()) return std::vector<std::string>();
  if (const auto* words = store->find(name)) return *words;
  return std::unexpected(
      UsageError{"there is no context '" + name + "'; `sluice context list` shows them"});
}

}  // namespace sluice::cli
