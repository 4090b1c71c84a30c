// SPDX-License-Identifier: Apache-2.0
// The one translation unit that sees Boost.Beast's HTTP.
#include "net/http/http_parser.h"

#include "base/assert.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>

namespace sluice::net {

namespace http = boost::beast::http;

struct HttpRequestParser::Grammar {
  http::request_parser<http::string_body> parser;
};

namespace {

std::string_view to_view(boost::beast::string_view text) { return {text.data(), text.size()}; }

unsigned status_of(const boost::beast::error_code& error) {
  if (error == http::error::header_limit) return 431;
  if (error == http::error::body_limit) return 413;
  if (error == http::error::bad_version) return 505;
  return 400;
}

const char* problem_of(unsigned status) {
  switch (status) {
    case 413:
      return "the body is larger than allowed";
    case 431:
      return "the request line and headers are larger than allowed";
    case 505:
      return "only HTTP/1.0 and HTTP/1.1 are spoken here";
    default:
      return "the bytes are not a valid HTTP request";
  }
}

}  // namespace

HttpRequestParser::HttpRequestParser(const HttpLimits& limits) : limits_(limits) { restart(); }

HttpRequestParser::~HttpRequestParser() = default;

HttpFeed HttpRequestParser::feed(ByteView& bytes) {
  SLUICE_ASSERT(status_ == 0 && !grammar_->parser.is_done());
  if (bytes.empty()) return HttpFeed::more;
  is_begun_ = true;
  ByteView input = bytes;
  if (!pending_.empty()) {
    pending_.append(as_text(bytes));
    input = as_bytes(pending_);
  }
  boost::beast::error_code error;
  const std::size_t used =
      grammar_->parser.put(boost::asio::const_buffer(input.data(), input.size()), error);
  const ByteView left = input.subspan(used);
  if (error && error != http::error::need_more) {
    const unsigned status = status_of(error);
    return refuse(status, problem_of(status));
  }
  if (grammar_->parser.is_done()) {
    // Without `bytes` the request was not whole, so what is left of it is the end of `bytes`.
    bytes = bytes.last(left.size());
    pending_.clear();
    return judge();
  }
  pending_ = std::string(as_text(left));
  bytes = {};
  if (pending_.size() > limits_.header_bytes_max) return refuse(431, problem_of(431));
  return judge();
}

HttpFeed HttpRequestParser::judge() {
  const auto& parser = grammar_->parser;
  if (!parser.is_header_done()) return HttpFeed::more;
  if (!is_checked_ && check_headers() == HttpFeed::failed) return HttpFeed::failed;
  if (parser.is_done()) return HttpFeed::whole;
  if (is_go_asked_ || !boost::beast::iequals(parser.get()[http::field::expect], "100-continue"))
    return HttpFeed::more;
  is_go_asked_ = true;
  return HttpFeed::wants_to_go;
}

HttpFeed HttpRequestParser::check_headers() {
  const auto& message = grammar_->parser.get();
  is_checked_ = true;
  if (message.version() != 10 && message.version() != 11) return refuse(505, problem_of(505));
  if (message.version() == 11 && message.count(http::field::host) != 1)
    return refuse(400, "HTTP/1.1 asks for exactly one Host header");
  if (message.count(http::field::transfer_encoding) != 0 && !message.chunked())
    return refuse(501, "the only transfer coding known here is chunked");
  return HttpFeed::more;
}

HttpRequest HttpRequestParser::take() {
  SLUICE_ASSERT(grammar_->parser.is_done());
  const bool is_upgrade = grammar_->parser.upgrade();
  auto message = grammar_->parser.release();
  HttpRequest request;
  request.method = to_view(message.method_string());
  request.target = to_view(message.target());
  for (const auto& field : message)
    request.headers.emplace_back(to_view(field.name_string()), to_view(field.value()));
  request.body = std::move(message.body());
  request.is_keep_alive = message.keep_alive();
  request.is_upgrade = is_upgrade;
  restart();
  return request;
}

HttpFeed HttpRequestParser::refuse(unsigned status, const char* problem) {
  status_ = status;
  problem_ = problem;
  return HttpFeed::failed;
}

void HttpRequestParser::restart() {
  grammar_ = std::make_unique<Grammar>();
  grammar_->parser.header_limit(limits_.header_bytes_max);
  grammar_->parser.body_limit(limits_.body_bytes_max);
  grammar_->parser.eager(true);
  is_begun_ = false;
  is_checked_ = false;
  is_go_asked_ = false;
}

std::string serialize(const HttpResponse& response, HttpNext next,
                      std::string_view request_method) {
  const bool is_switching = response.status == 101;
  const bool has_no_body = is_switching || response.status == 204 || response.status == 304;
  http::response<http::string_body> message;
  message.version(11);
  message.result(response.status);
  if (!has_no_body && !response.content_type.empty())
    message.set(http::field::content_type, response.content_type);
  for (const auto& [name, value] : response.headers) message.insert(name, value);
  if (!is_switching) message.keep_alive(next == HttpNext::keep_alive);
  if (!has_no_body) {
    message.body() = response.body;
    message.content_length(response.body.size());
  }
  std::string bytes;
  http::response_serializer<http::string_body> serializer(message);
  serializer.split(true);
  const bool has_body = !has_no_body && request_method != "HEAD";
  boost::beast::error_code error;
  while (!(has_body ? serializer.is_done() : serializer.is_header_done())) {
    serializer.next(error, [&](boost::beast::error_code&, const auto& buffers) {
      std::size_t size = 0;
      for (const auto buffer : boost::beast::buffers_range_ref(buffers)) {
        bytes.append(static_cast<const char*>(buffer.data()), buffer.size());
        size += buffer.size();
      }
      serializer.consume(size);
    });
    SLUICE_ASSERT(!error);
  }
  return bytes;
}

std::string_view http_reason(unsigned status) {
  return to_view(http::obsolete_reason(http::int_to_status(status)));
}

}  // namespace sluice::net
