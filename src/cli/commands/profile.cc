// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/profile.h"

namespace sluice::cli {
namespace {

using Values = std::vector<std::pair<std::string, std::string>>;

// A broker that anybody may try, and nobody may wear out. Everything is allowed, slowly.
constexpr const char* public_defaults[] = {
    "server.allow_anonymous=true",
    "client.messages_per_s=100",
    "client.messages_burst=500",
    "client.bytes_per_s=256KiB",
    "client.bytes_burst=1MiB",
    "client.subscribes_per_s=10",
    "client.subscribes_burst=100",
    "client.deliveries_per_s=200",
    "client.deliveries_burst=2000",
    "ban.connections_per_s=20",
    "ban.connections_burst=100",
    "ban.connections_max=1200",
    "ban.failures_max=50",
    "flapping.connects_max=30",
    "flapping.ban_time=5m",
    "mqtt.packet_bytes_max=256KiB",
    "session.subscriptions_max=200",
    "session.queue_messages_max=1000",
    "session.queue_bytes_max=1MiB",
    "session.inflight_messages_max=50",
    "session.expiry_max=1h",
    "session.expiry_v3=1h",
    "quota.connections_max=1000",
    "quota.subscriptions_max=10000",
    "quota.queue_bytes_max=64MiB",
    "quota.retained_messages_max=5000",
    "limits.write_buffer_bytes_max=256KiB",
    "retained.messages_max=100000",
    "retained.bytes_max=64MiB",
    "retained.time_max=24h",
};

config::Inputs::Entry listener(const char* protocol, const char* port, const Values& more = {}) {
  config::Inputs::Entry entry{
      .group = "listener",
      .place = "--profile public",
      .values = {{"protocol", protocol}, {"bind", "0.0.0.0"}, {"port", port}}};
  entry.values.insert(entry.values.end(), more.begin(), more.end());
  return entry;
}

Profile public_profile(const ProfileFiles& files) {
  Profile profile;
  profile.defaults.assign(std::begin(public_defaults), std::end(public_defaults));
  profile.listeners = {listener("mqtt", "1883"), listener("ws", "8080")};
  if (files.certificate.empty()) return profile;
  Values tls{{"certificate", files.certificate}};
  if (!files.key.empty()) tls.emplace_back("key", files.key);
  profile.listeners.push_back(listener("mqtts", "8883", tls));
  profile.listeners.push_back(listener("wss", "8081", tls));
  if (files.client_ca.empty()) return profile;
  tls.insert(
      tls.end(),
      {{"client_certificate", "required"}, {"identity", "cn"}, {"ca_file", files.client_ca}});
  profile.listeners.push_back(listener("mqtts", "8884", tls));
  return profile;
}

}  // namespace

std::expected<Profile, std::string> find_profile(std::string_view name, const ProfileFiles& files) {
  if (name != "public")
    return std::unexpected("there is one profile, public; '" + std::string(name) + "' is none");
  if (files.certificate.empty() && !(files.key.empty() && files.client_ca.empty()))
    return std::unexpected("--key and --client-ca are of use with --certificate only");
  return public_profile(files);
}

}  // namespace sluice::cli
