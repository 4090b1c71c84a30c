// SPDX-License-Identifier: Apache-2.0
//
// Requests pairs requests with their answers: one topic for all answers to this client, and a
// number in the correlation data of each request.
//
// Owner:   ClientBody.      Thread: the loop's.
// Limits:  what users have begun and not let go of.
// Spec:    MQTT 5.0 §4.10.
#pragma once

#include "client/library/operation.h"

#include <sluice/message.hpp>
#include <sluice/options.hpp>
#include <sluice/subscription.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace sluice::client {

class ClientBody;

class Requests {
 public:
  struct Request {
    std::string topic;
    std::string payload;
    v1::publish_options options;  ///< its views are of the two below
    std::string content_type;
    v1::user_properties user_properties;
    OperationRef<v1::message> operation;
  };

  explicit Requests(ClientBody& client) : client_(client) {}

  void begin(Request request);
  void fail_all(const v1::error& error);
  bool is_empty() const { return sent_.empty() && waiting_.empty(); }

 private:
  void listen();
  void send(Request request);
  void on_answer(const v1::message& answer);
  void purge();

  ClientBody& client_;
  bool is_listening_ = false;
  std::string answer_topic_;
  std::optional<v1::subscription> answers_;
  std::vector<Request> waiting_;  ///< for the subscription
  std::unordered_map<std::string, OperationRef<v1::message>> sent_;
  std::uint64_t last_number_ = 0;
  std::size_t purge_at_ = 1024;
};

}  // namespace sluice::client
