// SPDX-License-Identifier: Apache-2.0
#include "net/http/http_parser.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::net {
namespace {

struct Parsed {
  HttpFeed last = HttpFeed::more;
  HttpRequest request;
  unsigned status = 0;
  std::string left;
};

/// Feeds `text` in pieces of `size` bytes until a request is whole or refused.
Parsed parse(std::string_view text, std::size_t size, const HttpLimits& limits = {}) {
  HttpRequestParser parser(limits);
  Parsed parsed;
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, size);
    text.remove_prefix(piece.size());
    ByteView bytes = as_bytes(piece);
    parsed.last = parser.feed(bytes);
    if (parsed.last == HttpFeed::failed) {
      parsed.status = parser.status();
      return parsed;
    }
    if (parsed.last == HttpFeed::whole) {
      parsed.request = parser.take();
      parsed.left = std::string(as_text(bytes)) + std::string(text);
      return parsed;
    }
    EXPECT_TRUE(bytes.empty());
  }
  return parsed;
}

constexpr std::string_view post =
    "POST /api/x?y=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nX-Thing:  a b \r\n\r\nhelloGET";

TEST(HttpRequestParser, ReadsARequestInAnyCut) {
  for (std::size_t size = 1; size <= post.size(); ++size) {
    const Parsed parsed = parse(post, size);
    ASSERT_EQ(parsed.last, HttpFeed::whole) << "pieces of " << size;
    EXPECT_EQ(parsed.request.method, "POST");
    EXPECT_EQ(parsed.request.target, "/api/x?y=1");
    EXPECT_EQ(parsed.request.path(), "/api/x");
    EXPECT_EQ(parsed.request.header("x-thing"), "a b");
    EXPECT_EQ(parsed.request.header("absent"), "");
    EXPECT_EQ(parsed.request.body, "hello");
    EXPECT_EQ(parsed.left, "GET") << "pieces of " << size;
  }
}

TEST(HttpRequestParser, ReadsChunksInAnyCut) {
  constexpr std::string_view text =
      "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\nrest";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    const Parsed parsed = parse(text, size);
    ASSERT_EQ(parsed.last, HttpFeed::whole) << "pieces of " << size;
    EXPECT_EQ(parsed.request.body, "hello world");
    EXPECT_EQ(parsed.left, "rest");
  }
}

TEST(HttpRequestParser, ReadsRequestsOneAfterTheOther) {
  HttpRequestParser parser({});
  const std::string two = "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n";
  ByteView bytes = as_bytes(two);
  ASSERT_EQ(parser.feed(bytes), HttpFeed::whole);
  EXPECT_EQ(parser.take().target, "/1");
  EXPECT_FALSE(parser.is_within_request());
  ASSERT_EQ(parser.feed(bytes), HttpFeed::whole);
  EXPECT_EQ(parser.take().target, "/2");
  EXPECT_TRUE(bytes.empty());
}

TEST(HttpRequestParser, KnowsWhoKeepsTheConnection) {
  const auto is_kept = [](std::string_view text) {
    return parse(text, text.size()).request.is_keep_alive;
  };
  EXPECT_TRUE(is_kept("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_FALSE(is_kept("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
  EXPECT_FALSE(is_kept("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(is_kept("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST(HttpRequestParser, KnowsAnUpgradeAndLeavesWhatFollowsIt) {
  const Parsed parsed = parse(
      "GET /mqtt HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\n"
      "Upgrade: websocket\r\n\r\n\x82\x01x",
      7);
  ASSERT_EQ(parsed.last, HttpFeed::whole);
  EXPECT_TRUE(parsed.request.is_upgrade);
  EXPECT_EQ(parsed.left, "\x82\x01x");
}

TEST(HttpRequestParser, SaysOnceThatTheClientWaitsToSendItsBody) {
  HttpRequestParser parser({});
  const std::string head =
      "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  ByteView bytes = as_bytes(head);
  EXPECT_EQ(parser.feed(bytes), HttpFeed::wants_to_go);
  bytes = as_bytes("a");
  EXPECT_EQ(parser.feed(bytes), HttpFeed::more);
  bytes = as_bytes("b");
  EXPECT_EQ(parser.feed(bytes), HttpFeed::whole);
  EXPECT_EQ(parser.take().body, "ab");
}

TEST(HttpRequestParser, RefusesWithTheStatusThatFits) {
  const std::pair<std::string, unsigned> rows[] = {
      {"nonsense\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\nBad Name: x\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
      {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
      {std::string("\x16\x03\x01\x02\x00\x01", 6) + std::string(200, '\r'), 400},
  };
  for (const auto& [text, status] : rows)
    for (const std::size_t size : {std::size_t{1}, text.size()})
      EXPECT_EQ(parse(text, size).status, status) << text << " in pieces of " << size;
}

TEST(HttpRequestParser, BoundsTheHeaders) {
  const HttpLimits limits{.header_bytes_max = 200};
  const std::string head = "GET / HTTP/1.1\r\nHost: h\r\nX: ";
  EXPECT_EQ(parse(head + std::string(100, 'x') + "\r\n\r\n", 9, limits).last, HttpFeed::whole);
  EXPECT_EQ(parse(head + std::string(300, 'x') + "\r\n\r\n", 9, limits).status, 431U);
  EXPECT_EQ(parse("GET /" + std::string(5000, 'x'), 5000, limits).status, 431U);
}

TEST(HttpRequestParser, BoundsTheBody) {
  const HttpLimits limits{.body_bytes_max = 4};
  EXPECT_EQ(parse("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody", 3, limits).last,
            HttpFeed::whole);
  EXPECT_EQ(parse("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n", 3, limits).status,
            413U);
  EXPECT_EQ(parse("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n",
                  5, limits)
                .status,
            413U);
}

TEST(HttpRequestParser, BoundsWhatStandsBetweenChunks) {
  const HttpLimits limits{.header_bytes_max = 200};
  const std::string text = "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;x=" +
                           std::string(10'000, 'x');
  EXPECT_EQ(parse(text, 50, limits).last, HttpFeed::failed);
}

TEST(HttpResponse, IsWrittenWithItsLengthAndReason) {
  HttpResponse response{.status = 404, .content_type = "text/plain"};
  response.body = "gone\n";
  response.headers = {{"X-A", "1"}};
  const std::string text = serialize(response, HttpNext::keep_alive, "GET");
  EXPECT_TRUE(text.starts_with("HTTP/1.1 404 Not Found\r\n")) << text;
  EXPECT_TRUE(text.contains("Content-Length: 5\r\n")) << text;
  EXPECT_TRUE(text.contains("Content-Type: text/plain\r\n")) << text;
  EXPECT_TRUE(text.contains("X-A: 1\r\n")) << text;
  EXPECT_TRUE(text.ends_with("\r\n\r\ngone\n")) << text;
}

TEST(HttpResponse, ToHeadHasTheLengthButNotTheBody) {
  HttpResponse response;
  response.body = "12345";
  const std::string text = serialize(response, HttpNext::close, "HEAD");
  EXPECT_TRUE(text.contains("Content-Length: 5\r\n")) << text;
  EXPECT_TRUE(text.contains("Connection: close\r\n")) << text;
  EXPECT_TRUE(text.ends_with("\r\n\r\n")) << text;
}

TEST(HttpResponse, ThatSwitchesProtocolsHasNeitherLengthNorType) {
  HttpResponse response{.status = 101};
  response.headers = {{"Connection", "Upgrade"}, {"Upgrade", "websocket"}};
  const std::string text = serialize(response, HttpNext::keep_alive, "GET");
  EXPECT_EQ(text,
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\n\r\n");
}

}  // namespace
}  // namespace sluice::net
