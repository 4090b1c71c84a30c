// SPDX-License-Identifier: Apache-2.0
#include "cli/diagnose/broker_checks.h"

namespace sluice::cli {

Probe::Probe(client::LinkOptions options, codec::Version version, Duration patience,
             const std::string& word)
    : options_(std::move(options)), version_(version), patience_(patience), word_(word) {
  options_.machine.version = version;
  options_.machine.clean_start = client::CleanStart::always;
  options_.machine.session_expiry_s = 0;
  options_.fall_back = client::FallBack::never;
  options_.reconnect = client::Reconnect::never;
  options_.linger_timeout = 200ms;
}

client::LinkOptions Probe::options(const std::string& id) {
  client::LinkOptions options = options_;
  options.machine.client_id = "probe" + word_ + (id.empty() ? std::to_string(++clients_) : id);
  return options;
}

ProbeClient Probe::client(const std::string& id) { return connect(options(id)); }

ProbeClient Probe::connect(const client::LinkOptions& options) const {
  return ProbeClient(options, patience_);
}

std::string Probe::topic(std::string_view rest) const {
  std::string topic = "sluice-test/" + word_ + "/" + std::to_string(number_);
  if (!rest.empty()) topic.append("/").append(rest);
  return topic;
}

}  // namespace sluice::cli
