// SPDX-License-Identifier: Apache-2.0
#include "bench/client/way.h"

#include <sluice/client.hpp>

#include <atomic>
#include <utility>

namespace sluice::bench {
namespace {

/// How the results are taken.
enum class Result : std::uint8_t { not_wanted, by_callback, by_coroutine, by_waiting };

class SluicePublisher final : public Publisher {
 public:
  SluicePublisher(const std::string& url, qos level, Result result)
      : client_(url, {.offline = {.on_full = overflow::backpressure}}),
        options_{.qos = level},
        result_(result) {
    if (const auto ready = client_.ready().get(); !ready) give_up(ready.error().text);
  }

  void publish(int messages, const std::string& payload) override {
    switch (result_) {
      case Result::not_wanted:
        for (int at = 0; at < messages; ++at) send(payload).detach();
        break;
      case Result::by_callback:
        for (int at = 0; at < messages; ++at) send(payload).on_done(check);
        break;
      case Result::by_coroutine:
        by_coroutines(messages, payload);
        break;
      case Result::by_waiting:
        by_waiting(messages, payload);
        break;
    }
    if (const auto done = client_.flush().get(); !done) give_up(done.error().text);
  }

 private:
  operation<puback> send(const std::string& payload) {
    return client_.publish(topic, payload, options_);
  }
  static void check(const result<puback>& done) {
    if (!done) give_up(done.error().text);
  }
  static task<> await_some(SluicePublisher& self, int messages, const std::string& payload,
                           std::atomic<int>& running) {
    for (int at = 0; at < messages; ++at) check(co_await self.send(payload));
    --running;
    running.notify_one();
  }
  void by_coroutines(int messages, const std::string& payload) {
    constexpr int coroutines = 1'000;
    std::atomic<int> running{coroutines};
    for (int at = 0; at < coroutines; ++at) {
      spawn(await_some(*this, messages / coroutines, payload, running));
    }
    for (int left = running; left != 0; left = running) running.wait(left);
  }
  void by_waiting(int messages, const std::string& payload) {
    constexpr int batch = 1'000;
    std::vector<operation<puback>> waiting;
    waiting.reserve(batch);
    for (int at = 0; at < messages; ++at) {
      waiting.push_back(send(payload));
      if (waiting.size() < batch) continue;
      for (auto& one : waiting) check(one.get());
      waiting.clear();
    }
    for (auto& one : waiting) check(one.get());
  }

  client client_;
  publish_options options_;
  Result result_;
};

Way way(std::string name, qos level, Result result, int part) {
  return {.name = "sluice, " + std::move(name),
          .part = part,
          .connect = [=](const std::string& host, int port) -> std::unique_ptr<Publisher> {
            const std::string url = "mqtt://" + host + ":" + std::to_string(port);
            return std::make_unique<SluicePublisher>(url, level, result);
          }};
}

}  // namespace

std::vector<Way> ways_of_sluice() {
  return {way("QoS 0", qos::at_most_once, Result::not_wanted, 1),
          way("QoS 1, results not wanted", qos::at_least_once, Result::not_wanted, 3),
          way("QoS 1, on_done()", qos::at_least_once, Result::by_callback, 3),
          way("QoS 1, co_await in 1,000 tasks", qos::at_least_once, Result::by_coroutine, 3),
          way("QoS 1, get() of 1,000 at a time", qos::at_least_once, Result::by_waiting, 3),
          way("QoS 2, results not wanted", qos::exactly_once, Result::not_wanted, 6)};
}

}  // namespace sluice::bench
