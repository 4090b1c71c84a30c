// SPDX-License-Identifier: Apache-2.0
//
// What a ClientBody does with subscriptions: each filter has one entry, whatever the number of its
// streams, and one SUBSCRIBE of its own, because a subscription identifier holds for all filters of
// a packet.
#include "client/library/client_body.h"
#include "client/library/properties.h"
#include "codec/filters.h"
#include "codec/property.h"
#include "codec/topic.h"

#include <algorithm>
#include <utility>

namespace sluice::client {
namespace {

/// What all streams of a filter want together.
codec::SubscriptionOptions wanted_of(const Subscriptions::Entry& entry) {
  codec::SubscriptionOptions wanted;
  for (const auto& stream : entry.streams) {
    const v1::subscribe_options& options = stream->options();
    wanted = {.qos = std::max(wanted.qos, static_cast<codec::Qos>(options.qos)),
              .no_local = options.no_local,
              .retain_as_published = options.retain_as_published,
              .retain_handling = static_cast<codec::RetainHandling>(options.retained)};
  }
  return wanted;
}

v1::result<void> check_filter(std::string_view filter) {
  if (const auto good = codec::check_topic_filter(filter); !good) return to_public(good.error());
  if (const auto good = codec::split_shared_filter(filter); !good) return to_public(good.error());
  return {};
}

}  // namespace

v1::operation<v1::subscription> ClientBody::subscribe(std::string_view filter,
                                                      const v1::subscribe_options& options,
                                                      Stream::Handler handler) {
  if (auto good = check_filter(filter); !good) {
    return settled<v1::subscription>(guard_, good.error());
  }
  auto operation = begin_operation<v1::subscription>(guard_);
  auto stream = os::make_shared_object<v1::subscription::body>(
      os::Ref<StreamOwner>::share(*this), guard_, std::string(filter), options, std::move(handler));
  loop().post([self = os::Ref<ClientBody>::share(*this), operation,
               stream = std::move(stream)](Instant) mutable {
    self->add_stream(os::Ref<Stream>::adopt(stream.leak()), std::move(operation));
  });
  return hand_out(std::move(operation));
}

void ClientBody::add_stream(os::Ref<Stream> stream, OperationRef<v1::subscription> operation) {
  if (life_ != Life::open) {
    stream->end();
    return operation->fail(life_ == Life::over
                               ? last_error_
                               : v1::error{.code = v1::errc::closed, .text = "it is closed"});
  }
  Subscriptions::Entry& entry = subscriptions_.at(stream->filter());
  entry.streams.push_back(stream);
  entry.waiting.push_back({.operation = std::move(operation), .stream = stream});
  entry.must_send = true;
  has_unsent_subscriptions_ = true;
  if (!held_.empty()) offer_held(*stream);
  loop().touch(*this);
}

void ClientBody::subscribe_pending(Instant now) {
  if (!has_unsent_subscriptions_ || !is_connected()) return;
  has_unsent_subscriptions_ = false;
  subscriptions_.for_each([&](Subscriptions::Entry& entry) {
    if (entry.must_send && !send_subscribe(entry, now)) has_unsent_subscriptions_ = true;
  });
}

// False if it must be tried again.
bool ClientBody::send_subscribe(Subscriptions::Entry& entry, Instant now) {
  ClientMachine& machine = link_->machine();
  std::vector<std::uint8_t> filter_bytes(entry.filter.size() + 3);
  codec::SubscribeFilterWriter filters(filter_bytes);
  filters.add(entry.filter, wanted_of(entry));
  codec::Subscribe packet{.filters = *filters.finish()};
  RawProperties properties;
  if (version() == codec::Version::v5) {
    const auto user =
        raw_properties(entry.streams.empty() ? v1::user_properties_view{}
                                             : entry.streams.back()->options().user_properties);
    properties.resize((user ? user->size() : 0) + 5);
    codec::PropertyWriter writer(properties);
    if (machine.server_limits().has_subscription_ids) {
      writer.number(codec::PropertyId::subscription_identifier, entry.id);
    }
    if (user) writer.append(codec::Properties::of_checked(*user));
    packet.properties = *writer.finish();
  }
  const auto id = machine.subscribe(packet, now);
  if (!id && (id.error().code == ErrorCode::would_block || id.error().code == ErrorCode::closed)) {
    return false;
  }
  if (!id) {
    entry.must_send = false;
    for (auto& one : std::exchange(entry.waiting, {})) {
      std::erase_if(entry.streams, [&](const auto& s) { return s.get() == one.stream.get(); });
      one.stream->end();
      one.operation->fail(to_public(id.error()));
    }
    return true;
  }
  subscriptions_.on_sent(entry, *id);
  for (auto& one : entry.waiting) {
    if (one.packet == 0) one.packet = *id;
  }
  return true;
}

void ClientBody::on_subscribed(const codec::Suback& ack) {
  Subscriptions::Entry* const entry = subscriptions_.take_sent(ack.packet_id);
  if (entry == nullptr) return;
  const std::uint8_t code = ack.codes.front();
  std::vector<Subscriptions::Waiting> answered;
  std::erase_if(entry->waiting, [&](const Subscriptions::Waiting& one) {
    if (one.packet == ack.packet_id) answered.push_back(one);
    return one.packet == ack.packet_id;
  });
  if (code >= 0x80) {
    const v1::error refused{.code = v1::errc::refused,
                            .reason = static_cast<v1::reason_code>(code),
                            .text = std::string("the server refused the subscription: ") +
                                    v1::to_string(static_cast<v1::reason_code>(code))};
    log(v1::log_level::warn, "subscription_refused filter=" + entry->filter);
    for (const auto& one : answered) {
      std::erase_if(entry->streams, [&](const auto& s) { return s.get() == one.stream.get(); });
      one.stream->end();
      one.operation->fail(refused);
    }
    if (entry->streams.empty() && entry->waiting.empty()) subscriptions_.remove(entry->filter);
    return;
  }
  for (const auto& stream : entry->streams) stream->set_granted(static_cast<v1::qos>(code & 3U));
  for (auto& one : answered) {
    // The handle is the user's; if nobody wants it, its destructor ends the stream.
    auto* const body = static_cast<v1::subscription::body*>(one.stream.leak());
    v1::result<v1::subscription> handle{v1::subscription(body)};
    one.operation->complete(std::move(handle));
  }
}

v1::operation<void> ClientBody::unsubscribe(os::Ref<Stream> stream) {
  auto operation = begin_operation<void>(guard_);
  loop().post([self = os::Ref<ClientBody>::share(*this), operation, stream = std::move(stream)](
                  Instant) mutable { self->remove_stream(*stream, std::move(operation)); });
  return hand_out(std::move(operation));
}

void ClientBody::forget(os::Ref<Stream> stream) {
  loop().post([self = os::Ref<ClientBody>::share(*this), stream = std::move(stream)](Instant) {
    self->remove_stream(*stream, {});
  });
}

// Without an operation it is the handle that has gone: a session that outlives the program keeps
// the subscription then.
void ClientBody::remove_stream(Stream& stream, OperationRef<void> operation) {
  const std::string filter = stream.filter();
  stream.end();
  Subscriptions::Entry* const entry = subscriptions_.find(filter);
  const bool is_known = entry != nullptr && std::erase_if(entry->streams, [&](const auto& one) {
                                              return one.get() == &stream;
                                            }) > 0;
  if (!is_known || !entry->streams.empty() || life_ != Life::open) {
    if (operation) operation->complete({});
    return;
  }
  subscriptions_.remove(filter);
  if (!operation && is_session_kept_) return;
  unsubscribing_.push_back({.filter = filter, .operation = std::move(operation)});
  loop().touch(*this);
}

void ClientBody::unsubscribe_pending(Instant now) {
  if (unsubscribing_.empty() || !is_connected()) return;
  for (Unsubscribing& one : unsubscribing_) {
    if (one.packet != 0) continue;
    std::vector<std::uint8_t> bytes(one.filter.size() + 2);
    codec::UnsubscribeFilterWriter filters(bytes);
    filters.add(one.filter);
    const auto id = link_->machine().unsubscribe({.filters = *filters.finish()}, now);
    if (!id) return;
    one.packet = *id;
  }
}

void ClientBody::on_unsubscribed(const codec::Unsuback& ack) {
  const auto found = std::ranges::find(unsubscribing_, ack.packet_id, &Unsubscribing::packet);
  if (found == unsubscribing_.end()) return;
  const auto operation = std::move(found->operation);
  unsubscribing_.erase(found);
  if (operation) operation->complete({});
}

void ClientBody::subscriptions_on_lost() {
  subscriptions_.forget_sent();
  subscriptions_.for_each([this](Subscriptions::Entry& entry) {
    for (auto& one : entry.waiting) {
      one.packet = 0;
      entry.must_send = has_unsent_subscriptions_ = true;
    }
    for (const auto& stream : entry.streams) stream->on_connection_lost();
  });
  for (Unsubscribing& one : unsubscribing_) one.packet = 0;
}

void ClientBody::subscriptions_on_connected(Stream::Session session) {
  const bool is_lost = session == Stream::Session::lost;
  subscriptions_.for_each([&](Subscriptions::Entry& entry) {
    if (is_lost) entry.must_send = has_unsent_subscriptions_ = true;
    for (const auto& stream : entry.streams) stream->on_connected(session);
  });
  if (!is_lost) return;
  for (const Unsubscribing& one : std::exchange(unsubscribing_, {})) {
    if (one.operation) one.operation->complete({});
  }
}

void ClientBody::fail_subscriptions(const v1::error& error) {
  std::vector<Subscriptions::Waiting> waiting;
  std::vector<os::Ref<Stream>> streams;
  subscriptions_.for_each([&](Subscriptions::Entry& entry) {
    for (auto& one : std::exchange(entry.waiting, {})) waiting.push_back(std::move(one));
    for (auto& one : std::exchange(entry.streams, {})) streams.push_back(std::move(one));
  });
  subscriptions_ = {};
  for (const auto& stream : streams) stream->end();
  for (const auto& one : waiting) one.operation->fail(error);
  for (const auto& one : std::exchange(unsubscribing_, {})) {
    if (one.operation) one.operation->complete({});
  }
}

}  // namespace sluice::client
