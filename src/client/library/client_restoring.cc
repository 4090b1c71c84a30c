// SPDX-License-Identifier: Apache-2.0
//
// What a ClientBody finds in its queue's file from an earlier run: what was under way goes on under
// its packet identifiers if the session is kept, all else waits in the queue.
#include "client/library/client_body.h"
#include "codec/property.h"
#include "os/clock.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice::client {
namespace {

std::vector<std::uint8_t> properties_now(const OutgoingMessage& message) {
  if (message.expires_at.ns == 0) return {message.properties.begin(), message.properties.end()};
  const auto left =
      std::chrono::ceil<std::chrono::seconds>(message.expires_at - os::wall_now()).count();
  std::vector<std::uint8_t> bytes(message.properties.size() + 5);
  codec::PropertyWriter writer(bytes);
  writer.number(codec::PropertyId::message_expiry_interval,
                static_cast<std::uint32_t>(
                    std::clamp<std::int64_t>(left, 0, std::numeric_limits<std::uint32_t>::max())));
  writer.append(codec::Properties::of_checked(message.properties));
  return bytes;
}

}  // namespace

std::unique_ptr<QueueFile> ClientBody::open_store() {
  if (options_.offline.path.empty() || !settings_) return nullptr;
  auto opened = QueueFile::open(disk_, options_.offline.path, options_.offline.durability);
  if (opened) return std::move(*opened);
  const v1::error why = to_public(opened.error());
  settings_ = v1::error{.code = v1::errc::io_error,
                        .text = "the queue's file " + options_.offline.path + ": " + why.text};
  return nullptr;
}

void ClientBody::restore_queue() {
  const bool is_resumed =
      settings_ && settings_->link.machine.prior_session == PriorSession::resumed;
  std::vector<std::uint64_t> done;
  const auto read = store_->visit([&](const QueueFile::Kept& kept) {
    if (is_resumed && restore_in_flight(kept)) return;
    // The server had taken it over, and its session is not ours any more.
    if (kept.progress == QueueFile::Progress::received)
      done.push_back(kept.message.sequence);
    else
      queue_.restore(kept.message);
  });
  for (const std::uint64_t sequence : done) store_->done(sequence);
  if (!read) settings_ = to_public(read.error());
}

// False if it is to be sent as a new message.
bool ClientBody::restore_in_flight(const QueueFile::Kept& kept) {
  if (kept.progress == QueueFile::Progress::waiting || kept.packet_id == 0) return false;
  if (in_flight_.find(kept.packet_id) != nullptr) return false;
  const OutgoingMessage& message = kept.message;
  settings_->link.machine.restored.push_back(
      {.packet_id = kept.packet_id,
       .phase = kept.progress == QueueFile::Progress::received ? RestoredPublish::Phase::received
                                                               : RestoredPublish::Phase::published,
       .qos = message.qos,
       .retain = message.retain,
       .topic = std::string(message.topic),
       .payload = {message.payload.begin(), message.payload.end()},
       .properties = properties_now(message)});
  in_flight_.add({.id = kept.packet_id, .sequence = message.sequence});
  return true;
}

}  // namespace sluice::client
