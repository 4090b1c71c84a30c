// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/listen_url.h"

#include "net/url.h"

#include <algorithm>
#include <string_view>

namespace sluice::cli {
namespace {

// What people write for the names of the options.
std::string name_of(const std::string& key) {
  if (key == "cert" || key == "certfile") return "certificate";
  if (key == "keyfile") return "key";
  if (key == "ca" || key == "cafile") return "ca_file";
  if (key == "capath") return "ca_path";
  if (key == "anonymous") return "allow_anonymous";
  return key;
}

std::string address_of(const std::string& host) { return host == "*" ? "0.0.0.0" : host; }

// A key that stands twice makes a list.
void add(config::Inputs::Entry& entry, const std::string& name, const std::string& value) {
  const auto found =
      std::ranges::find(entry.values, name, [](const auto& pair) { return pair.first; });
  if (found == entry.values.end())
    entry.values.emplace_back(name, value);
  else
    found->second += "," + value;
}

}  // namespace

std::expected<config::Inputs::Entry, std::string> listener_of_url(const std::string& text) {
  const auto url = net::parse_broker_url(text);
  if (!url) return std::unexpected(url.error().detail);
  if (url->user) return std::unexpected("a listener has no user name");
  config::Inputs::Entry entry{.group = "listener", .place = "--listen " + text, .values = {}};
  if (url->scheme == net::Scheme::unix_socket) {
    add(entry, "bind", url->path);
  } else {
    if (url->hosts.size() != 1) return std::unexpected("one address is needed, and not several");
    const net::HostPort& host = url->hosts.front();
    add(entry, "protocol", std::string(net::to_string(url->scheme)));
    add(entry, "bind", address_of(host.host));
    add(entry, "port", std::to_string(host.port.value_or(0)));
  }
  for (const auto& [key, value] : url->query) add(entry, name_of(key), value);
  return entry;
}

}  // namespace sluice::cli
