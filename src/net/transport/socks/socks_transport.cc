// SPDX-License-Identifier: Apache-2.0
#include "net/transport/socks/socks_transport.h"

#include "net/url.h"
#include "os/socket/socket_address.h"

#include <array>
#include <cstring>
#include <utility>

namespace sluice::net {
namespace {

constexpr std::uint8_t version = 5;
constexpr std::uint8_t login_version = 1;
constexpr std::uint8_t no_login = 0;
constexpr std::uint8_t by_password = 2;
constexpr std::uint8_t connect_command = 1;
constexpr std::uint8_t ipv4 = 1, domain_name = 3, ipv6 = 4;
constexpr std::size_t text_bytes_max = 255;
constexpr std::uint16_t socks_port = 1080;

void append(std::vector<std::uint8_t>& out, std::string_view text) {
  out.push_back(static_cast<std::uint8_t>(text.size()));
  out.insert(out.end(), text.begin(), text.end());
}

/// A number as the proxy wants it, or the name.
void append_host(std::vector<std::uint8_t>& out, const HostPort& host) {
  const auto number = os::SocketAddress::from_ip(host.host, 0);
  if (!number) {
    out.push_back(domain_name);
    return append(out, host.host);
  }
  const Peer peer = number->peer();
  const std::size_t bytes = peer.kind == PeerKind::ipv4 ? 4 : 16;
  out.push_back(bytes == 4 ? ipv4 : ipv6);
  out.insert(out.end(), peer.address.begin(),
             peer.address.begin() + static_cast<std::ptrdiff_t>(bytes));
}

/// RFC 1928 §6.
const char* refusal(std::uint8_t code) {
  constexpr std::array sentences{
      "the proxy failed",
      "the proxy's rules do not allow this connection",
      "the proxy finds no way to the broker's network",
      "the proxy finds no way to the broker",
      "nothing listens there, the proxy says",
      "the broker did not answer the proxy in time",
      "the proxy cannot connect to others",
      "the proxy does not know this kind of address",
  };
  if (code == 0 || code > sentences.size()) return "the proxy refused for an unknown reason";
  return sentences[code - 1U];
}

Failure broken_off(const char* detail) { return fail(ErrorCode::protocol_error, detail); }

}  // namespace

Result<SocksProxy> parse_socks_url(std::string_view text) {
  constexpr std::array schemes{std::string_view("socks5h://"), std::string_view("socks5://")};
  for (const std::string_view scheme : schemes) {
    if (!text.starts_with(scheme)) continue;
    // The rest is written as in a broker's URL.
    const std::string as_broker = "mqtt://" + std::string(text.substr(scheme.size()));
    SLUICE_TRY(auto url, parse_broker_url(as_broker));
    const bool has_more = !url.path.empty() && url.path != "/";
    if (url.hosts.size() != 1 || has_more || !url.query.empty())
      return fail(ErrorCode::parse_error, "one host is expected, and nothing behind it");
    const std::string password = url.password.value_or("");
    if (url.user.value_or("").size() > text_bytes_max || password.size() > text_bytes_max)
      return fail(ErrorCode::parse_error, "a proxy takes user and password up to 255 bytes");
    HostPort address = std::move(url.hosts.front());
    const bool has_port = text.ends_with(":" + std::to_string(address.port.value_or(0)));
    if (!has_port) address.port = socks_port;
    return SocksProxy{.address = std::move(address), .user = url.user, .password = password};
  }
  return fail(ErrorCode::parse_error, "the URL of a proxy starts with socks5h://");
}

SocksTransport::SocksTransport(const SocksProxy& proxy, const HostPort& target,
                               std::unique_ptr<Transport> beneath)
    : LayeredTransport(std::move(beneath)), proxy_(proxy), target_(target) {
  ask_method();
}

void SocksTransport::ask_method() {
  step_ = Step::method;
  question_ = {version, 1, no_login};
  if (proxy_.user) question_ = {version, 2, no_login, by_password};
  wanted_ = 2;
}

void SocksTransport::ask_login() {
  step_ = Step::login;
  question_ = {login_version};
  append(question_, *proxy_.user);
  append(question_, proxy_.password);
  wanted_ = 2;
}

void SocksTransport::ask_connect() {
  step_ = Step::connect;
  question_ = {version, connect_command, 0};
  append_host(question_, target_);
  const std::uint16_t port = target_.port.value_or(0);
  question_.push_back(static_cast<std::uint8_t>(port >> 8U));
  question_.push_back(static_cast<std::uint8_t>(port & 0xFFU));
  wanted_ = 5;  // with the first byte of the address, which says how long it is
}

Result<void> SocksTransport::handshake() {
  if (target_.host.size() > text_bytes_max)
    return broken_off("a proxy takes names up to 255 bytes");
  while (step_ != Step::open) {
    SLUICE_CHECK(send_question());
    SLUICE_CHECK(receive(wanted_));
    SLUICE_CHECK(take_answer());
  }
  return {};
}

Result<void> SocksTransport::send_question() {
  while (!question_.empty()) {
    const std::array slices{IoSlice{question_.data(), question_.size()}};
    SLUICE_TRY(const std::size_t sent, beneath().write(slices));
    question_.erase(question_.begin(), question_.begin() + static_cast<std::ptrdiff_t>(sent));
  }
  return {};
}

// No byte more than the answer has: what follows is the connection's.
Result<void> SocksTransport::receive(std::size_t bytes) {
  while (answer_.size() < bytes) {
    std::array<std::uint8_t, 300> into;
    const MutableByteView room(into.data(), std::min(into.size(), bytes - answer_.size()));
    SLUICE_TRY(const std::size_t got, beneath().read(room));
    answer_.insert(answer_.end(), into.begin(), into.begin() + static_cast<std::ptrdiff_t>(got));
  }
  return {};
}

Result<void> SocksTransport::take_answer() {
  if (step_ == Step::method) return take_method();
  if (step_ == Step::connect) return take_connect();
  if (step_ == Step::login) {
    if (answer_[1] != 0) return broken_off("the proxy refused the user name or password");
    answer_.clear();
    ask_connect();
    return {};
  }
  step_ = Step::open;
  answer_ = {};
  return {};
}

Result<void> SocksTransport::take_method() {
  if (answer_[0] != version) return broken_off("what answers is no SOCKS5 proxy");
  const std::uint8_t method = answer_[1];
  answer_.clear();
  if (method == no_login) {
    ask_connect();
    return {};
  }
  if (method != by_password || !proxy_.user) return broken_off("the proxy wants another login");
  ask_login();
  return {};
}

Result<void> SocksTransport::take_connect() {
  if (answer_[0] != version) return broken_off("what answers is no SOCKS5 proxy");
  if (answer_[1] != 0) return broken_off(refusal(answer_[1]));
  std::size_t address_bytes = 0;
  if (answer_[3] == ipv4) address_bytes = 4;
  if (answer_[3] == ipv6) address_bytes = 16;
  if (answer_[3] == domain_name) address_bytes = 1U + answer_[4];
  if (address_bytes == 0) return broken_off("the proxy answers with an unknown kind of address");
  step_ = Step::address;
  wanted_ = 4 + address_bytes + 2;
  return {};
}

Result<std::size_t> SocksTransport::read(MutableByteView into) {
  SLUICE_CHECK(handshake());
  return beneath().read(into);
}

Result<std::size_t> SocksTransport::write(std::span<const IoSlice> slices) {
  SLUICE_CHECK(handshake());
  return beneath().write(slices);
}

}  // namespace sluice::net
