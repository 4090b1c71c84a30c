// SPDX-License-Identifier: Apache-2.0
//
// The bodies behind sluice/client.hpp.
#include "client/library/client_body.h"

#include <sluice/client.hpp>

#include <utility>

namespace sluice {
SLUICE_NAMESPACE {
using ::sluice::client::ClientBody;
using ::sluice::client::EventLoop;

namespace {

ByteView bytes_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

}  // namespace

result<v1::client::body*> v1::client::make(std::string_view url, client_options options) {
  using Owner = ClientBody::LoopOwner;
  auto owner = Owner::somebody_else;
  os::Ref<EventLoop> loop;
  if (options.loop != nullptr) {
    loop = os::Ref<EventLoop>::share(options.loop->get());
  } else {
    auto made = EventLoop::create(loop::drive::own_thread);
    if (!made) return sluice::client::to_public(made.error());
    loop = std::move(*made);
    owner = Owner::this_client;
  }
  auto made = os::make_shared_object<body>(std::move(loop), owner, url, std::move(options));
  made->start();
  return made.leak();
}

v1::client::client(client&& other) noexcept : body_(std::exchange(other.body_, nullptr)) {}

v1::client& v1::client::operator=(client&& other) noexcept {
  client old(std::move(*this));
  body_ = std::exchange(other.body_, nullptr);
  return *this;
}

v1::client::~client() {
  if (body_ == nullptr) return;
  const auto going = os::Ref<body>::adopt(body_);
  auto closing = going->close();
  const os::Ref<EventLoop> loop = os::Ref<EventLoop>::share(going->loop());
  if (!loop->is_this_thread()) static_cast<void>(closing.get());
  if (going->loop_owner() == ClientBody::LoopOwner::this_client) loop->end();
}

operation<puback> v1::client::publish(std::string_view topic, std::string_view payload,
                                      const publish_options& options) {
  return body_->publish(topic, as_bytes(payload), options);
}

operation<puback> v1::client::publish(std::string_view topic, std::span<const std::byte> payload,
                                      const publish_options& options) {
  return body_->publish(topic, bytes_of(payload), options);
}

operation<subscription> v1::client::subscribe(std::string_view filter,
                                              const subscribe_options& options) {
  return body_->subscribe(filter, options, {});
}

operation<subscription> v1::client::subscribe(std::string_view filter,
                                              const subscribe_options& options,
                                              std::function<void(const message&)> handler) {
  return body_->subscribe(filter, options, std::move(handler));
}

operation<message> v1::client::request(std::string_view topic, std::string_view payload,
                                       const publish_options& options) {
  return body_->request(topic, payload, options);
}

operation<subscription> v1::client::serve(std::string_view filter, const subscribe_options& options,
                                          std::function<std::string(const message&)> handler) {
  return body_->serve(filter, options, std::move(handler));
}

operation<void> v1::client::ready() { return body_->ready(); }
operation<void> v1::client::flush() { return body_->flush(); }
operation<void> v1::client::close() { return body_->close(); }
operation<void> v1::client::reauthenticate() { return body_->reauthenticate(); }
connection_state v1::client::state() const { return body_->feed().state(); }
operation<connection_state> v1::client::next_state() { return body_->feed().next(); }

void v1::client::on_state(std::function<void(const connection_state&)> handler) {
  body_->loop().post([self = os::Ref<body>::share(*body_), handler = std::move(handler)](
                         Instant) mutable { self->feed().set_handler(std::move(handler)); });
}

client_metrics v1::client::metrics() const { return body_->metrics(); }
std::string v1::client::client_id() const { return body_->client_id(); }

}  // namespace v1
}  // namespace sluice
