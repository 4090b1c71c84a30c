// SPDX-License-Identifier: Apache-2.0
#include "server/option_schema.h"

#include "core/shard/metrics.h"
#include "server/metrics.h"
#include "store/metrics.h"

namespace sluice::server {

config::Schema option_schema() {
  config::Schema schema;
  schema.add(server_option_table());
  schema.add(core::core_option_table());
  schema.add(store::store_option_table());
  schema.add(admin::admin_option_table());
  return schema;
}

AllOptions options_from(const config::Settings& settings) {
  AllOptions options;
  settings.fill(server_option_table(), options.server);
  settings.fill(core::core_option_table(), options.core);
  settings.fill(store::store_option_table(), options.store);
  settings.fill(admin::admin_option_table(), options.admin);
  return options;
}

std::vector<std::span<const MetricRow>> metric_tables() {
  return {core::core_metric_rows(), server_metric_rows(), store::store_metric_rows()};
}

}  // namespace sluice::server
