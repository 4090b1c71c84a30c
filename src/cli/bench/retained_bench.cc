// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/retained_bench.h"

#include "cli/bench/message_source.h"

#include <cstring>

namespace sluice::cli {

BenchResult RetainedBench::run() {
  if (auto done = warm_up(); !done) return done;
  const LinkIndex publisher = add({.client_id = client_id("pub", 0)});
  const LinkIndex subscriber = add({.client_id = client_id("sub", 0)});
  if (auto done = connect(publisher, 2); !done) return done;
  const Mark empty = mark();
  if (auto done = publish_all(publisher, plan().payload_bytes); !done) return done;
  record({.name = "store", .label = "storing a retained message"}, empty, plan().count);

  seen_.assign(plan().count, false);
  const Mark stored = mark();
  const std::string filter = topic("#");
  subscribe(subscriber, {&filter, 1}, plan().qos);
  if (auto done = wait_for(plan().count, received_); !done) return done;
  record({.name = "deliver", .label = "delivering a retained message", .has_memory = false}, stored,
         plan().count);
  leave(subscriber);

  const Mark delivered = mark();
  if (auto done = publish_all(publisher, 0); !done) return done;
  record({.name = "clear", .label = "clearing a retained message", .has_memory = false}, delivered,
         plan().count);
  return {};
}

BenchResult RetainedBench::publish_all(LinkIndex publisher, std::uint32_t payload_bytes) {
  acknowledged_ = 0;
  std::vector<std::uint8_t> payload(payload_bytes, 'x');
  MessageStamp stamp{.run_tag = plan().run_tag};
  return send_all(plan().count, acknowledged_, [&](std::uint64_t number) {
    stamp.number = number;
    if (!payload.empty()) std::memcpy(payload.data(), &stamp, MessageStamp::bytes);
    const std::string name = topic("retained/" + std::to_string(number));
    codec::Publish publish;
    publish.topic = name;
    publish.qos = codec::Qos::at_least_once;
    publish.retain = true;
    publish.packet_id = static_cast<codec::PacketId>(number % 65'535 + 1);
    publish.payload = payload;
    wire().send(publisher, publish_packet(publish, plan().version));
  });
}

void RetainedBench::on_message(LinkIndex, const codec::Publish& publish) {
  if (publish.payload.empty()) return;
  MessageStamp stamp;
  const bool is_new = read_stamp(publish.payload, stamp) && stamp.run_tag == plan().run_tag &&
                      stamp.number < seen_.size() && !seen_[stamp.number] && publish.retain;
  if (!is_new) return note_broken(1);
  seen_[stamp.number] = true;
  ++received_;
}

}  // namespace sluice::cli
