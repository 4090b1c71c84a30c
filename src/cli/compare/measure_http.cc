// SPDX-License-Identifier: Apache-2.0
#include "cli/compare/measured_way.h"
#include "os/clock.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

namespace sluice::cli {
namespace {

enum class Connection : std::uint8_t { for_each_request, kept_open };

struct Answer {
  unsigned status = 0;
  std::string body;
  std::string etag;
};

/// A client as plain as libraries have it: the headers that any of them sends.
class HttpClient {
 public:
  HttpClient(std::uint16_t port, Connection connection) : port_(port), connection_(connection) {}

  Result<Answer> request(const std::string& method, const std::string& path,
                         const std::string& body, const std::string& known_etag) {
    if (exchange_ == nullptr) {
      SLUICE_TRY(exchange_, Exchange::open(port_));
    }
    std::string text = method + " /" + path +
                       " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port_) +
                       "\r\nUser-Agent: device/1.0\r\nAccept: */*\r\n";
    if (connection_ == Connection::for_each_request) text += "Connection: close\r\n";
    if (!known_etag.empty()) text += "If-None-Match: " + known_etag + "\r\n";
    if (!body.empty()) {
      text += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
              "\r\n";
    }
    text += "\r\n" + body;
    SLUICE_CHECK(exchange_->send(as_bytes(text)));
    SLUICE_TRY(auto answer, read_answer());
    if (connection_ == Connection::for_each_request) SLUICE_CHECK(close());
    return answer;
  }

  Result<void> close() {
    if (exchange_ == nullptr) return {};
    SLUICE_TRY(const WireCounts counts, exchange_->close());
    total_ += counts;
    exchange_.reset();
    return {};
  }
  const WireCounts& total() const { return total_; }

 private:
  Result<Answer> read_answer() {
    std::string text;
    for (;;) {
      const auto end = text.find("\r\n\r\n");
      if (end != std::string::npos && text.size() >= end + 4 + body_bytes(text.substr(0, end))) {
        return answer_of(text, end);
      }
      std::array<std::uint8_t, 4096> part{};
      SLUICE_TRY(const std::size_t size, exchange_->receive(part, Exchange::patience));
      text += as_text(ByteView(part).first(size));
    }
  }

  static std::string header(const std::string& head, const std::string& name) {
    const auto at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    const auto begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }

  static std::size_t body_bytes(const std::string& head) {
    const std::string text = header(head, "Content-Length");
    std::size_t bytes = 0;
    std::from_chars(text.data(), text.data() + text.size(), bytes);
    return bytes;
  }

  static Answer answer_of(const std::string& text, std::size_t end) {
    Answer answer;
    const std::string head = text.substr(0, end);
    if (head.size() > 12) std::from_chars(head.data() + 9, head.data() + 12, answer.status);
    answer.etag = header(head, "ETag");
    answer.body = text.substr(end + 4);
    return answer;
  }

  std::uint16_t port_;
  Connection connection_;
  std::unique_ptr<Exchange> exchange_;
  WireCounts total_;
};

Result<void> post(HttpClient& client, const ComparePlan& plan) {
  SLUICE_TRY(const Answer answer, client.request("POST", plan.topic, plan.payload, {}));
  if (answer.status != 204) return fail(ErrorCode::io_error, "the server did not take a message");
  return {};
}

Result<void> measure_telemetry(const ComparePlan& plan, const MeasuredServer& server,
                               Connection connection, Way& way) {
  HttpClient spaced(server.port, connection);
  for (std::uint32_t at = 0; at < plan.samples; ++at) {
    SLUICE_CHECK(post(spaced, plan));
    pause_for(plan.interval);
  }
  SLUICE_CHECK(spaced.close());
  way.payload_bytes = static_cast<double>(spaced.total().payload) / plan.samples;
  way.wire_bytes = static_cast<double>(spaced.total().bytes) / plan.samples;
  way.packets = static_cast<double>(spaced.total().packets) / plan.samples;

  HttpClient dense(server.port, connection);
  const CpuMeter meter(server);
  for (std::uint32_t at = 0; at < plan.messages; ++at) SLUICE_CHECK(post(dense, plan));
  SLUICE_CHECK(dense.close());
  meter.stop(plan.messages, way);
  return {};
}

/// The device asks again and again; somebody sets a command at any time between.
Result<void> measure_polling(const ComparePlan& plan, const MeasuredServer& server,
                             Connection connection, Way& way) {
  HttpClient device(server.port, connection);
  HttpClient service(server.port, Connection::kept_open);
  const std::string path = "commands/" + std::to_string(static_cast<int>(connection));
  std::vector<double> waits;
  std::string etag;
  std::uint64_t polls = 0;
  for (std::uint32_t push = 0; push < plan.pushes; ++push) {
    // The command falls at another place of the interval each time.
    const Duration phase = plan.poll_interval * ((push * 7) % plan.pushes) / plan.pushes;
    pause_for(phase);
    const Instant set_at = os::monotonic_now();
    SLUICE_TRY(const Answer set,
               service.request("POST", path, "{\"command\": " + std::to_string(push) + "}", {}));
    static_cast<void>(set);
    pause_for(plan.poll_interval - phase);
    SLUICE_TRY(const Answer answer, device.request("GET", path, {}, etag));
    ++polls;
    if (answer.status != 200) return fail(ErrorCode::io_error, "a command did not arrive");
    etag = answer.etag;
    waits.push_back(static_cast<double>((os::monotonic_now() - set_at).count()) / 1e6);
    // A poll that finds nothing new, as most do.
    SLUICE_TRY(const Answer nothing, device.request("GET", path, {}, etag));
    ++polls;
    if (nothing.status != 304) return fail(ErrorCode::io_error, "the server forgot its ETag");
  }
  SLUICE_CHECK(device.close());
  way.push_median_ms = median(waits);
  way.push_worst_ms = *std::ranges::max_element(waits);
  const double polls_each_hour = 3'600e9 / static_cast<double>(plan.poll_interval.count());
  way.idle_hour_bytes =
      static_cast<double>(device.total().bytes) / static_cast<double>(polls) * polls_each_hour;
  return {};
}

}  // namespace

Result<std::vector<Way>> measure_http(const ComparePlan& plan, const MeasuredServer& server) {
  std::vector<Way> ways;
  for (const Connection connection : {Connection::kept_open, Connection::for_each_request}) {
    const bool is_kept = connection == Connection::kept_open;
    Way way;
    way.name = is_kept ? "HTTP, kept open" : "HTTP, a connection each";
    way.round_trips = is_kept ? 1 : 2;
    way.assurance = "none of its own";
    SLUICE_CHECK(measure_telemetry(plan, server, connection, way));
    SLUICE_CHECK(measure_polling(plan, server, connection, way));
    ways.push_back(std::move(way));
  }
  return ways;
}

}  // namespace sluice::cli
