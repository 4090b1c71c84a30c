// SPDX-License-Identifier: Apache-2.0
#include "client/library/requests.h"

#include "client/library/client_body.h"

#include <algorithm>
#include <utility>

namespace sluice::client {

void Requests::begin(Request request) {
  if (answers_) return send(std::move(request));
  waiting_.push_back(std::move(request));
  if (!is_listening_) listen();
}

void Requests::listen() {
  is_listening_ = true;
  const std::string& base = client_.response_information();
  answer_topic_ = (base.empty() ? "sluice/answers" : base) + "/" + client_.client_id();
  auto self = os::Ref<ClientBody>::share(client_);
  client_
      .subscribe(answer_topic_, {.qos = v1::qos::at_least_once},
                 [this](const v1::message& answer) { on_answer(answer); })
      .on_done([this, self](v1::result<v1::subscription> granted) {
        is_listening_ = false;
        auto waiting = std::exchange(waiting_, {});
        if (granted) answers_ = *std::move(granted);
        for (Request& one : waiting) {
          if (granted)
            send(std::move(one));
          else
            one.operation->fail(granted.error());
        }
      });
}

void Requests::send(Request request) {
  if (client_.is_connected() && client_.version() != codec::Version::v5) {
    return request.operation->fail(
        {.code = v1::errc::unsupported, .text = "requests need MQTT 5, the server has not"});
  }
  purge();
  std::string number = std::to_string(++last_number_);
  request.options.content_type = request.content_type;
  request.options.user_properties = request.user_properties;
  request.options.response_topic = answer_topic_;
  request.options.correlation_data = number;
  auto operation = request.operation;
  sent_.emplace(number, operation);
  auto self = os::Ref<ClientBody>::share(client_);
  client_.publish(request.topic, as_bytes(request.payload), request.options)
      .on_done([this, self, operation, number](v1::result<v1::puback> done) {
        if (done && done->has_subscribers) return;
        sent_.erase(number);
        operation->fail(done ? v1::error{.code = v1::errc::refused,
                                         .reason = v1::reason_code::no_matching_subscribers,
                                         .text = "nobody is there to answer"}
                             : done.error());
      });
}

void Requests::on_answer(const v1::message& answer) {
  const auto found = sent_.find(answer.correlation_data);
  if (found == sent_.end()) return;
  const auto operation = std::move(found->second);
  sent_.erase(found);
  operation->complete(v1::message(answer));
}

void Requests::purge() {
  if (sent_.size() < purge_at_) return;
  std::erase_if(sent_, [](const auto& one) { return one.second->is_settled(); });
  purge_at_ = std::max<std::size_t>(1024, sent_.size() * 2);
}

void Requests::fail_all(const v1::error& error) {
  answers_.reset();
  for (const Request& one : std::exchange(waiting_, {})) one.operation->fail(error);
  for (const auto& [number, operation] : std::exchange(sent_, {})) operation->fail(error);
}

}  // namespace sluice::client
