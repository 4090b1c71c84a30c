// SPDX-License-Identifier: Apache-2.0
#include "server/option_schema.h"

#include "auth/metrics.h"
#include "core/shard/metrics.h"
#include "server/metrics.h"
#include "store/metrics.h"

#include <algorithm>

namespace sluice::server {

namespace {

// Whether somebody chose that option of the server or of a listener.
bool is_given(const std::vector<config::Setting>& settings, std::string_view name) {
  return std::ranges::any_of(settings, [name](const config::Setting& setting) {
    return setting.row->name == name && setting.row->group != "admin" &&
           setting.origin.source != config::Source::built_in;
  });
}

}  // namespace

config::Schema option_schema() {
  config::Schema schema;
  schema.add(server_option_table());
  schema.add(core::core_option_table());
  schema.add(store::store_option_table());
  schema.add(auth::auth_option_table());
  schema.add(admin::admin_option_table());
  schema.add_list(listener_option_table());
  return schema;
}

AllOptions options_from(const config::Settings& settings) {
  AllOptions options;
  settings.fill(server_option_table(), options.server);
  settings.fill(core::core_option_table(), options.core);
  settings.fill(store::store_option_table(), options.store);
  settings.fill(auth::auth_option_table(), options.auth);
  settings.fill(admin::admin_option_table(), options.admin);
  for (const config::ListEntry& entry : settings.entries()) {
    if (entry.group != "listener") continue;
    ListenerOptions& listener = options.listeners.emplace_back();
    config::Settings::fill(entry, listener_option_table(), listener);
    listener.place = entry.origin.place;
    listener.is_port_given = is_given(entry.settings, "port");
  }
  options.is_plain_wanted = options.listeners.empty() || is_given(settings.all(), "bind") ||
                            is_given(settings.all(), "port");
  return options;
}

std::vector<std::span<const MetricRow>> metric_tables() {
  return {core::core_metric_rows(), auth::auth_metric_rows(), server_metric_rows(),
          store::store_metric_rows()};
}

}  // namespace sluice::server
