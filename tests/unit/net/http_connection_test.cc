// SPDX-License-Identifier: Apache-2.0
#include "net/http/http_connection.h"

#include "net/transport/memory/memory_transport.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

namespace sluice::net {
namespace {

class HttpConnectionTest : public ::testing::Test {
 protected:
  void open(std::size_t capacity = 65536, const HttpLimits& limits = {}) {
    auto [client, server] = MemoryTransport::make_pair({.capacity = capacity});
    client_ = std::move(client);
    server_ = server.get();
    connection_ = std::make_unique<HttpConnection>(
        std::move(server),
        [this](const HttpRequest& request, const Peer&) { return handle(request); }, limits,
        HttpTimeouts{}, now_);
  }
  HttpResponse handle(const HttpRequest& request) {
    requests_.push_back(request);
    if (!request.is_upgrade) {
      HttpResponse response;
      response.body = response_body_.empty() ? request.target : response_body_;
      return response;
    }
    HttpResponse response{.status = 101};
    response.headers = {{"Connection", "Upgrade"}, {"Upgrade", "test"}};
    return response;
  }
  void send(std::string_view text) {
    const IoSlice slice{as_bytes(text).data(), text.size()};
    ASSERT_EQ(client_->write({&slice, 1}).value(), text.size());
  }
  /// Drives the connection while it is busy.
  HttpState drive() {
    HttpState state = HttpState::busy;
    while (state == HttpState::busy) state = connection_->on_ready(now_);
    return state;
  }
  std::string received() {
    std::string text;
    std::array<std::uint8_t, 4096> buffer;
    while (const auto got = client_->read(buffer)) text += as_text({buffer.data(), *got});
    return text;
  }
  bool is_ended() {
    std::array<std::uint8_t, 1> buffer;
    const auto got = client_->read(buffer);
    return !got && got.error().code == ErrorCode::closed;
  }

  std::unique_ptr<MemoryTransport> client_;
  MemoryTransport* server_ = nullptr;
  std::unique_ptr<HttpConnection> connection_;
  std::vector<HttpRequest> requests_;
  std::string response_body_;
  Instant now_{1'000'000'000};
};

constexpr std::string_view get = "GET /health HTTP/1.1\r\nHost: h\r\n\r\n";

TEST_F(HttpConnectionTest, AnswersAndKeepsTheConnection) {
  open();
  for (int i = 0; i < 3; ++i) {
    send(get);
    EXPECT_EQ(drive(), HttpState::waiting);
    const std::string text = received();
    EXPECT_TRUE(text.starts_with("HTTP/1.1 200 OK\r\n")) << text;
    EXPECT_TRUE(text.ends_with("\r\n\r\n/health")) << text;
  }
  EXPECT_EQ(requests_.size(), 3U);
}

TEST_F(HttpConnectionTest, AnswersByteByByteInput) {
  open();
  server_->faults().read_bytes_max = 1;
  send(get);
  EXPECT_EQ(drive(), HttpState::waiting);
  EXPECT_EQ(requests_.size(), 1U);
}

TEST_F(HttpConnectionTest, AnswersPipelinedRequestsInOrder) {
  open();
  std::string text;
  for (int i = 0; i < 100; ++i)
    text += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n";
  send(text);
  EXPECT_EQ(drive(), HttpState::waiting);
  ASSERT_EQ(requests_.size(), 100U);
  const std::string answers = received();
  EXPECT_LT(answers.find("/41"), answers.find("/42"));
  EXPECT_EQ(requests_[99].target, "/99");
}

TEST_F(HttpConnectionTest, DoesNotReadOnWhileAResponseWaits) {
  open(200);
  response_body_ = std::string(1000, '#');
  send(get);
  EXPECT_EQ(drive(), HttpState::waiting);
  send(get);
  EXPECT_EQ(drive(), HttpState::waiting);
  EXPECT_EQ(requests_.size(), 1U);
  std::string text;
  for (int i = 0; i < 20; ++i) {
    text += received();
    drive();
  }
  EXPECT_EQ(requests_.size(), 2U);
  EXPECT_EQ(std::ranges::count(text, '#'), 2000);
}

TEST_F(HttpConnectionTest, ClosesAfterTheResponseWhenAsked) {
  open();
  send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(drive(), HttpState::waiting) << "until the client has closed too";
  EXPECT_TRUE(received().contains("Connection: close"));
  EXPECT_TRUE(is_ended());
  client_.reset();
  EXPECT_EQ(drive(), HttpState::closed);
}

TEST_F(HttpConnectionTest, RefusesWhatIsNotHttpAndCloses) {
  open();
  send("\x10\x0cnot http at all\r\n\r\n");
  drive();
  const std::string text = received();
  EXPECT_TRUE(text.starts_with("HTTP/1.1 400 Bad Request\r\n")) << text;
  EXPECT_TRUE(text.contains("not a valid HTTP request")) << text;
  EXPECT_TRUE(is_ended());
}

TEST_F(HttpConnectionTest, TakesTheRestOfABodyThatIsTooLargeSoThatTheAnswerArrives) {
  open(1 << 20, {.body_bytes_max = 10});
  send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, 'x'));
  drive();
  EXPECT_TRUE(received().starts_with("HTTP/1.1 413 "));
  EXPECT_EQ(server_->bytes_under_way(), 0U);
  EXPECT_TRUE(requests_.empty());
}

TEST_F(HttpConnectionTest, LetsTheClientSendItsBody) {
  open();
  send("POST /b HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  drive();
  EXPECT_EQ(received(), "HTTP/1.1 100 Continue\r\n\r\n");
  send("ok");
  drive();
  ASSERT_EQ(requests_.size(), 1U);
  EXPECT_EQ(requests_[0].body, "ok");
}

TEST_F(HttpConnectionTest, GivesTheTransportBackAfterAnUpgrade) {
  open();
  send("GET /mqtt HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: test\r\n\r\nframes");
  EXPECT_EQ(drive(), HttpState::upgraded);
  std::vector<std::uint8_t> unread;
  const auto transport = connection_->release(unread);
  EXPECT_EQ(as_text(unread), "frames");
  EXPECT_TRUE(received().starts_with("HTTP/1.1 101 "));
  send("more");
  std::array<std::uint8_t, 16> buffer;
  EXPECT_EQ(transport->read(buffer).value(), 4U);
}

TEST_F(HttpConnectionTest, ClosesASilentConnection) {
  open();
  const Instant due = connection_->next_deadline();
  EXPECT_EQ(due, now_ + HttpTimeouts{}.idle);
  EXPECT_EQ(connection_->on_deadline(due - 1ns), HttpState::waiting);
  EXPECT_EQ(connection_->on_deadline(due), HttpState::closed);
}

TEST_F(HttpConnectionTest, AnswersARequestThatNeverEnds) {
  open();
  send("GET / HTTP/1.1\r\n");
  drive();
  const Instant due = connection_->next_deadline();
  EXPECT_EQ(due, now_ + HttpTimeouts{}.request);
  now_ = now_ + 9s;
  send("X: y\r\n");
  drive();
  EXPECT_EQ(connection_->next_deadline(), due) << "more bytes buy no more time";
  now_ = due;
  EXPECT_EQ(connection_->on_deadline(now_), HttpState::waiting);
  EXPECT_TRUE(received().starts_with("HTTP/1.1 408 "));
  now_ = connection_->next_deadline();
  EXPECT_EQ(connection_->on_deadline(now_), HttpState::closed);
}

TEST_F(HttpConnectionTest, ClosesAClientThatDoesNotTakeItsResponse) {
  open(100);
  response_body_ = std::string(1000, '#');
  send(get);
  drive();
  EXPECT_EQ(connection_->next_deadline(), now_ + HttpTimeouts{}.response);
  now_ = now_ + 20s;
  received();
  drive();
  EXPECT_EQ(connection_->next_deadline(), now_ + HttpTimeouts{}.response) << "it took some";
  now_ = connection_->next_deadline();
  EXPECT_EQ(connection_->on_deadline(now_), HttpState::closed);
}

TEST_F(HttpConnectionTest, EndsWithTheClient) {
  open();
  send("GET / HT");
  client_.reset();
  EXPECT_EQ(drive(), HttpState::closed);
}

}  // namespace
}  // namespace sluice::net
