// SPDX-License-Identifier: Apache-2.0
#include "core/state/chunk_expansion.h"

#include "codec/topic.h"
#include "core/state/record_codec.h"

#include <concepts>
#include <type_traits>
#include <utility>

namespace sluice::core {
namespace {

template <class Record>
concept NamesMessage = requires(Record record) {
  { record.message } -> std::same_as<logged::MessageNumber&>;
};

}  // namespace

Result<ByteView> ChunkExpansion::expand(ByteView batch) {
  const bool is_first = std::exchange(is_first_, false);
  if (!is_first && !is_imaging_) return Result<ByteView>(batch);
  RecordReader reader(batch);
  bool is_named = false;
  bool is_ended = false;
  while (!is_ended) {
    SLUICE_TRY(const auto record, reader.next());
    if (!record) break;
    is_imaging_ |= is_first && std::holds_alternative<logged::CheckpointBegun>(*record);
    is_named |= is_imaging_ && std::holds_alternative<logged::ChunkImaged>(*record);
    is_ended = is_imaging_ && std::holds_alternative<logged::CheckpointEnded>(*record);
  }
  if (is_named) SLUICE_CHECK(expand_records(batch));
  if (is_ended) is_imaging_ = false;
  return is_named ? ByteView(out_) : batch;
}

// A message has another number once others stand before it.
template <class Record>
void ChunkExpansion::put(Record record) {
  if constexpr (std::is_same_v<Record, logged::Message>) {
    numbers_.push_back(++written_);
  } else if constexpr (NamesMessage<Record>) {
    if (record.message != 0 && record.message <= numbers_.size())
      record.message = numbers_[record.message - 1];
  }
  append_record(out_, record);
}

Result<void> ChunkExpansion::expand_records(ByteView batch) {
  out_.clear();
  numbers_.clear();
  written_ = 0;
  RecordReader reader(batch);
  while (true) {
    SLUICE_TRY(const auto record, reader.next());
    if (!record) return {};
    if (const auto* begun = std::get_if<logged::BatchBegun>(&*record)) batch_at_ = begun->at;
    if (const auto* imaged = std::get_if<logged::ChunkImaged>(&*record))
      put_chunk(*imaged);
    else
      std::visit([this](const auto& each) { put(each); }, *record);
  }
}

void ChunkExpansion::put_chunk(const logged::ChunkImaged& imaged) {
  const std::size_t size = out_.size();
  const logged::MessageNumber written = written_;
  const auto bytes = chunks_.read(ChunkId{imaged.chunk}, imaged.checksum);
  if (bytes && put_messages(imaged, *bytes)) {
    messages_ += imaged.messages;
    return;
  }
  out_.resize(size);
  written_ = written;
  if (imaged.chunk != 0) lost_ += imaged.messages;
  logged::ChunkImaged lost = imaged;
  lost.chunk = lost.checksum = 0;
  append_record(out_, lost);
}

bool ChunkExpansion::put_messages(const logged::ChunkImaged& imaged, ByteView bytes) {
  RecordReader reader(bytes);
  const logged::MessageNumber before = written_;
  Duration later{};
  std::uint32_t count = 0;
  while (true) {
    auto record = reader.next();
    if (!record) return false;
    if (!*record) return count == imaged.messages;
    if (const auto* begun = std::get_if<logged::BatchBegun>(&**record)) {
      later = batch_at_ - begun->at;
    } else if (auto* message = std::get_if<logged::Message>(&**record)) {
      if (!codec::check_topic_name(message->topic)) return false;
      message->received.value += later;
      ++written_;
      append_record(out_, *message);
    } else if (auto* delivery = std::get_if<logged::DeliveryImaged>(&**record)) {
      if (delivery->message == 0 || delivery->message != written_ - before) return false;
      if (delivery->state != DeliveryState::queued) return false;
      delivery->session = imaged.session;
      delivery->message = written_;
      delivery->is_retry |= imaged.are_retries && delivery->qos == codec::Qos::at_least_once;
      append_record(out_, *delivery);
      ++count;
    } else {
      return false;
    }
  }
}

}  // namespace sluice::core
