// SPDX-License-Identifier: Apache-2.0
#include "os/socket/socket_address.h"

#include "base/assert.h"
#include "os/system_error.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace sluice::os {
namespace {

template <class T>
T read_as(const SocketAddress& address) {
  T value{};
  std::memcpy(&value, address.data(), std::min(sizeof value, address.size()));
  return value;
}

struct AddressListDeleter {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using AddressList = std::unique_ptr<addrinfo, AddressListDeleter>;

/// EAI_SYSTEM aside, the resolver's own numbers mean nothing to anybody; their texts are static.
Failure resolver_failure(int number) {
  if (number == EAI_SYSTEM) return system_failure("the host name cannot be resolved");
  const bool is_unknown = number == EAI_NONAME;
  return fail(is_unknown ? ErrorCode::not_found : ErrorCode::io_error, ::gai_strerror(number));
}

Result<AddressList> look_up(const std::string& host, std::uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (error != 0) return resolver_failure(error);
  return AddressList(list);
}

Peer ipv4_peer(const sockaddr_in& from) {
  Peer peer{.port = ntohs(from.sin_port), .kind = PeerKind::ipv4};
  std::memcpy(peer.address.data(), &from.sin_addr, 4);
  return peer;
}

Peer ipv6_peer(const sockaddr_in6& from) {
  Peer peer{.port = ntohs(from.sin6_port)};
  if (IN6_IS_ADDR_V4MAPPED(&from.sin6_addr)) {
    peer.kind = PeerKind::ipv4;
    std::memcpy(peer.address.data(), from.sin6_addr.s6_addr + 12, 4);
    return peer;
  }
  peer.kind = PeerKind::ipv6;
  peer.id = from.sin6_scope_id;
  std::memcpy(peer.address.data(), &from.sin6_addr, 16);
  return peer;
}

}  // namespace

SocketAddress::SocketAddress(const sockaddr* address, std::size_t size) : size_(size) {
  SLUICE_ASSERT(size <= storage_.size());
  std::memcpy(storage_.data(), address, size);
}

Result<SocketAddress> SocketAddress::from_ip(const std::string& ip, std::uint16_t port) {
  auto list = look_up(ip, port, AI_NUMERICHOST);
  if (!list)
    return fail(ErrorCode::invalid_argument, "not an IP address, such as 127.0.0.1 or ::1");
  return SocketAddress((*list)->ai_addr, (*list)->ai_addrlen);
}

Result<SocketAddress> SocketAddress::from_unix_path(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty()) return fail(ErrorCode::invalid_argument, "the path of a Unix socket is empty");
  if (path.size() >= sizeof address.sun_path)
    return fail(ErrorCode::limit_exceeded, "the path of a Unix socket is longer than 107 bytes");
  std::ranges::copy(path, address.sun_path);
  const bool is_abstract = path.front() == '@';
  if (is_abstract) address.sun_path[0] = '\0';
  const std::size_t size = offsetof(sockaddr_un, sun_path) + path.size() + (is_abstract ? 0 : 1);
  return SocketAddress(reinterpret_cast<const sockaddr*>(&address), size);
}

bool SocketAddress::is_unix() const { return family() == AF_UNIX; }

bool SocketAddress::is_ipv6() const { return family() == AF_INET6; }

std::string SocketAddress::unix_path() const {
  constexpr std::size_t offset = offsetof(sockaddr_un, sun_path);
  if (!is_unix() || size_ <= offset) return {};
  const auto address = read_as<sockaddr_un>(*this);
  std::string path(address.sun_path, size_ - offset);
  if (path.front() == '\0') {
    path.front() = '@';
    return path;
  }
  return path.substr(0, path.find('\0'));
}

Peer SocketAddress::peer() const {
  switch (family()) {
    case AF_INET:
      return ipv4_peer(read_as<sockaddr_in>(*this));
    case AF_INET6:
      return ipv6_peer(read_as<sockaddr_in6>(*this));
    case AF_UNIX:
      return {.kind = PeerKind::unix_socket};
    default:
      return {};
  }
}

std::string SocketAddress::text() const { return is_unix() ? unix_path() : to_string(peer()); }

const sockaddr* SocketAddress::data() const {
  return reinterpret_cast<const sockaddr*>(storage_.data());
}

int SocketAddress::family() const {
  sa_family_t family = AF_UNSPEC;
  if (size_ >= sizeof family) std::memcpy(&family, storage_.data(), sizeof family);
  return family;
}

Result<std::vector<SocketAddress>> resolve(const std::string& host, std::uint16_t port) {
  if (host.empty()) return fail(ErrorCode::invalid_argument, "the host name is empty");
  // An address needs nobody to be asked, not even which families this machine has.
  if (auto address = SocketAddress::from_ip(host, port)) return std::vector{std::move(*address)};
  SLUICE_TRY(const AddressList list, look_up(host, port, AI_ADDRCONFIG));
  std::vector<SocketAddress> addresses;
  for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next)
    addresses.emplace_back(entry->ai_addr, entry->ai_addrlen);
  return addresses;
}

}  // namespace sluice::os
