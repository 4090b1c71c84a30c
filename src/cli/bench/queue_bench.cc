// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/queue_bench.h"

#include "cli/bench/message_source.h"

#include <algorithm>
#include <cstring>

namespace sluice::cli {

// Nothing is queued at QoS 0.
codec::Qos QueueBench::qos() const { return std::max(plan().qos, codec::Qos::at_least_once); }

BenchIdentity QueueBench::identity(std::uint32_t client, bool clean_start) const {
  return {.client_id = client_id("away", client),
          .clean_start = clean_start,
          .expiry_s = clean_start ? 0U : 3600U};
}

BenchResult QueueBench::run() {
  if (auto done = warm_up(); !done) return done;
  const LinkIndex publisher = add({.client_id = client_id("pub", 0)});
  if (auto done = connect(publisher, 1); !done) return done;
  // The links on which the clients leave are not those on which they come back.
  LinkIndex leaving = 0;
  for (std::uint32_t i = 0; i < plan().clients; ++i) {
    const LinkIndex link = add(identity(i, false));
    if (i == 0) leaving = link;
  }
  if (auto done = connect(leaving, plan().clients); !done) return done;
  const std::string filter = topic("queue");
  for (std::uint32_t i = 0; i < plan().clients; ++i) subscribe(leaving + i, {&filter, 1}, qos());
  if (auto done = subscribed(); !done) return done;
  for (std::uint32_t i = 0; i < plan().clients; ++i) leave(leaving + i);

  const std::uint64_t all = std::uint64_t{plan().count} * plan().clients;
  const Mark empty = mark();
  if (auto done = publish_all(publisher); !done) return done;
  record({.name = "queue", .label = "queueing a message for a client"}, empty, all);

  next_.assign(plan().clients, 0);
  first_ = leaving + plan().clients;
  for (std::uint32_t i = 0; i < plan().clients; ++i) add(identity(i, false));
  const Mark queued = mark();
  if (auto done = connect(first_, plan().clients); !done) return done;
  if (auto done = wait_for(all, received_); !done) return done;
  record({.name = "drain", .label = "draining a message", .has_memory = false}, queued, all);
  return forget_sessions();
}

BenchResult QueueBench::publish_all(LinkIndex publisher) {
  std::vector<std::uint8_t> payload(plan().payload_bytes, 'x');
  MessageStamp stamp{.run_tag = plan().run_tag};
  const std::string name = topic("queue");
  return send_all(plan().count, acknowledged_, [&](std::uint64_t number) {
    stamp.number = number;
    std::memcpy(payload.data(), &stamp, MessageStamp::bytes);
    codec::Publish publish;
    publish.topic = name;
    publish.qos = qos();
    publish.packet_id = static_cast<codec::PacketId>(number % 65'535 + 1);
    publish.payload = payload;
    wire().send(publisher, publish_packet(publish, plan().version));
  });
}

// The sessions are not left behind in the broker.
BenchResult QueueBench::forget_sessions() {
  for (std::uint32_t i = 0; i < plan().clients; ++i) leave(first_ + i);
  const LinkIndex last = first_ + plan().clients;
  for (std::uint32_t i = 0; i < plan().clients; ++i) add(identity(i, true));
  if (auto done = connect(last, plan().clients); !done) return done;
  for (std::uint32_t i = 0; i < plan().clients; ++i) leave(last + i);
  return {};
}

void QueueBench::on_message(LinkIndex link, const codec::Publish& publish) {
  MessageStamp stamp;
  const bool is_expected = link >= first_ && !next_.empty() && read_stamp(publish.payload, stamp) &&
                           stamp.run_tag == plan().run_tag && stamp.number == next_[link - first_];
  if (!is_expected) return note_broken(1);
  ++next_[link - first_];
  ++received_;
}

}  // namespace sluice::cli
