// SPDX-License-Identifier: Apache-2.0
#include "client/library/client_body.h"

#include "base/assert.h"
#include "client/library/properties.h"
#include "client/library/requests.h"
#include "os/clock.h"

#include <algorithm>
#include <utility>

namespace sluice::client {

ClientBody::ClientBody(os::Ref<EventLoop> loop, LoopOwner owner, std::string_view url,
                       v1::client_options options)
    : loop_owner_(owner),
      options_(std::move(options)),
      guard_(os::make_shared_object<HandlerGuard>(std::move(loop), options_.on_error)),
      settings_(read_settings(url, options_)),
      store_(open_store()),
      queue_(options_.offline, store_.get()),
      feed_(guard_),
      requests_(std::make_unique<Requests>(*this)) {
  if (store_ != nullptr) restore_queue();
}

ClientBody::~ClientBody() = default;

void ClientBody::start() {
  loop().post([self = os::Ref<ClientBody>::share(*this)](Instant now) { self->begin(now); });
}

bool ClientBody::is_connected() const {
  return link_ != nullptr && link_->machine().is_connected();
}

void ClientBody::on_ready(const os::Ready& ready, Instant now) {
  now_ = now;
  if (link_ == nullptr) return;
  when_full_ = may_pause() ? Stream::WhenFull::keep : Stream::WhenFull::drop;
  link_->on_ready(ready, now);
}

void ClientBody::on_deadline(Instant now) {
  now_ = now;
  if (link_ == nullptr) return;
  if (link_->next_deadline() <= now) link_->on_deadline(now);
  release_held(now);
}

Instant ClientBody::next_deadline() const {
  if (link_ == nullptr) return Instant::never();
  Instant next = std::min(link_->next_deadline(), close_deadline_);
  if (!held_.empty()) next = std::min(next, held_until_);
  return next;
}

void ClientBody::on_marked(Instant now) { now_ = now; }

void ClientBody::on_turn_end(Instant now) {
  now_ = now;
  if (link_ == nullptr) return;
  acknowledge_now(now);
  subscribe_pending(now);
  unsubscribe_pending(now);
  pump(now);
  pause_or_read();
  if (life_ == Life::closing) return proceed_closing(now);
  if (link_->is_over()) end(v1::fatal{.why = last_error_}, last_error_);
}

v1::operation<v1::message> ClientBody::request(std::string_view topic, std::string_view payload,
                                               const v1::publish_options& options) {
  auto operation = begin_operation<v1::message>(guard_);
  loop().post([self = os::Ref<ClientBody>::share(*this), operation,
               request = Requests::Request{.topic = std::string(topic),
                                           .payload = std::string(payload),
                                           .options = options,
                                           .content_type = std::string(options.content_type),
                                           .user_properties = {options.user_properties.begin(),
                                                               options.user_properties.end()},
                                           .operation = operation}](Instant) mutable {
    if (self->life_ != Life::open) return operation->fail(self->last_error_);
    self->requests_->begin(std::move(request));
  });
  return hand_out(std::move(operation));
}

v1::operation<v1::subscription> ClientBody::serve(
    std::string_view filter, const v1::subscribe_options& options,
    std::function<std::string(const v1::message&)> handler) {
  return subscribe(filter, options, [this, handler = std::move(handler)](const v1::message& asked) {
    const std::string answer = handler(asked);
    if (asked.response_topic.empty()) return;
    publish(asked.response_topic, as_bytes(answer),
            {.qos = asked.qos, .correlation_data = asked.correlation_data})
        .detach();
  });
}

v1::operation<void> ClientBody::ready() {
  auto operation = begin_operation<void>(guard_);
  loop().post([self = os::Ref<ClientBody>::share(*this), operation](Instant) {
    if (self->life_ != Life::open) return operation->fail(self->last_error_);
    if (self->is_connected()) {
      operation->complete({});
    } else {
      self->ready_.push_back(operation);
    }
  });
  return hand_out(std::move(operation));
}

v1::operation<void> ClientBody::close() {
  auto operation = begin_operation<void>(guard_);
  loop().post([self = os::Ref<ClientBody>::share(*this), operation](Instant now) {
    if (self->life_ == Life::over) {
      operation->complete({});
      return;
    }
    self->closing_.push_back(operation);
    if (self->life_ == Life::closing) return;
    self->life_ = Life::closing;
    self->queue_.close();
    self->close_deadline_ = now + Duration(self->options_.close_timeout);
    self->loop().touch(*self);
  });
  return hand_out(std::move(operation));
}

v1::client_metrics ClientBody::metrics() const {
  return {.connects = counters_.connects.value(),
          .disconnects = counters_.disconnects.value(),
          .messages_queued = queue_.messages(),
          .bytes_queued = queue_.bytes(),
          .messages_in_flight = counters_.in_flight.value(),
          .messages_sent = counters_.sent.value(),
          .messages_acknowledged = counters_.acknowledged.value(),
          .messages_refused = counters_.refused.value(),
          .messages_dropped = counters_.dropped.value(),
          .messages_received = counters_.received.value(),
          .messages_unmatched = counters_.unmatched.value(),
          .messages_overflowed = counters_.overflowed.value()};
}

std::string ClientBody::client_id() const {
  const os::MutexLock lock(mutex_);
  return client_id_;
}

void ClientBody::log(v1::log_level level, const std::string& line) {
  if (options_.on_log) guard_->run([&] { options_.on_log(level, line); });
}

}  // namespace sluice::client
