// SPDX-License-Identifier: Apache-2.0
// What every Transport promises, asked of each in the registry.
#include "base/rng.h"
#include "net/listener.h"
#include "net/transport/memory/memory_transport.h"
#include "net/transport/registry.h"
#include "os/reactor/reactor.h"
#include "os/thread.h"
#include "tests/support/test_certificate.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace sluice::net {
namespace {

using Ends = std::pair<std::unique_ptr<Transport>, std::unique_ptr<Transport>>;

/// What the ends of a scheme with layers need; the others leave it alone.
struct Layers {
  Layers() {
    const test::TestCertificate made("localhost");
    server.tls =
        TlsContext::for_server({.certificates = {{made.certificate_file(), made.key_file(), ""}}})
            .value();
    client.tls = TlsContext::for_client({.ca_file = made.certificate_file()}).value();
    client.host = "localhost";
  }
  ServerLayers server;
  ClientLayers client;
};

/// Neither end is shaking hands any more.
void shake_hands(Ends& ends) {
  for (int i = 0; i < 1000; ++i) {
    for (Transport* end : {ends.first.get(), ends.second.get()}) {
      const auto done = end->handshake();
      ASSERT_TRUE(done || done.error().code == ErrorCode::would_block) << done.error().detail;
    }
    if (!ends.first->is_handshaking() && !ends.second->is_handshaking()) return;
  }
  FAIL() << "the handshake does not end";
}

/// A connected pair of a scheme that has addresses: through a listener, as in the broker.
enum class Begin : std::uint8_t { at_once, behind_proxy };

Ends connect_pair(const std::string& scheme, const os::SocketAddress& address,
                  Begin begin = Begin::at_once) {
  const TransportKind& kind = *find_transport(scheme);
  Layers layers;
  if (begin == Begin::behind_proxy)
    layers.server.proxy = ProxyOptions{{AddressRange::parse("127.0.0.0/8").value()}};
  auto reactor = os::Reactor::create().value();
  const auto wrap = [&](os::FileDescriptor socket, const Peer& peer) {
    return kind.wrap(std::move(socket), peer, layers.server);
  };
  auto listener = Listener::open(address, {.wrap = wrap}).value();
  EXPECT_TRUE(listener->attach(*reactor, 1));
  auto client = kind.connect({listener->address(), nullptr, layers.client}).value();
  std::vector<std::unique_ptr<Transport>> accepted;
  while (accepted.empty()) {
    EXPECT_FALSE(reactor->wait(10s).empty());
    listener->accept(accepted, Instant{});
  }
  listener->detach();
  EXPECT_TRUE(reactor->add(client->fd(), 2, os::Watch::level_write));
  EXPECT_FALSE(reactor->wait(10s).empty());
  EXPECT_TRUE(finish_connect(*client));
  Ends ends{std::move(client), std::move(accepted.front())};
  if (begin == Begin::behind_proxy) {
    constexpr std::string_view header = "PROXY TCP4 127.0.0.9 127.0.0.1 4711 1883\r\n";
    const IoSlice slice{as_bytes(header).data(), header.size()};
    EXPECT_EQ(ends.first->write({&slice, 1}).value(), header.size());
  }
  shake_hands(ends);
  return ends;
}

struct Implementation {
  std::string scheme;
  std::function<Ends()> make;
};

const Implementation implementations[] = {
    {"mqtt",
     [] { return connect_pair("mqtt", os::SocketAddress::from_ip("127.0.0.1", 0).value()); }},
    {"mqtts",
     [] { return connect_pair("mqtts", os::SocketAddress::from_ip("127.0.0.1", 0).value()); }},
    {"ws", [] { return connect_pair("ws", os::SocketAddress::from_ip("127.0.0.1", 0).value()); }},
    {"wss", [] { return connect_pair("wss", os::SocketAddress::from_ip("127.0.0.1", 0).value()); }},
    {"proxy",
     [] {
       return connect_pair("mqtt", os::SocketAddress::from_ip("127.0.0.1", 0).value(),
                           Begin::behind_proxy);
     }},
    {"unix",
     [] {
       const std::string name = "@sluice-contract-" + std::to_string(::getpid());
       return connect_pair("unix", os::SocketAddress::from_unix_path(name).value());
     }},
    {"memory", [] { return Ends(MemoryTransport::make_pair({})); }},
};

class TransportContract : public ::testing::TestWithParam<Implementation> {
 protected:
  void SetUp() override { std::tie(left_, right_) = GetParam().make(); }

  /// What an owner does when there is room again.
  void flush_both() {
    for (Transport* end : {left_.get(), right_.get()})
      if (end != nullptr && end->has_pending_output()) static_cast<void>(end->flush());
  }
  /// Until a read of `from` would not answer would_block.
  void wait_readable(const Transport& from) {
    flush_both();
    if (from.fd() < 0 || from.has_buffered_input()) return;
    auto reactor = os::Reactor::create().value();
    ASSERT_TRUE(reactor->add(from.fd(), 0, os::Watch::level_read));
    ASSERT_FALSE(reactor->wait(10s).empty());
  }
  static Result<std::size_t> read(Transport& from, std::string& into, std::size_t most = 4096) {
    std::vector<std::uint8_t> buffer(most);
    const auto got = from.read(buffer);
    if (got) into += as_text({buffer.data(), *got});
    return got;
  }
  static Result<std::size_t> write(Transport& to, std::string_view text) {
    const IoSlice slice{as_bytes(text).data(), text.size()};
    return to.write({&slice, 1});
  }
  std::string read_exactly(Transport& from, std::size_t size) {
    std::string text;
    while (text.size() < size) {
      wait_readable(from);
      const auto got = read(from, text, size - text.size());
      if (!got && got.error().code != ErrorCode::would_block) break;
    }
    return text;
  }

  std::unique_ptr<Transport> left_;
  std::unique_ptr<Transport> right_;
};

TEST_P(TransportContract, SaysWouldBlockWhenNothingHasArrived) {
  std::string text;
  EXPECT_EQ(read(*left_, text).error().code, ErrorCode::would_block);
  EXPECT_EQ(read(*right_, text).error().code, ErrorCode::would_block);
}

TEST_P(TransportContract, CarriesBytesBothWays) {
  ASSERT_EQ(write(*left_, "there").value(), 5U);
  EXPECT_EQ(read_exactly(*right_, 5), "there");
  ASSERT_EQ(write(*right_, "and back").value(), 8U);
  EXPECT_EQ(read_exactly(*left_, 8), "and back");
}

TEST_P(TransportContract, GathersSlicesInOrder) {
  const std::vector<std::string> parts{"a", "bc", "def", std::string(1000, 'g')};
  std::vector<IoSlice> slices;
  std::string whole;
  for (const std::string& part : parts) {
    slices.push_back({as_bytes(part).data(), part.size()});
    whole += part;
  }
  ASSERT_EQ(left_->write(slices).value(), whole.size());
  EXPECT_EQ(read_exactly(*right_, whole.size()), whole);
}

TEST_P(TransportContract, TakesNoMoreThanThereIsRoomForAndGoesOnLater) {
  const std::string block(100'000, 'x');
  std::size_t sent = 0;
  for (;;) {
    const auto taken = write(*left_, block);
    if (!taken) {
      EXPECT_EQ(taken.error().code, ErrorCode::would_block);
      break;
    }
    ASSERT_GT(*taken, 0U);
    sent += *taken;
    ASSERT_LT(sent, std::size_t{1} << 28) << "nothing bounds it";
  }
  EXPECT_EQ(read_exactly(*right_, sent).size(), sent);
  EXPECT_TRUE(write(*left_, "again").has_value());
}

TEST_P(TransportContract, KeepsALongStreamInOrderInAnyCut) {
  Rng rng(4);
  std::string sent;
  std::string received;
  while (received.size() < 500'000) {
    std::string piece(1 + rng.below(3000), '\0');
    for (char& c : piece) c = static_cast<char>(rng.below(256));
    const auto taken = write(*left_, piece);
    if (taken) sent += piece.substr(0, *taken);
    if (sent.size() == received.size()) continue;
    wait_readable(*right_);
    static_cast<void>(read(*right_, received, 1 + rng.below(4000)));
  }
  received += read_exactly(*right_, sent.size() - received.size());
  EXPECT_TRUE(received == sent);
}

TEST_P(TransportContract, TellsTheEndAfterTheLastByte) {
  ASSERT_TRUE(write(*left_, "last words"));
  left_.reset();
  EXPECT_EQ(read_exactly(*right_, 10), "last words");
  wait_readable(*right_);
  std::string text;
  const auto end = read(*right_, text);
  ASSERT_FALSE(end.has_value());
  EXPECT_EQ(end.error().code, ErrorCode::closed);
  EXPECT_EQ(end.error().system, 0) << "it ended in order";
}

TEST_P(TransportContract, HalfCloseLetsTheOtherDirectionGoOn) {
  left_->shutdown_write();
  wait_readable(*right_);
  std::string text;
  EXPECT_EQ(read(*right_, text).error().code, ErrorCode::closed);
  EXPECT_EQ(write(*left_, "x").error().code, ErrorCode::closed);
  ASSERT_TRUE(write(*right_, "still here"));
  EXPECT_EQ(read_exactly(*left_, 10), "still here");
}

TEST_P(TransportContract, SaysClosedToOneWhoWritesToNobody) {
  left_.reset();
  // The kernel learns of it with the first answer; then every write says so.
  Result<std::size_t> taken = 0;
  for (int i = 0; i < 100'000 && taken; ++i) taken = write(*right_, "x");
  ASSERT_FALSE(taken.has_value());
  EXPECT_EQ(taken.error().code, ErrorCode::closed);
}

TEST_P(TransportContract, ResetTellsThePeerThatItWasBroken) {
  if (GetParam().scheme == "unix") return;  // a Unix socket has no reset while nothing is unread
  left_->reset_on_close();
  left_.reset();
  wait_readable(*right_);
  std::string text;
  const auto end = read(*right_, text);
  ASSERT_FALSE(end.has_value());
  EXPECT_EQ(end.error().code, ErrorCode::closed);
  EXPECT_NE(end.error().system, 0);
}

TEST_P(TransportContract, NamesItsPeer) {
  EXPECT_NE(left_->peer().kind, PeerKind::none);
  EXPECT_NE(right_->peer().kind, PeerKind::none);
  EXPECT_TRUE(right_->peer().is_local());
}

TEST_P(TransportContract, HasNothingPendingAfterItsWritesWereTaken) {
  ASSERT_TRUE(write(*left_, "x"));
  EXPECT_FALSE(left_->has_pending_output());
  EXPECT_TRUE(left_->flush().has_value());
}

TEST_P(TransportContract, MovesToAnotherThreadWithWhatItHolds) {
  ASSERT_TRUE(write(*left_, "unread"));
  wait_readable(*right_);
  std::string text;
  auto thread = os::Thread::start("other", [this, &text] { text = read_exactly(*right_, 6); });
  ASSERT_TRUE(thread.has_value());
  thread->join();
  EXPECT_EQ(text, "unread");
}

INSTANTIATE_TEST_SUITE_P(All, TransportContract, testing::ValuesIn(implementations),
                         [](const auto& test) { return test.param.scheme; });

TEST(TransportContractCoverage, IncludesEveryKindOfTheRegistry) {
  std::set<std::string_view> tested;
  for (const Implementation& implementation : implementations) tested.insert(implementation.scheme);
  for (const TransportKind& kind : transport_kinds())
    EXPECT_TRUE(tested.contains(kind.scheme)) << kind.scheme;
}

}  // namespace
}  // namespace sluice::net
