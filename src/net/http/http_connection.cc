// SPDX-License-Identifier: Apache-2.0
#include "net/http/http_connection.h"

#include "base/assert.h"
#include "net/transport/transport.h"

#include <array>
#include <utility>

namespace sluice::net {
namespace {

constexpr std::size_t read_bytes = 16384;
constexpr int steps_max = 64;

}  // namespace

HttpConnection::HttpConnection(std::unique_ptr<Transport> transport, Handler handler,
                               const HttpLimits& limits, const HttpTimeouts& timeouts, Instant now)
    : transport_(std::move(transport)),
      handler_(std::move(handler)),
      timeouts_(timeouts),
      parser_(limits) {
  renew_deadline(now);
}

HttpConnection::~HttpConnection() = default;

int HttpConnection::fd() const { return transport_->fd(); }

HttpState HttpConnection::on_ready(Instant now) {
  int steps = 0;
  while (steps < steps_max && step() == Progress::made) ++steps;
  renew_deadline(now);
  if (phase_ == Phase::closed) return HttpState::closed;
  if (phase_ == Phase::upgraded) return HttpState::upgraded;
  return steps == steps_max ? HttpState::busy : HttpState::waiting;
}

HttpState HttpConnection::on_deadline(Instant now) {
  if (now < deadline_) return HttpState::waiting;
  const bool is_slow_request = waiting_ == Waiting::request;
  if (!is_slow_request) {
    phase_ = Phase::closed;
    return HttpState::closed;
  }
  refuse(408, "the request took too long");
  return on_ready(now);
}

std::unique_ptr<Transport> HttpConnection::release(std::vector<std::uint8_t>& unread) {
  SLUICE_ASSERT(phase_ == Phase::upgraded);
  phase_ = Phase::closed;
  unread = std::move(input_);
  return std::move(transport_);
}

HttpConnection::Progress HttpConnection::step() {
  if (phase_ == Phase::closed || phase_ == Phase::upgraded) return Progress::none;
  if (has_output() || transport_->has_pending_output()) return write_some();
  if (phase_ == Phase::ending || phase_ == Phase::upgrading) {
    after_output();
    return Progress::made;
  }
  if (phase_ == Phase::serving && !input_.empty()) {
    parse();
    return Progress::made;
  }
  return read_some();
}

HttpConnection::Progress HttpConnection::read_some() {
  std::array<std::uint8_t, read_bytes> buffer{};
  const auto got = transport_->read(buffer);
  if (got) {
    if (phase_ == Phase::serving) input_.assign(buffer.begin(), buffer.begin() + *got);
    return Progress::made;
  }
  if (got.error().code != ErrorCode::would_block) phase_ = Phase::closed;
  return Progress::none;
}

HttpConnection::Progress HttpConnection::write_some() {
  Result<std::size_t> sent = 0;
  if (has_output()) {
    const IoSlice rest{as_bytes(output_).data() + output_begin_, output_.size() - output_begin_};
    sent = transport_->write({&rest, 1});
  } else if (const auto flushed = transport_->flush(); !flushed) {
    sent = fail(flushed.error());
  }
  if (!sent) {
    if (sent.error().code != ErrorCode::would_block) phase_ = Phase::closed;
    return Progress::none;
  }
  output_begin_ += *sent;
  waiting_ = Waiting::nothing;  // the client is taking bytes: its time starts anew
  if (!has_output()) {
    output_.clear();
    output_begin_ = 0;
  }
  return Progress::made;
}

void HttpConnection::after_output() {
  if (phase_ == Phase::upgrading) {
    phase_ = Phase::upgraded;
    return;
  }
  // Closing with unread input would reset the connection and may take the response with it.
  transport_->shutdown_write();
  phase_ = Phase::lingering;
}

void HttpConnection::parse() {
  ByteView bytes = input_;
  const HttpFeed feed = parser_.feed(bytes);
  input_.erase(input_.begin(), input_.end() - static_cast<std::ptrdiff_t>(bytes.size()));
  switch (feed) {
    case HttpFeed::more:
      return;
    case HttpFeed::wants_to_go:
      output_ += "HTTP/1.1 100 Continue\r\n\r\n";
      return;
    case HttpFeed::whole:
      return answer(parser_.take());
    case HttpFeed::failed:
      return refuse(parser_.status(), parser_.problem());
  }
}

void HttpConnection::answer(const HttpRequest& request) {
  const HttpResponse response = handler_(request, transport_->peer());
  const HttpNext next = request.is_keep_alive ? HttpNext::keep_alive : HttpNext::close;
  output_ += serialize(response, next, request.method);
  waiting_ = Waiting::nothing;
  if (response.status == 101)
    phase_ = Phase::upgrading;
  else if (next == HttpNext::close)
    phase_ = Phase::ending;
}

void HttpConnection::refuse(unsigned status, const char* problem) {
  HttpResponse response{.status = status};
  response.body = std::string(problem) + "\n";
  output_ += serialize(response, HttpNext::close, "");
  input_.clear();
  phase_ = Phase::ending;
}

void HttpConnection::renew_deadline(Instant now) {
  const Waiting waiting = waiting_for();
  if (waiting == waiting_) return;
  waiting_ = waiting;
  deadline_ = now + timeout_of(waiting);
}

HttpConnection::Waiting HttpConnection::waiting_for() const {
  if (phase_ == Phase::lingering) return Waiting::linger;
  if (has_output() || transport_->has_pending_output()) return Waiting::response;
  return parser_.is_within_request() ? Waiting::request : Waiting::idle;
}

Duration HttpConnection::timeout_of(Waiting waiting) const {
  switch (waiting) {
    case Waiting::request:
      return timeouts_.request;
    case Waiting::response:
      return timeouts_.response;
    case Waiting::linger:
      return timeouts_.linger;
    case Waiting::idle:
    case Waiting::nothing:
      break;
  }
  return timeouts_.idle;
}

}  // namespace sluice::net
