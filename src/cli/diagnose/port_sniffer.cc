// SPDX-License-Identifier: Apache-2.0
#include "cli/diagnose/port_sniffer.h"

#include "base/bytes.h"
#include "os/clock.h"
#include "os/reactor/reactor.h"
#include "os/socket/connecting_socket.h"
#include "os/socket/socket_io.h"

#include <array>

namespace sluice::cli {
namespace {

/// CONNECT of MQTT 3.1.1: clean session, keep alive 60, client id "doctor".
constexpr std::array<std::uint8_t, 20> connect_bytes{0x10, 18, 0, 4, 'M', 'Q', 'T', 'T', 4,   2,
                                                     0,    60, 0, 6, 'd', 'o', 'c', 't', 'o', 'r'};

}  // namespace

PortSpeaks recognised(std::string_view answer) {
  if (answer.empty()) return PortSpeaks::nothing;
  if (answer.size() >= 2 && answer[0] == 0x20 && (answer[1] == 2 || answer[1] == 3)) {
    return PortSpeaks::mqtt;
  }
  // A TLS alert: type 21, version 3.x.
  if (answer.size() >= 2 && answer[0] == 0x15 && answer[1] == 3) return PortSpeaks::tls;
  if (answer.starts_with("HTTP/")) return PortSpeaks::http;
  if (answer.starts_with("SSH-")) return PortSpeaks::ssh;
  return PortSpeaks::other;
}

PortSpeaks sniff(const os::SocketAddress& address, Duration patience) {
  auto socket = os::start_connect(address);
  auto reactor = os::Reactor::create();
  if (!socket || !reactor) return PortSpeaks::closed;
  const int fd = socket->get();
  if (!(*reactor)->add(fd, 1, os::Watch::level_write)) return PortSpeaks::closed;
  if ((*reactor)->wait(patience).empty() || !os::connect_outcome(fd)) return PortSpeaks::closed;
  if (!os::write_socket(fd, ByteView(connect_bytes))) return PortSpeaks::closed;
  if (!(*reactor)->modify(fd, 1, os::Watch::level_read)) return PortSpeaks::closed;
  if ((*reactor)->wait(patience).empty()) return PortSpeaks::nothing;
  std::array<std::uint8_t, 256> answer{};
  const auto got = os::read_socket(fd, answer);
  if (!got) return PortSpeaks::closed;
  return recognised(as_text(ByteView(answer).first(*got)));
}

}  // namespace sluice::cli
