// SPDX-License-Identifier: Apache-2.0
//
// Eclipse Paho, as Debian has it: the C library and the C++ one upon it, each as its own examples
// publish without waiting for each message.
#include "bench/client/way.h"

#include <MQTTAsync.h>
#include <mqtt/async_client.h>

#include <atomic>

namespace sluice::bench {
namespace {

constexpr int inflight_max = 1'000;

/// Counts down to zero on one thread and waits for it on another.
class Countdown {
 public:
  void start(int from) { left_ = from; }
  void done() {
    if (--left_ == 0) left_.notify_all();
  }
  void wait() {
    for (int left = left_; left != 0; left = left_) left_.wait(left);
  }

 private:
  std::atomic<int> left_{0};
};

class PahoCPublisher final : public Publisher {
 public:
  PahoCPublisher(const std::string& url, int level) : level_(level) {
    if (MQTTAsync_create(&client_, url.c_str(), "paho-c", MQTTCLIENT_PERSISTENCE_NONE, nullptr) !=
        MQTTASYNC_SUCCESS) {
      give_up("paho c: no client");
    }
    MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer;
    options.maxInflight = inflight_max;
    options.context = this;
    options.onSuccess = on_success;
    options.onFailure = on_failure;
    countdown_.start(1);
    if (MQTTAsync_connect(client_, &options) != MQTTASYNC_SUCCESS) give_up("paho c: no connection");
    countdown_.wait();
  }
  PahoCPublisher(const PahoCPublisher&) = delete;
  PahoCPublisher& operator=(const PahoCPublisher&) = delete;
  ~PahoCPublisher() override {
    MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer;
    options.context = this;
    options.onSuccess = on_success;
    options.onFailure = on_failure;
    countdown_.start(1);
    if (MQTTAsync_disconnect(client_, &options) == MQTTASYNC_SUCCESS) countdown_.wait();
    MQTTAsync_destroy(&client_);
  }

  void publish(int messages, const std::string& payload) override {
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    options.context = this;
    options.onSuccess = on_success;
    options.onFailure = on_failure;
    countdown_.start(messages);
    const std::string name(topic);
    for (int at = 0; at < messages; ++at) {
      if (MQTTAsync_send(client_, name.c_str(), static_cast<int>(payload.size()), payload.data(),
                         level_, 0, &options) != MQTTASYNC_SUCCESS) {
        give_up("paho c: a message is refused");
      }
    }
    countdown_.wait();
  }

 private:
  static void on_success(void* context, MQTTAsync_successData* /*data*/) {
    static_cast<PahoCPublisher*>(context)->countdown_.done();
  }
  static void on_failure(void* /*context*/, MQTTAsync_failureData* /*data*/) {
    give_up("paho c: it failed");
  }

  MQTTAsync client_ = nullptr;
  int level_;
  Countdown countdown_;
};

class PahoCppPublisher final : public Publisher {
 public:
  PahoCppPublisher(const std::string& url, int level)
      : level_(level), client_(url, "paho-cpp", inflight_max) {
    mqtt::connect_options options;
    options.set_max_inflight(inflight_max);
    client_.connect(options)->wait();
  }
  ~PahoCppPublisher() override { client_.disconnect()->wait(); }

  void publish(int messages, const std::string& payload) override {
    const std::string name(topic);
    mqtt::delivery_token_ptr last;
    for (int at = 0; at < messages; ++at) {
      last = client_.publish(name, payload.data(), payload.size(), level_, false);
      // It keeps the order, so that the last is done when all are; and it takes no more than this.
      if (at % inflight_max == inflight_max - 1) last->wait();
    }
    if (last) last->wait();
  }

 private:
  int level_;
  mqtt::async_client client_;
};

template <class P>
Way way(const std::string& name, int level, int part) {
  return {.name = name + ", QoS " + std::to_string(level),
          .part = part,
          .connect = [level](const std::string& host, int port) -> std::unique_ptr<Publisher> {
            return std::make_unique<P>("tcp://" + host + ":" + std::to_string(port), level);
          }};
}

}  // namespace

std::vector<Way> ways_of_others() {
  return {way<PahoCPublisher>("paho c", 0, 100), way<PahoCPublisher>("paho c", 1, 100),
          way<PahoCppPublisher>("paho c++", 0, 100), way<PahoCppPublisher>("paho c++", 1, 100)};
}

}  // namespace sluice::bench
