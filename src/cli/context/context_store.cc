// SPDX-License-Identifier: Apache-2.0
#include "cli/context/context_store.h"

#include "net/url.h"
#include "os/file.h"
#include "os/system_error.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace sluice::cli {
namespace {

constexpr std::size_t file_bytes_max = 1 << 20;

bool is_list_of_texts(const nlohmann::json& value) {
  return value.is_array() &&
         std::ranges::all_of(value, [](const nlohmann::json& one) { return one.is_string(); });
}

std::string without_password(const std::string& url) {
  const auto begin = url.find("://") + 3;
  const auto at = url.rfind('@', url.find('/', begin));
  if (at == std::string::npos || at < begin) return url;
  const auto colon = url.find(':', begin);
  if (colon == std::string::npos || colon > at) return url;
  return url.substr(0, colon + 1) + "…" + url.substr(at);
}

}  // namespace

std::string ContextStore::path(std::string_view config_home, std::string_view home) {
  if (!config_home.empty()) return std::string(config_home) + "/sluice/contexts.json";
  if (!home.empty()) return std::string(home) + "/.config/sluice/contexts.json";
  return {};
}

Parsed<ContextStore> ContextStore::load(const std::string& path) {
  ContextStore store;
  store.path_ = path;
  if (path.empty()) return store;
  if (const auto good = os::check_is_private(path); !good) {
    return refuse("the contexts in '" + path + "' are not read: " + os::describe(good.error()) +
                  "; run: chmod 600 '" + path + "'");
  }
  const auto text = os::read_file(path, file_bytes_max);
  if (!text && text.error().code == ErrorCode::not_found) return store;
  if (!text) return refuse("'" + path + "' cannot be read: " + os::describe(text.error()));
  const auto file = nlohmann::json::parse(*text, nullptr, false);
  const bool is_good =
      file.is_object() && file.contains("contexts") && file["contexts"].is_object();
  if (!is_good) return refuse("'" + path + "' is no file of contexts");
  for (const auto& [name, words] : file["contexts"].items()) {
    if (!is_list_of_texts(words)) return refuse("'" + path + "': '" + name + "' is no context");
    store.contexts_[name] = words.get<Words>();
  }
  if (file.contains("used") && file["used"].is_string()) store.used_ = file["used"];
  return store;
}

Parsed<bool> ContextStore::save() const {
  if (path_.empty()) return refuse("there is no home folder to keep contexts in; set HOME");
  const nlohmann::json file{{"version", 1}, {"used", used_}, {"contexts", contexts_}};
  const std::string text =
      file.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  auto done = os::make_folders(path_.substr(0, path_.rfind('/')), os::FileAccess::owner);
  if (done) done = os::replace_file(path_, text, os::FileAccess::owner);
  if (!done) return refuse("'" + path_ + "' cannot be written: " + os::describe(done.error()));
  return true;
}

const ContextStore::Words* ContextStore::find(const std::string& name) const {
  const auto found = contexts_.find(name);
  return found == contexts_.end() ? nullptr : &found->second;
}

bool ContextStore::use(const std::string& name) {
  if (!name.empty() && find(name) == nullptr) return false;
  used_ = name;
  return true;
}

bool ContextStore::remove(const std::string& name) {
  if (used_ == name) used_.clear();
  return contexts_.erase(name) > 0;
}

ContextStore::Words without_secrets(const ContextStore::Words& words) {
  ContextStore::Words shown;
  bool is_secret = false;
  for (const std::string& word : words) {
    if (is_secret)
      shown.emplace_back("…");
    else if (word.find("://") != std::string::npos)
      shown.push_back(without_password(word));
    else
      shown.push_back(word);
    is_secret = !is_secret && (word == "--pw" || word == "--psk");
  }
  return shown;
}

}  // namespace sluice::cli
