// SPDX-License-Identifier: Apache-2.0
//
// All options and metrics of the broker: the one place that knows which folders have tables. What
// each option means stands in the options.def of its folder.
//
// Thread: any (pure).
#pragma once

#include "admin/options.h"
#include "auth/options.h"
#include "base/metric_row.h"
#include "config/settings.h"
#include "core/shard/options.h"
#include "server/doors/listener_options.h"
#include "server/options.h"
#include "store/options.h"

#include <span>
#include <vector>

namespace sluice::server {

/// The options of the whole process, as the parts of it read them.
struct AllOptions {
  ServerOptions server;
  core::CoreOptions core;
  store::StoreOptions store;
  admin::AdminOptions admin;
  std::vector<ListenerOptions> listeners;
  /// Whether server.bind is listened on: it is unless only [[listener]] says where.
  bool is_plain_wanted = true;
  auth::AuthOptions auth;
};

config::Schema option_schema();

/// REQUIRES: settings of option_schema().
AllOptions options_from(const config::Settings& settings);

std::vector<std::span<const MetricRow>> metric_tables();

}  // namespace sluice::server
