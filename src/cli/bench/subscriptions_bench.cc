// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/subscriptions_bench.h"

#include "cli/bench/message_source.h"
#include "os/clock.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace sluice::cli {
namespace {

constexpr std::uint64_t filters_of_a_client = 50'000;
constexpr std::uint64_t filters_in_a_packet = 50;
constexpr std::uint32_t kinds = 3;
constexpr std::array<std::string_view, kinds> last_levels{"temperature", "+", "#"};

}  // namespace

// Buildings of a hundred rooms: neither all topics in one level nor a tree as deep as it is wide.
std::string SubscriptionsBench::place(std::uint64_t topic_number) const {
  return topic("building-" + std::to_string(topic_number / 100) + "/room-" +
               std::to_string(topic_number % 100) + "/");
}

BenchResult SubscriptionsBench::run() {
  if (auto done = warm_up(); !done) return done;
  if (auto done = subscribe_all(); !done) return done;
  return publish_all();
}

BenchResult SubscriptionsBench::subscribe_all() {
  const std::uint64_t clients_of_a_kind =
      (topics() + filters_of_a_client - 1) / filters_of_a_client;
  const std::uint64_t clients = clients_of_a_kind * kinds;
  for (std::uint64_t i = 0; i < clients; ++i) {
    const LinkIndex link = add({.client_id = client_id("sub", static_cast<std::uint32_t>(i))});
    if (i == 0) first_ = link;
  }
  if (auto done = connect(first_, clients); !done) return done;
  const Mark before = mark();
  std::vector<std::string> filters;
  std::uint64_t unanswered = 0;
  for (std::uint32_t kind = 0; kind < kinds; ++kind) {
    for (std::uint64_t number = 0; number < topics(); number += filters.size()) {
      const std::uint64_t of_client = number / filters_of_a_client;
      const std::uint64_t left = std::min((of_client + 1) * filters_of_a_client, topics()) - number;
      filters.clear();
      for (std::uint64_t i = 0; i < std::min(left, filters_in_a_packet); ++i)
        filters.push_back(place(number + i).append(last_levels[kind]));
      subscribe(static_cast<LinkIndex>(first_ + of_client * kinds + kind), filters, plan().qos);
      if (++unanswered % 20 != 0) continue;
      if (auto done = subscribed(); !done) return done;
      show(std::to_string(kind * topics() + number) + " subscriptions");
    }
  }
  if (auto done = subscribed(); !done) return done;
  record({.name = "subscription", .label = "a subscription"}, before, topics() * kinds);
  if (refused_count() > 0)
    return std::unexpected("the broker refused " + std::to_string(refused_count()) +
                           " subscriptions");
  return {};
}

BenchResult SubscriptionsBench::publish_all() {
  const LinkIndex publisher = add({.client_id = client_id("pub", 0)});
  if (auto done = connect(publisher, 1); !done) return done;
  received_.resize(kinds);
  std::vector<std::uint8_t> payload(plan().payload_bytes, 'x');
  MessageStamp stamp{.run_tag = plan().run_tag};
  const std::uint64_t count = std::clamp<std::uint64_t>(topics(), 20'000, 500'000);
  const Mark before = mark();
  auto done = send_all(count, finished_, [&](std::uint64_t number) {
    stamp.number = number;
    std::memcpy(payload.data(), &stamp, MessageStamp::bytes);
    codec::Publish publish;
    // All over the tree, each place as often: the factor shares no divisor with powers of ten.
    const std::string name = place(number * 7'919 % topics()).append(last_levels[0]);
    publish.topic = name;
    publish.payload = payload;
    wire().send(publisher, publish_packet(publish, plan().version));
  });
  if (!done) return done;
  record({.name = "publish_of_three", .label = "a message with three matches", .has_memory = false},
         before, count);
  for (const std::uint64_t received : received_) note_broken(received == count ? 0 : 1);
  return {};
}

void SubscriptionsBench::on_message(LinkIndex link, const codec::Publish& publish) {
  MessageStamp stamp;
  if (!read_stamp(publish.payload, stamp) || stamp.run_tag != plan().run_tag) return note_broken(1);
  ++received_[(link - first_) % kinds];
  finished_ = ++received_all_ / kinds;
}

}  // namespace sluice::cli
