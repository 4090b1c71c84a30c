// SPDX-License-Identifier: Apache-2.0
#include "core/state/chunk_codec.h"

#include "codec/topic.h"
#include "core/state/record_codec.h"

#include <algorithm>
#include <optional>

namespace sluice::core {
namespace {

class ChunkReader {
 public:
  ChunkReader(State& state, ByteView bytes, const LogClockAt& at)
      : state_(state), reader_(bytes), at_(at) {}

  Result<std::vector<Delivery>> read(std::uint32_t messages) {
    auto done = read_all(messages);
    if (done) return std::move(deliveries_);
    for (const Delivery& delivery : deliveries_)
      state_.sessions.release_ids(delivery.subscription_ids);
    return fail(done.error());
  }

 private:
  static Failure wrong() { return fail(ErrorCode::parse_error, "no chunk of a queue"); }

  Result<void> read_all(std::uint32_t messages) {
    while (true) {
      SLUICE_TRY(const auto record, reader_.next());
      if (!record) break;
      if (const auto* begun = std::get_if<logged::BatchBegun>(&*record)) {
        if (batch_at_) return wrong();
        // The wall clock may have been set back.
        batch_at_ = std::min(at_.now, at_.clock.instant_at(begun->at));
      } else if (const auto* message = std::get_if<logged::Message>(&*record)) {
        if (!take(*message)) return wrong();
      } else if (const auto* delivery = std::get_if<logged::DeliveryImaged>(&*record)) {
        if (!take(*delivery) || deliveries_.size() > messages) return wrong();
      } else {
        return wrong();
      }
    }
    return deliveries_.size() == messages ? Result<void>() : wrong();
  }

  bool take(const logged::Message& message) {
    if (!batch_at_ || !codec::check_topic_name(message.topic)) return false;
    ++number_;
    message_ = state_.messages.make({.topic = message.topic,
                                     .properties = message.properties,
                                     .payload = message.payload,
                                     .qos = message.qos,
                                     .retain = message.retain,
                                     .expiry_s = message.expiry_s,
                                     .received = *batch_at_ - message.received.value,
                                     .body = {}});
    return true;
  }

  bool take(const logged::DeliveryImaged& imaged) {
    if (!message_ || imaged.message != number_ || imaged.state != DeliveryState::queued)
      return false;
    Delivery delivery{.message = message_,
                      .subscription_ids = state_.sessions.store_ids(imaged.subscription_ids)};
    delivery.qos = imaged.qos;
    delivery.retain = imaged.retain;
    delivery.is_shared = imaged.is_shared;
    delivery.is_retry = imaged.is_retry;
    deliveries_.push_back(std::move(delivery));
    return true;
  }

  State& state_;
  RecordReader reader_;
  const LogClockAt at_;
  std::optional<Instant> batch_at_;
  MessageRef message_;
  logged::MessageNumber number_ = 0;
  std::vector<Delivery> deliveries_;
};

}  // namespace

std::vector<std::uint8_t> encode_chunk(const State& state, const Session& session,
                                       const Chunk& chunk, const LogClockAt& at) {
  std::vector<std::uint8_t> out;
  constexpr std::size_t record_bytes = 40;  // beside what is counted, about
  out.reserve(static_cast<std::size_t>(chunk.bytes) + chunk.messages * record_bytes);
  append_record(out, logged::BatchBegun{at.clock.wall_at(at.now)});
  const Message* last = nullptr;
  logged::MessageNumber number = 0;
  for (const Delivery& delivery : *chunk.deliveries) {
    const Message& message = *delivery.message;
    if (&message != last) {
      last = &message;
      ++number;
      append_record(out, logged::Message{.topic = message.topic(),
                                         .properties = message.properties(),
                                         .payload = message.payload(),
                                         .qos = message.qos(),
                                         .retain = message.retain(),
                                         .expiry_s = message.expiry_s(),
                                         .received = {at.now - message.received()}});
    }
    append_record(out, logged::DeliveryImaged{
                           .session = session.log_number,
                           .message = number,
                           .qos = delivery.qos,
                           .retain = delivery.retain,
                           .is_shared = delivery.is_shared,
                           .is_retry = delivery.is_retry,
                           .state = DeliveryState::queued,
                           .subscription_ids = state.sessions.ids(delivery.subscription_ids)});
  }
  return out;
}

Result<std::vector<Delivery>> decode_chunk(State& state, ByteView bytes, std::uint32_t messages,
                                           const LogClockAt& at) {
  return ChunkReader(state, bytes, at).read(messages);
}

}  // namespace sluice::core
