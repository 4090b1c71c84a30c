// SPDX-License-Identifier: Apache-2.0
//
// `sluice doctor`: what is wrong between here and a broker, from the name to a message and back,
// each with its remedy.
#include "base/rng.h"
#include "cli/commands/print_flags.h"
#include "cli/diagnose/diagnose_flags.h"
#include "cli/diagnose/doctor_session.h"
#include "cli/diagnose/port_sniffer.h"
#include "cli/exit_code.h"
#include "cli/mqtt/client_command.h"
#include "cli/mqtt/failure_text.h"
#include "cli/output/terminal_text.h"
#include "client/endpoint.h"
#include "codec/topic.h"
#include "os/clock.h"
#include "os/entropy.h"
#include "os/reactor/reactor.h"
#include "os/socket/connecting_socket.h"
#include "os/system_error.h"

#include <cstdio>

namespace sluice::cli {
namespace {

class Doctor {
 public:
  Doctor(ConnectionSettings settings, std::string topic, Duration patience, Colors colors)
      : settings_(std::move(settings)),
        topic_(std::move(topic)),
        patience_(patience),
        colors_(colors) {}

  int run() {
    int code = exit_unreachable;
    for (const client::Endpoint& endpoint : settings_.link.connector.endpoints) {
      code = examine(endpoint);
      if (code == exit_success) break;
    }
    std::printf(code == exit_success ? "\nAll is well.\n"
                                     : "\nNot well: see the last line with ✗.\n");
    return code;
  }

 private:
  void say(bool is_good, const std::string& part, const std::string& text) const {
    std::string shown;
    append_printable(text, shown);
    const char* mark = is_good ? "✓" : "✗";
    const char* color = is_good ? "\x1b[32m" : "\x1b[31m";
    if (colors_ == Colors::off)
      std::printf("%s %-10s %s\n", mark, part.c_str(), shown.c_str());
    else
      std::printf("%s%s\x1b[0m %-10s %s\n", color, mark, part.c_str(), shown.c_str());
    std::fflush(stdout);
  }

  /// The exit code for this place.
  int examine(const client::Endpoint& endpoint) {
    const bool is_unix = endpoint.scheme == net::Scheme::unix_socket;
    const auto addresses = client::resolve(endpoint);
    if (!addresses) {
      const bool is_told = is_unix || addresses.error().code == ErrorCode::not_found;
      say(false, is_unix ? "path" : "DNS",
          unreachable_text(endpoint, addresses.error()) +
              (is_told ? "" : "; check this machine's network, and its name servers"));
      return exit_unreachable;
    }
    if (!is_unix) {
      std::string all;
      for (const auto& address : *addresses) all += (all.empty() ? "" : ", ") + address.text();
      say(true, "DNS", endpoint.host + " is " + all);
    }
    const os::SocketAddress* open = nullptr;
    for (const os::SocketAddress& address : *addresses) {
      if (can_connect(endpoint, address) && open == nullptr) open = &address;
    }
    if (open == nullptr) return exit_unreachable;
    return speak(endpoint, *open);
  }

  bool can_connect(const client::Endpoint& endpoint, const os::SocketAddress& address) const {
    const bool is_unix = endpoint.scheme == net::Scheme::unix_socket;
    const Instant begin = os::monotonic_now();
    const auto outcome = try_connect(address);
    if (outcome) {
      const auto micros = (os::monotonic_now() - begin) / 1us;
      say(true, is_unix ? "socket" : "TCP",
          address.text() + " takes connections (" + std::to_string(micros) + " µs)");
      return true;
    }
    say(false, is_unix ? "socket" : "TCP",
        address.text() + ": " + unreachable_text(endpoint, outcome.error()));
    return false;
  }

  Result<void> try_connect(const os::SocketAddress& address) const {
    SLUICE_TRY(const auto socket, os::start_connect(address));
    SLUICE_TRY(const auto reactor, os::Reactor::create());
    SLUICE_CHECK(reactor->add(socket.get(), 1, os::Watch::level_write));
    if (reactor->wait(patience_).empty()) return fail(ErrorCode::timed_out, "no answer in time");
    return os::connect_outcome(socket.get());
  }

  int speak(const client::Endpoint& endpoint, const os::SocketAddress& address) {
    ConnectionSettings settings = settings_;
    settings.link.connector.endpoints = {endpoint};
    settings.is_quiet = true;
    DoctorSession session(std::move(settings), topic_, patience_);
    const int code = session.run();
    for (const DoctorFinding& finding : session.findings()) {
      say(finding.is_good, finding.part, finding.text);
    }
    if (code != exit_success && code != exit_refused && !session.is_mqtt()) {
      explain(endpoint, sniff(address, patience_));
      return exit_unreachable;
    }
    return code;
  }

  void explain(const client::Endpoint& endpoint, PortSpeaks speaks) const {
    const bool is_secure =
        endpoint.scheme == net::Scheme::tls || endpoint.scheme == net::Scheme::wss;
    const std::string place = to_string(endpoint);
    switch (speaks) {
      case PortSpeaks::tls:
        if (is_secure) return;
        return say(false, "TLS",
                   "this port wants TLS; use mqtts://" + place +
                       " and, for a certificate of your own, --cafile");
      case PortSpeaks::mqtt:
        if (is_secure) say(false, "TLS", "this port speaks MQTT without TLS; use mqtt://" + place);
        return;
      case PortSpeaks::http:
        return say(false, "port",
                   "HTTP is spoken here; for MQTT over WebSocket use ws://" + place +
                       "/mqtt, else choose the port of MQTT, often 1883");
      case PortSpeaks::ssh:
        return say(false, "port", "an SSH server is here; the port of MQTT is often 1883");
      case PortSpeaks::nothing:
        return say(false, "port",
                   "nothing is answered to MQTT; is the port that of a broker? With "
                   "TLS it is often 8883, with mqtts://");
      case PortSpeaks::other:
        return say(false, "port", "something else than MQTT is spoken here; choose another port");
      case PortSpeaks::closed:
        if (is_secure) return;  // as a listener for TLS does with what is none
        return say(false, "port",
                   "the connection is closed at the first word: perhaps a listener for TLS "
                   "(mqtts://), or one that does not take this address");
    }
  }

  ConnectionSettings settings_;
  std::string topic_;
  Duration patience_;
  Colors colors_;
};

Parsed<int> examine(const ParsedFlags& flags, ConnectionSettings settings) {
  if (!settings.words.empty()) return refuse("'" + settings.words.front() + "' is not understood");
  const Duration patience(static_cast<std::int64_t>(flags.decimal("patience", 5) * 1e9));
  std::string topic(flags.text("topic"));
  if (topic.empty()) {
    topic = "sluice/doctor/" + std::to_string(Rng(os::random_seed()).below(1'000'000'000));
  }
  if (const auto good = codec::check_topic_name(topic); !good) {
    return refuse("'" + topic + "' is no topic to publish to: " + good.error().detail);
  }
  const auto colors = colors_of(flags);
  if (!colors) return std::unexpected(colors.error());
  return Doctor(std::move(settings), std::move(topic), patience, *colors).run();
}

}  // namespace

int run_doctor(const Arguments& arguments) {
  return run_client_command(*doctor_flags(), arguments, examine);
}

}  // namespace sluice::cli
