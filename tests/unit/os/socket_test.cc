// SPDX-License-Identifier: Apache-2.0
#include "os/reactor/reactor.h"
#include "os/socket/connecting_socket.h"
#include "os/socket/listening_socket.h"
#include "os/socket/port_holder.h"
#include "os/socket/reserve_descriptor.h"
#include "os/socket/socket_io.h"
#include "os/socket/socket_options.h"
#include "os/system_error.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

namespace sluice::os {
namespace {

SocketAddress loopback(std::uint16_t port = 0) {
  return SocketAddress::from_ip("127.0.0.1", port).value();
}

void wait_until(int fd, Watch watch) {
  auto reactor = Reactor::create().value();
  ASSERT_TRUE(reactor->add(fd, 0, watch));
  ASSERT_EQ(reactor->wait(10s).size(), 1U);
}

struct Connection {
  FileDescriptor client;
  AcceptedSocket server;

  explicit Connection(const SocketAddress& address) {
    auto listening = listen_on(address, {}).value();
    client = start_connect(listening.address).value();
    wait_until(listening.socket.get(), Watch::level_read);
    server = accept_from(listening.socket.get()).value();
  }
};

std::string temporary_path(const char* name) {
  return (std::filesystem::temp_directory_path() /
          ("sluice-" + std::to_string(::getpid()) + "-" + name))
      .string();
}

int int_option(int fd, int level, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  EXPECT_EQ(::getsockopt(fd, level, option, &value, &size), 0);
  return value;
}

TEST(SocketAddress, KeepsTextAndPort) {
  EXPECT_EQ(loopback(1883).text(), "127.0.0.1:1883");
  EXPECT_EQ(SocketAddress::from_ip("::1", 1).value().text(), "[::1]:1");
  EXPECT_EQ(SocketAddress::from_unix_path("/run/x.sock").value().text(), "/run/x.sock");
  EXPECT_EQ(SocketAddress::from_unix_path("@abstract").value().text(), "@abstract");
}

TEST(SocketAddress, RefusesWhatIsNoAddress) {
  for (const char* text : {"localhost", "", "1.2.3.4.5", "::g"})
    EXPECT_FALSE(SocketAddress::from_ip(text, 1).has_value()) << text;
  EXPECT_EQ(SocketAddress::from_unix_path(std::string(108, 'x')).error().code,
            ErrorCode::limit_exceeded);
  EXPECT_EQ(SocketAddress::from_unix_path("").error().code, ErrorCode::invalid_argument);
}

TEST(SocketAddress, ShowsAMappedIpv4AddressAsIpv4) {
  const Peer peer = SocketAddress::from_ip("::ffff:10.1.2.3", 5).value().peer();
  EXPECT_EQ(to_string(peer), "10.1.2.3:5");
}

TEST(SocketAddress, ResolvesTheLocalHost) {
  const auto found = resolve("localhost", 1883);
  ASSERT_TRUE(found.has_value());
  ASSERT_FALSE(found->empty());
  for (const SocketAddress& address : *found) EXPECT_TRUE(address.peer().is_local());
}

TEST(ListeningSocket, SaysWhichPortItGot) {
  const auto listening = listen_on(loopback(), {});
  ASSERT_TRUE(listening.has_value());
  EXPECT_NE(listening->address.peer().port, 0);
}

TEST(ListeningSocket, BothEndsKnowEachOther) {
  const Connection pair(loopback());
  EXPECT_EQ(local_end(pair.client.get()), pair.server.peer);
  EXPECT_EQ(remote_end(pair.client.get()), local_end(pair.server.socket.get()));
}

TEST(ListeningSocket, SaysThatAnAddressIsInUse) {
  const auto first = listen_on(loopback(), {}).value();
  const auto second = listen_on(first.address, {});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::address_in_use);
  EXPECT_NE(describe(second.error()).find("in use"), std::string::npos);
}

TEST(ListeningSocket, SharesAPortWhenAsked) {
  const ListenOptions shared{.reuse_port = true};
  const auto first = listen_on(loopback(), shared).value();
  EXPECT_TRUE(listen_on(first.address, shared).has_value());
}

TEST(ListeningSocket, SaysWouldBlockWhenNobodyWaits) {
  const auto listening = listen_on(loopback(), {}).value();
  EXPECT_EQ(accept_from(listening.socket.get()).error().code, ErrorCode::would_block);
}

TEST(ListeningSocket, RefusesAnAddressThatIsNotOurs) {
  const auto address = SocketAddress::from_ip("203.0.113.1", 0).value();
  EXPECT_EQ(listen_on(address, {}).error().code, ErrorCode::invalid_argument);
}

TEST(UnixSocket, ReplacesAFileThatNobodyListensOn) {
  const std::string path = temporary_path("stale");
  const auto address = SocketAddress::from_unix_path(path).value();
  {
    const auto dead = listen_on(address, {}).value();
  }
  ASSERT_TRUE(std::filesystem::exists(path));
  EXPECT_TRUE(listen_on(address, {}).has_value());
  std::filesystem::remove(path);
}

TEST(UnixSocket, LeavesAFileAloneThatIsInUse) {
  const std::string path = temporary_path("used");
  const auto address = SocketAddress::from_unix_path(path).value();
  const auto listening = listen_on(address, {}).value();
  EXPECT_EQ(listen_on(address, {}).error().code, ErrorCode::address_in_use);
  EXPECT_TRUE(start_connect(address).has_value());
  std::filesystem::remove(path);
}

TEST(UnixSocket, GivesItsFileTheModeAskedFor) {
  const std::string path = temporary_path("mode");
  const auto address = SocketAddress::from_unix_path(path).value();
  const auto listening = listen_on(address, {.mode = 0600}).value();
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(path).permissions(), perms::owner_read | perms::owner_write);
  std::filesystem::remove(path);
}

TEST(UnixSocket, NamesTheProcessAtTheOtherEnd) {
  const std::string name = "@sluice-test-" + std::to_string(::getpid());
  const Connection pair(SocketAddress::from_unix_path(name).value());
  EXPECT_EQ(to_string(pair.server.peer), "unix:" + std::to_string(::getpid()));
}

TEST(ConnectingSocket, SaysThatItWasRefused) {
  SocketAddress address;
  {
    address = listen_on(loopback(), {}).value().address;
  }
  const auto socket = start_connect(address);
  if (!socket) {
    EXPECT_EQ(socket.error().code, ErrorCode::refused);
    return;
  }
  wait_until(socket->get(), Watch::level_write);
  EXPECT_EQ(connect_outcome(socket->get()).error().code, ErrorCode::refused);
}

TEST(ConnectingSocket, SaysThatItIsMade) {
  const auto listening = listen_on(loopback(), {}).value();
  const auto socket = start_connect(listening.address).value();
  wait_until(socket.get(), Watch::level_write);
  EXPECT_TRUE(connect_outcome(socket.get()).has_value());
}

TEST(ConnectingSocket, SaysThatNoSuchUnixSocketExists) {
  const auto address = SocketAddress::from_unix_path(temporary_path("missing")).value();
  EXPECT_EQ(start_connect(address).error().code, ErrorCode::not_found);
}

TEST(SocketIo, GathersSlicesInOrder) {
  const Connection pair(loopback());
  const std::vector<std::string> parts{"one,", "two,", "three"};
  std::vector<IoSlice> slices;
  for (const std::string& part : parts) slices.push_back({as_bytes(part).data(), part.size()});
  ASSERT_EQ(write_socket(pair.client.get(), slices).value(), 13U);
  wait_until(pair.server.socket.get(), Watch::level_read);
  std::array<std::uint8_t, 64> buffer{};
  const std::size_t got = read_socket(pair.server.socket.get(), buffer).value();
  EXPECT_EQ(as_text({buffer.data(), got}), "one,two,three");
}

TEST(SocketIo, TakesMoreSlicesThanTheKernelByItsFirstThousand) {
  const Connection pair(loopback());
  const std::vector<IoSlice> slices(3000, IoSlice{as_bytes("x").data(), 1});
  EXPECT_EQ(write_socket(pair.client.get(), slices).value(), 1024U);
}

TEST(SocketIo, SaysWouldBlockWhenThereIsNothingAndWhenThereIsNoRoom) {
  const Connection pair(loopback());
  std::vector<std::uint8_t> block(1 << 20);
  EXPECT_EQ(read_socket(pair.client.get(), block).error().code, ErrorCode::would_block);
  for (;;) {
    const auto sent = write_socket(pair.client.get(), ByteView(block));
    if (sent) continue;
    EXPECT_EQ(sent.error().code, ErrorCode::would_block);
    break;
  }
}

TEST(SocketIo, HalfCloseEndsOneDirectionOnly) {
  const Connection pair(loopback());
  shutdown_socket_write(pair.client.get());
  wait_until(pair.server.socket.get(), Watch::level_read);
  std::array<std::uint8_t, 8> buffer{};
  const auto end = read_socket(pair.server.socket.get(), buffer);
  ASSERT_FALSE(end.has_value());
  EXPECT_EQ(end.error().code, ErrorCode::closed);
  EXPECT_EQ(end.error().system, 0);
  ASSERT_TRUE(write_socket(pair.server.socket.get(), as_bytes("late")));
  wait_until(pair.client.get(), Watch::level_read);
  EXPECT_EQ(read_socket(pair.client.get(), buffer).value(), 4U);
}

TEST(SocketOptions, ResetOnCloseTellsThePeer) {
  Connection pair(loopback());
  set_reset_on_close(pair.client.get());
  pair.client.close();
  wait_until(pair.server.socket.get(), Watch::level_read);
  std::array<std::uint8_t, 8> buffer{};
  const auto end = read_socket(pair.server.socket.get(), buffer);
  ASSERT_FALSE(end.has_value());
  EXPECT_EQ(end.error().code, ErrorCode::closed);
  EXPECT_EQ(end.error().system, ECONNRESET);
}

TEST(SocketOptions, SetsKeepAliveAndNoDelay) {
  const Connection pair(loopback());
  const int fd = pair.client.get();
  set_no_delay(fd, true);
  set_keep_alive(fd, {.idle = 33s, .interval = 11s, .probes = 4, .unacknowledged = 44s});
  EXPECT_NE(int_option(fd, IPPROTO_TCP, TCP_NODELAY), 0);
  EXPECT_NE(int_option(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
  EXPECT_EQ(int_option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 33);
  EXPECT_EQ(int_option(fd, IPPROTO_TCP, TCP_KEEPINTVL), 11);
  EXPECT_EQ(int_option(fd, IPPROTO_TCP, TCP_KEEPCNT), 4);
  EXPECT_EQ(int_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 44'000);
}

TEST(PortHolder, NamesThisProcess) {
  const auto listening = listen_on(loopback(), {}).value();
  const std::uint16_t port = listening.address.peer().port;
  const auto holder = find_port_holder(port);
  ASSERT_TRUE(holder);
  EXPECT_EQ(holder->process, ::getpid());
  EXPECT_EQ(holder->user, ::getuid());
  EXPECT_NE(explain_port_in_use(port).find("process " + std::to_string(::getpid())),
            std::string::npos);
}

TEST(PortHolder, SeesIpv6Listeners) {
  const auto address = SocketAddress::from_ip("::1", 0).value();
  const auto listening = listen_on(address, {});
  if (!listening) GTEST_SKIP() << "no IPv6 here";
  EXPECT_TRUE(find_port_holder(listening->address.peer().port).has_value());
}

TEST(PortHolder, FindsNobodyWhereNobodyListens) {
  std::uint16_t port = 0;
  {
    port = listen_on(loopback(), {}).value().address.peer().port;
  }
  EXPECT_FALSE(find_port_holder(port).has_value());
}

TEST(ReserveDescriptor, DropsAWaitingConnectionWhenNoneIsLeft) {
  const auto listening = listen_on(loopback(), {}).value();
  ReserveDescriptor reserve;
  const FileDescriptor client = start_connect(listening.address).value();
  wait_until(listening.socket.get(), Watch::level_read);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 64;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  std::vector<FileDescriptor> fillers;
  for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) fillers.emplace_back(fd);
  EXPECT_EQ(accept_from(listening.socket.get()).error().code, ErrorCode::out_of_descriptors);
  EXPECT_TRUE(reserve.drop_one(listening.socket.get()));
  const auto nobody = reserve.drop_one(listening.socket.get());
  ASSERT_FALSE(nobody.has_value());
  EXPECT_EQ(nobody.error().code, ErrorCode::would_block);
  fillers.clear();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  std::array<std::uint8_t, 8> buffer{};
  wait_until(client.get(), Watch::level_read);
  EXPECT_EQ(read_socket(client.get(), buffer).error().code, ErrorCode::closed);
}

}  // namespace
}  // namespace sluice::os
