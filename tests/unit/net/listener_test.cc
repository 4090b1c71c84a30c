// SPDX-License-Identifier: Apache-2.0
#include "net/listener.h"

#include "net/transport/registry.h"
#include "os/reactor/reactor.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

namespace sluice::net {
namespace {

class ListenerTest : public ::testing::Test {
 protected:
  void open(const ListenerOptions& options) {
    reactor_ = os::Reactor::create().value();
    const auto address = os::SocketAddress::from_ip("127.0.0.1", 0).value();
    listener_ = Listener::open(address, options).value();
    ASSERT_TRUE(listener_->attach(*reactor_, 5));
  }
  void connect(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      clients_.push_back(
          find_transport("tcp")->connect({listener_->address(), nullptr, {}}).value());
  }
  bool is_told(Duration timeout = 5s) { return !reactor_->wait(timeout).empty(); }
  std::size_t accept() {
    std::vector<std::unique_ptr<Transport>> accepted;
    listener_->accept(accepted, now_);
    const std::size_t count = accepted.size();
    for (auto& transport : accepted) accepted_.push_back(std::move(transport));
    return count;
  }

  std::unique_ptr<os::Reactor> reactor_;
  std::unique_ptr<Listener> listener_;
  std::vector<std::unique_ptr<Transport>> clients_;
  std::vector<std::unique_ptr<Transport>> accepted_;
  Instant now_{1'000'000'000};
};

int tcp_option(int fd, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  EXPECT_EQ(::getsockopt(fd, IPPROTO_TCP, option, &value, &size), 0);
  return value;
}

TEST_F(ListenerTest, HandsOverConnectionsReadyForUse) {
  open({.keep_alive = {.idle = 77s}});
  connect(1);
  ASSERT_TRUE(is_told());
  ASSERT_EQ(accept(), 1U);
  EXPECT_EQ(accepted_[0]->peer(), clients_[0]->local());
  EXPECT_EQ(tcp_option(accepted_[0]->fd(), TCP_KEEPIDLE), 77);
  EXPECT_NE(tcp_option(accepted_[0]->fd(), TCP_NODELAY), 0);
  EXPECT_EQ(listener_->counters().accepted, 1U);
}

TEST_F(ListenerTest, TakesABatchAndIsToldOfTheRest) {
  open({.accept_batch_max = 2});
  connect(5);
  for (const std::size_t expected : {2U, 2U, 1U}) {
    ASSERT_TRUE(is_told());
    EXPECT_EQ(accept(), expected);
  }
  EXPECT_FALSE(is_told(0s));
}

TEST_F(ListenerTest, LeavesConnectionsInTheQueueWhileHeld) {
  open({});
  listener_->hold();
  connect(1);
  EXPECT_FALSE(is_told(20ms));
  listener_->resume();
  EXPECT_TRUE(is_told());
}

TEST_F(ListenerTest, WrapsAsItsOwnerSays) {
  int wrapped = 0;
  open({.wrap = [&wrapped](os::FileDescriptor socket, const Peer& peer) {
    ++wrapped;
    return find_transport("tcp")->wrap(std::move(socket), peer, {});
  }});
  connect(1);
  ASSERT_TRUE(is_told());
  ASSERT_EQ(accept(), 1U);
  EXPECT_EQ(wrapped, 1);
}

TEST_F(ListenerTest, DropsConnectionsAtTheLimitOfDescriptorsAndGoesOn) {
  open({});
  connect(3);
  ASSERT_TRUE(is_told());
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 96;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  std::vector<os::FileDescriptor> fillers;
  for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) fillers.emplace_back(fd);
  EXPECT_EQ(accept(), 0U);
  EXPECT_EQ(listener_->counters().dropped, 3U);
  EXPECT_TRUE(listener_->next_deadline().is_never()) << "nobody waits, nothing to pause for";
  EXPECT_FALSE(is_told(0s));
  fillers.clear();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  connect(1);
  ASSERT_TRUE(is_told());
  EXPECT_EQ(accept(), 1U);
}

TEST_F(ListenerTest, PausesWhenNotEvenDroppingWorks) {
  open({});
  connect(2);
  ASSERT_TRUE(is_told());
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 0;  // so that even a closed reserve cannot be used again
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(accept(), 0U);
  EXPECT_FALSE(is_told(0s)) << "no spinning";
  EXPECT_EQ(listener_->next_deadline(), now_ + Listener::pause_time);
  listener_->on_deadline(now_);
  EXPECT_FALSE(is_told(0s)) << "not yet";
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  now_ = listener_->next_deadline();
  listener_->on_deadline(now_);
  EXPECT_TRUE(listener_->next_deadline().is_never());
  ASSERT_TRUE(is_told());
  EXPECT_EQ(accept(), 2U);
  EXPECT_EQ(listener_->counters().paused, 1U);
}

TEST_F(ListenerTest, IsForgottenByTheReactorWhenItGoes) {
  open({});
  connect(1);
  listener_.reset();
  EXPECT_FALSE(is_told(0s));
}

TEST(TransportRegistry, FindsSchemesByEitherName) {
  EXPECT_EQ(find_transport("mqtt"), find_transport("tcp"));
  EXPECT_NE(find_transport("unix"), nullptr);
  EXPECT_EQ(find_transport("carrier-pigeon"), nullptr);
  EXPECT_EQ(find_transport(""), nullptr);
}

}  // namespace
}  // namespace sluice::net
