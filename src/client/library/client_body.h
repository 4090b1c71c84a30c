// SPDX-License-Identifier: Apache-2.0
//
// A ClientBody is the library's side of a v1::client: a Link on a loop, the queue of what is to be
// sent, and who waits for what. Users' threads reach it through the queue and by work posted to the
// loop; all else happens on the loop.
//
// Owner:   Refs of v1::client, of its streams and of the loop.
// Thread:  as each part says.
// Limits:  client_options.
#pragma once

#include "client/library/in_flight.h"
#include "client/library/message_store.h"
#include "client/library/operation.h"
#include "client/library/publish_queue.h"
#include "client/library/queue_file.h"
#include "client/library/settings.h"
#include "client/library/state_feed.h"
#include "client/library/stream.h"
#include "client/library/subscriptions.h"
#include "client/link.h"

#include <sluice/client.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace sluice::client {

class Requests;

class ClientBody : public StreamOwner, private ClientEvents, private LinkEvents {
 public:
  /// Whether the loop ends with the client.
  enum class LoopOwner : bool { somebody_else, this_client };
  ClientBody(os::Ref<EventLoop> loop, LoopOwner owner, std::string_view url,
             v1::client_options options);
  ~ClientBody() override;
  /// Begins to connect. Any thread.
  void start();

  // Any thread.
  v1::operation<v1::puback> publish(std::string_view topic, ByteView payload,
                                    const v1::publish_options& options);
  v1::operation<v1::subscription> subscribe(std::string_view filter,
                                            const v1::subscribe_options& options,
                                            Stream::Handler handler);
  v1::operation<v1::message> request(std::string_view topic, std::string_view payload,
                                     const v1::publish_options& options);
  v1::operation<v1::subscription> serve(std::string_view filter,
                                        const v1::subscribe_options& options,
                                        std::function<std::string(const v1::message&)> handler);
  v1::operation<void> ready();
  v1::operation<void> flush();
  v1::operation<void> close();
  v1::operation<void> reauthenticate();
  v1::operation<void> unsubscribe(os::Ref<Stream> stream) override;
  void forget(os::Ref<Stream> stream) override;
  void acknowledge_later(DeliveryId delivery) override;
  void stream_has_room() override { loop().mark(*this); }
  v1::client_metrics metrics() const;
  std::string client_id() const;
  StateFeed& feed() { return feed_; }
  EventLoop& loop() const { return guard_->loop(); }
  const os::Ref<HandlerGuard>& guard() const { return guard_; }
  LoopOwner loop_owner() const { return loop_owner_; }

  // The loop's.
  bool is_connected() const;
  codec::Version version() const { return link_->machine().options().version; }
  /// What the server said in Response Information; empty if nothing.
  const std::string& response_information() const { return response_information_; }

 private:
  enum class Life : std::uint8_t { open, closing, over };
  struct Held {
    v1::message message;
    DeliveryId delivery = DeliveryId::none;
  };
  struct Flushing {
    std::uint64_t until = 0;   ///< positions in the queue before this one
    std::uint64_t output = 0;  ///< of the machine, that is to be written; 0: not known yet
    OperationRef<void> operation;
  };
  struct Unsubscribing {
    std::string filter;
    codec::PacketId packet = 0;
    OperationRef<void> operation;  ///< or none
  };

  // LoopMember.
  void on_ready(const os::Ready& ready, Instant now) override;
  void on_deadline(Instant now) override;
  Instant next_deadline() const override;
  void on_marked(Instant now) override;
  bool has_more_to_read() const override { return link_ != nullptr && link_->has_more_to_read(); }
  void on_turn_end(Instant now) override;

  // client_publishing.cc
  v1::error refusal(v1::errc code) const;
  void pump(Instant now);
  bool send_front(const OutgoingMessage& message, Instant now);
  void finish_front(const OutgoingMessage& message, const v1::error& error);
  void fail_publishes(const v1::error& error);
  void settle_flushes();
  bool is_drained() const;
  void on_published(const Published& published) override;
  void on_received(codec::PacketId id) override;
  void on_lost(codec::PacketId id) override;

  // client_receiving.cc
  void on_message(const Message& message) override;
  void keep_or_pass(const Message& message);
  void release_held(Instant now);
  void offer_held(Stream& stream);
  void acknowledge_now(Instant now);
  void pause_or_read();
  bool may_pause() const;

  // client_subscribing.cc
  void add_stream(os::Ref<Stream> stream, OperationRef<v1::subscription> operation);
  void subscribe_pending(Instant now);
  bool send_subscribe(Subscriptions::Entry& entry, Instant now);
  void unsubscribe_pending(Instant now);
  void remove_stream(Stream& stream, OperationRef<void> operation);
  void on_subscribed(const codec::Suback& ack) override;
  void on_unsubscribed(const codec::Unsuback& ack) override;
  void subscriptions_on_connected(Stream::Session session);
  void subscriptions_on_lost();
  void fail_subscriptions(const v1::error& error);

  // client_restoring.cc
  std::unique_ptr<QueueFile> open_store();
  void restore_queue();
  bool restore_in_flight(const QueueFile::Kept& kept);

  // client_connection.cc
  void begin(Instant now);
  void on_connected(const Connected& connected) override;
  void on_refused(const codec::Connack& connack) override;
  void on_auth(const codec::Auth& auth) override;
  void on_pong() override {}
  void on_ended(const Ending& ending) override;
  void on_unreachable(const Endpoint& endpoint, const Error& error) override;
  void on_retry(Duration retry_in) override;
  void on_referred(const Endpoint& endpoint) override;
  void on_opening(ClientMachine& machine) override;
  void count_refusal(v1::reason_code reason);
  void stop_after_refusals();
  bool check_server_proof(const codec::Connack& connack);
  void proceed_closing(Instant now);
  void say_goodbye(Instant now);
  void settle_ready(const v1::error& error);
  void end(const v1::connection_state& state, const v1::error& error);
  void log(v1::log_level level, const std::string& line);

  const LoopOwner loop_owner_;
  const v1::client_options options_;
  const os::Ref<HandlerGuard> guard_;
  v1::result<Settings> settings_;  ///< until it begins
  os::FileDisk disk_;
  std::unique_ptr<QueueFile> store_;  ///< null: memory is enough
  PublishQueue queue_;
  StateFeed feed_;

  // The loop's.
  Life life_ = Life::open;
  std::unique_ptr<Link> link_;
  std::unique_ptr<Requests> requests_;
  bool is_session_kept_ = false;
  Instant now_;
  InFlight in_flight_;
  Subscriptions subscriptions_;
  std::vector<Unsubscribing> unsubscribing_;
  bool has_unsent_subscriptions_ = false;
  std::vector<Held> held_;
  Instant held_until_ = Instant::never();
  std::vector<Flushing> flushing_;
  std::vector<OperationRef<void>> ready_;
  std::vector<OperationRef<void>> closing_;
  std::vector<OperationRef<void>> authenticating_;
  Instant close_deadline_ = Instant::never();
  bool has_said_goodbye_ = false;
  Stream::WhenFull when_full_ = Stream::WhenFull::keep;
  bool is_full_ = false;  ///< a stream is, and the server may not be read for that
  std::string response_information_;
  v1::error last_error_;
  unsigned attempt_ = 0;
  unsigned refusals_ = 0;
  v1::reason_code last_refusal_ = v1::reason_code::success;
  bool was_connected_ = false;

  struct Counters {
    os::Counter connects, disconnects, sent, acknowledged, refused, dropped, received, unmatched,
        overflowed, in_flight;
  };
  Counters counters_;

  mutable os::Mutex mutex_;
  std::vector<DeliveryId> acknowledged_ SLUICE_GUARDED_BY(mutex_);
  std::string client_id_ SLUICE_GUARDED_BY(mutex_);
};

}  // namespace sluice::client

namespace sluice {

class v1::client::body final : public ::sluice::client::ClientBody {
 public:
  using ClientBody::ClientBody;
};

}  // namespace sluice
