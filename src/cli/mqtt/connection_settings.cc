// SPDX-License-Identifier: Apache-2.0
#include "cli/mqtt/connection_settings.h"

#include "base/rng.h"
#include "cli/mqtt/broker_address.h"
#include "cli/mqtt/tls_settings.h"
#include "client/machine/connect_packet.h"
#include "codec/topic.h"
#include "os/entropy.h"
#include "os/file.h"
#include "os/process/standard_streams.h"
#include "os/process/terminal.h"
#include "os/system_error.h"

#include <algorithm>
#include <cstdlib>

namespace sluice::cli {
namespace {

using client::MachineOptions;
using codec::PropertyId;
using codec::Version;

constexpr std::size_t password_bytes_max = 65'535;
constexpr std::uint32_t never_expires = 0xFFFF'FFFF;
constexpr unsigned server_references_max = 4;

/// For MQTT 3.1, which wants an id of at most 23 bytes.
std::string invented_id(std::string id) {
  constexpr std::size_t id_bytes = 23;
  constexpr std::string_view letters =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  Rng rng(os::random_seed());
  while (id.size() < id_bytes) id += letters[rng.below(letters.size())];
  return id;
}

class SettingsReader {
 public:
  SettingsReader(const ParsedFlags& flags, const Arguments& arguments)
      : flags_(flags),
        default_version_(arguments.default_version),
        is_mosquitto_(arguments.personality == Personality::mosquitto) {}

  Parsed<bool> read(ConnectionSettings& out) {
    MachineOptions& machine = out.link.machine;
    for (const auto step :
         {&SettingsReader::version, &SettingsReader::identity, &SettingsReader::session,
          &SettingsReader::traffic, &SettingsReader::properties, &SettingsReader::will}) {
      if (const auto good = (this->*step)(out); !good) return good;
    }
    if (const auto good = client::check_options(machine); !good) {
      return refuse(good.error().detail);
    }
    return true;
  }

 private:
  Parsed<bool> version(ConnectionSettings& out) {
    MachineOptions& machine = out.link.machine;
    const bool wants_v5 = !flags_.properties().empty();
    machine.version = is_mosquitto_ && !wants_v5 ? Version::v3_1_1 : Version::v5;
    if (!is_mosquitto_ && !wants_v5) out.link.fall_back = client::FallBack::to_v3_1_1;
    const std::string_view text = flags_.text("protocol-version", default_version_);
    if (text.empty() && !flags_.has("protocol-version")) return true;
    if (text == "auto" && !is_mosquitto_) return true;
    out.link.fall_back = client::FallBack::never;
    if (text == "5" || text == "mqttv5")
      machine.version = Version::v5;
    else if (text == "311" || text == "mqttv311")
      machine.version = Version::v3_1_1;
    else if (text == "31" || text == "mqttv31")
      machine.version = Version::v3_1;
    else
      return refuse("-V " + std::string(text) +
                    ": one of 5, 311, 31, mqttv5, mqttv311, mqttv31 is needed");
    if (wants_v5 && machine.version != Version::v5) {
      return refuse("-D sets properties, which MQTT 3.1 and 3.1.1 do not have; use -V 5");
    }
    return true;
  }

  Parsed<bool> identity(ConnectionSettings& out) {
    MachineOptions& machine = out.link.machine;
    if (flags_.has("id") && flags_.has("id-prefix")) return refuse("-i and -I exclude each other");
    if (flags_.has("id")) machine.client_id = flags_.text("id");
    if (flags_.has("id-prefix")) {
      machine.client_id = std::string(flags_.text("id-prefix")) + std::to_string(os::process_id());
    }
    if (flags_.has("username")) machine.user_name = std::string(flags_.text("username"));
    if (const auto good = password(machine); !good) return good;
    if (machine.password && !machine.user_name && machine.version != Version::v5) {
      if (out.link.fall_back == client::FallBack::never) {
        return refuse("-P needs -u: MQTT 3.1 and 3.1.1 have no password without a user name");
      }
    }
    return true;
  }

  Parsed<bool> password(MachineOptions& machine) {
    if (flags_.has("pw")) machine.password = std::string(flags_.text("pw"));
    if (is_mosquitto_) return true;
    if (machine.password == "-") {
      auto secret = os::read_secret("Password: ");
      if (!secret) return refuse(std::string("-P -: ") + secret.error().detail);
      machine.password = std::move(*secret);
    }
    if (flags_.has("password-file")) {
      const std::string name(flags_.text("password-file"));
      const auto text = os::read_file(name, password_bytes_max);
      if (!text) return refuse("'" + name + "' cannot be read: " + os::describe(text.error()));
      machine.password = text->substr(0, text->find_first_of("\r\n"));
    }
    const char* hidden = std::getenv("SLUICE_PASSWORD");
    if (!machine.password && machine.user_name && hidden != nullptr) machine.password = hidden;
    return true;
  }

  Parsed<bool> session(ConnectionSettings& out) {
    MachineOptions& machine = out.link.machine;
    const bool is_kept = flags_.has("disable-clean-session");
    std::int64_t expiry = is_kept ? never_expires : 0;
    if (flags_.has("session-expiry")) {
      const std::string_view text = flags_.text("session-expiry");
      if (text == "∞" || text == "-1")
        expiry = never_expires;
      else if (!parse_integer(text, expiry) || expiry < 0 || expiry > never_expires) {
        return refuse("-x " + std::string(text) +
                      ": seconds from 0 to 4294967295 or -1 are needed");
      }
    }
    machine.session_expiry_s = static_cast<std::uint32_t>(expiry);
    machine.clean_start = is_kept ? client::CleanStart::never : client::CleanStart::always;
    if (is_kept) machine.prior_session = client::PriorSession::resumed;
    if (!is_kept && expiry > 0 && machine.version == Version::v5) {
      machine.clean_start = client::CleanStart::first_connection;
    }
    const bool needs_id = is_kept || (expiry == never_expires && machine.version == Version::v5);
    if (needs_id && machine.client_id.empty()) {
      return refuse("a session that is kept needs a client id: add -i ID");
    }
    if (machine.version == Version::v3_1 && machine.client_id.empty()) {
      machine.client_id = invented_id(is_mosquitto_ ? "mosq-" : "sluice-");
    }
    return true;
  }

  Parsed<bool> traffic(ConnectionSettings& out) {
    MachineOptions& machine = out.link.machine;
    const std::int64_t keep_alive = flags_.integer("keepalive", 60);
    if (is_mosquitto_ && keep_alive < 5) return refuse("-k: seconds from 5 to 65535 are needed");
    machine.keep_alive_s = static_cast<std::uint16_t>(keep_alive);
    machine.inflight_max =
        static_cast<std::uint16_t>(flags_.integer("max-inflight", is_mosquitto_ ? 20 : 1'000));
    machine.session_loss = client::SessionLoss::publish_again;
    out.link.connector.local_host = flags_.text("bind");
    if (flags_.has("follow-server-reference"))
      out.link.server_references_max = server_references_max;
    return true;
  }

  /// Properties of CONNECT that the machine acts on become its options.
  Parsed<bool> properties(ConnectionSettings& out) {
    auto parsed = parse_properties(flags_.properties());
    if (!parsed) return std::unexpected(parsed.error());
    out.properties = std::move(*parsed);
    MachineOptions& machine = out.link.machine;
    PropertyList rest;
    auto cursor = out.properties.connect.view().cursor();
    while (const auto property = cursor.next()) {
      if (property->id == PropertyId::session_expiry_interval) {
        machine.session_expiry_s = property->number;
      } else if (property->id == PropertyId::receive_maximum) {
        machine.receive_maximum = static_cast<std::uint16_t>(property->number);
      } else if (property->id == PropertyId::maximum_packet_size) {
        machine.packet_bytes_max = property->number;
      } else if (property->id == PropertyId::topic_alias_maximum) {
        machine.topic_alias_max = static_cast<std::uint16_t>(property->number);
      } else {
        rest.add(*property);
      }
    }
    machine.connect_properties = rest.bytes();
    const auto late_expiry =
        out.properties.disconnect.view().number(PropertyId::session_expiry_interval);
    if (late_expiry.value_or(0) != 0 && machine.session_expiry_s == 0) {
      return refuse("-D disconnect session-expiry-interval needs a session that is kept: add -x");
    }
    return true;
  }

  Parsed<bool> will(ConnectionSettings& out) {
    if (!flags_.has("will-topic")) {
      for (const char* name : {"will-payload", "will-retain", "will-qos"}) {
        const bool is_harmless = is_mosquitto_ && std::string_view(name) == "will-qos";
        if (flags_.has(name) && !is_harmless) {
          return refuse("--" + std::string(name) + " needs --will-topic");
        }
      }
      if (!out.properties.will.is_empty()) return refuse("-D will needs --will-topic");
      return true;
    }
    const std::string topic(flags_.text("will-topic"));
    if (const auto good = codec::check_topic_name(topic); !good) {
      return refuse("--will-topic '" + topic + "': " + good.error().detail);
    }
    const std::string_view payload = flags_.text("will-payload");
    out.link.machine.will =
        client::WillOptions{.topic = topic,
                            .payload = std::vector<std::uint8_t>(payload.begin(), payload.end()),
                            .properties = out.properties.will.bytes(),
                            .qos = static_cast<codec::Qos>(flags_.integer("will-qos", 0)),
                            .retain = flags_.has("will-retain")};
    return true;
  }

  const ParsedFlags& flags_;
  const std::string_view default_version_;
  const bool is_mosquitto_;
};

/// What asks for a WebSocket, and for a proxy before it.
Parsed<bool> read_layers(const ParsedFlags& flags, client::ConnectorOptions& connector) {
  for (const std::string& given : flags.list("ws-header")) {
    const auto colon = given.find(':');
    if (colon == std::string::npos) return refuse("--ws-header needs NAME:VALUE");
    const auto value = given.find_first_not_of(' ', colon + 1);
    connector.layers.ws_headers.push_back(
        {given.substr(0, colon), value == std::string::npos ? std::string() : given.substr(value)});
  }
  const auto& headers = connector.layers.ws_headers;
  if (!headers.empty() && !client::has_web_socket(connector.endpoints))
    return refuse("--ws-header needs a WebSocket; use ws://, wss:// or --ws");
  if (const auto good = net::check_ws_headers(headers); !good)
    return refuse(std::string("--ws-header: ") + good.error().detail);
  if (flags.has("mptcp")) connector.layers.paths = os::Paths::several;
  if (!flags.has("proxy")) return true;
  auto proxy = net::parse_socks_url(flags.text("proxy"));
  if (!proxy) return refuse(std::string("--proxy: ") + proxy.error().detail);
  connector.layers.proxy = std::move(*proxy);
  return true;
}

}  // namespace

Parsed<ConnectionSettings> connection_settings(const ParsedFlags& flags, const Arguments& arguments,
                                               std::string_view environment_url) {
  ConnectionSettings out;
  out.personality = arguments.personality;
  out.program = arguments.program;
  out.is_debugging = flags.has("debug");
  out.is_quiet = flags.has("quiet");
  auto address = broker_address(flags, environment_url);
  if (!address) return std::unexpected(address.error());
  out.link.connector.endpoints = std::move(address->endpoints);
  out.service = std::move(address->service);
  out.link.machine.user_name = std::move(address->user);
  out.link.machine.password = std::move(address->password);
  if (address->client_id) out.link.machine.client_id = *address->client_id;
  const bool has_tls = std::ranges::any_of(out.link.connector.endpoints, [](const auto& endpoint) {
    return endpoint.scheme == net::Scheme::tls || endpoint.scheme == net::Scheme::wss;
  });
  if (!has_tls && has_tls_flag(flags))
    return refuse("a flag asks for TLS, and the connection has none; use mqtts:// or port 8883");
  if (has_tls) {
    auto tls = tls_settings(flags);
    if (!tls) return std::unexpected(tls.error());
    out.link.connector.layers.tls = std::move(*tls);
  }
  if (const auto good = read_layers(flags, out.link.connector); !good)
    return std::unexpected(good.error());
  out.url_topic = std::move(address->topic);
  out.words = std::move(address->words);
  if (const auto good = SettingsReader(flags, arguments).read(out); !good) {
    return std::unexpected(good.error());
  }
  return out;
}

}  // namespace sluice::cli
