// SPDX-License-Identifier: Apache-2.0
//
// Histories of a shard: connections that open, speak and go, in any order. The input is a list of
// steps, a byte each with its arguments behind it, so that most of what a shard is sent is well
// formed and gets far; some packets have a byte changed, or are raw. Nothing reaches an assertion,
// what the shard writes are packets that a client may receive.
//
// An input that begins with 0xFF is a history of two shards with a log: connections move between
// them, the log, the mail and whoever checks credentials answer late, packets of more than 64 KiB
// come in pieces, and what the logs hold at the end is what a shard can begin with.
#include "base/assert.h"
#include "codec/codec.h"
#include "tests/support/shard_driver.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>

namespace sluice::testing {
namespace {

using codec::Version;

constexpr std::size_t sockets_max = 12;
constexpr std::array<std::string_view, 8> topics{"a", "a/b", "a/b/c",        "$SYS/x",
                                                 "/", "b",   "long/topic/x", ""};
constexpr std::array<std::string_view, 10> filters{
    "a", "a/+", "#", "+/b", "$share/g/a", "$share/h/#", "a/#", "$SYS/#", "b", "a/#/b"};

class Steps {
 public:
  explicit Steps(ByteView input) : rest_(input) {}
  bool is_done() const { return rest_.empty(); }
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const std::uint8_t value = rest_.front();
    rest_ = rest_.subspan(1);
    return value;
  }
  ByteView bytes(std::size_t size) {
    const ByteView taken = rest_.first(std::min(size, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }

 private:
  ByteView rest_;
};

struct Client {
  Socket socket;
  Version version = Version::v3_1_1;
  bool has_spoken = false;
  bool is_plain = true;  ///< the broker knows it by the version that we think it has
};

class History {
 public:
  explicit History(ByteView input) : steps_(input) {
    is_wide_ = !input.empty() && input.front() == 0xFF;
    if (is_wide_) steps_.byte();
    options_.limits.connections_max = 5;
    options_.session.queue_messages_max = 20;
    options_.session.inflight_messages_max = 4;
    options_.session.subscriptions_max = 6;
    options_.retained.messages_max = 4;
    const std::uint16_t count = is_wide_ ? 2 : 1;
    for (std::uint16_t i = 0; i < count; ++i) {
      drivers_.push_back(make_driver(i, count, {}));
      if (is_wide_) drivers_.back()->begin_run(now_);
    }
  }

  void run() {
    while (!steps_.is_done()) {
      step(steps_.byte());
      turn();
    }
    for (const auto& driver : drivers_) driver->mailer().set_congested(false);
    for (int i = 0; i < 40; ++i) {
      now_ = now_ + Duration(std::chrono::seconds(30));
      for (const auto& driver : drivers_) driver->answer_log(driver->waiting_log_batches());
      is_mail_held_ = false;
      turn();
    }
    for (const auto& client : clients_) check_output(*client);
    if (is_wide_) restart();
  }

 private:
  void step(std::uint8_t what) {
    if (is_wide_ && what % 16 < 6 && (what & 0x80U) != 0) return step_of_two(what);
    switch (what % 16) {
      case 0:
        open();
        return;
      case 1:
        now_ = now_ + Duration(std::chrono::milliseconds(37) * steps_.byte());
        return;
      case 2:
        if (Client* client = pick()) client->socket.is_reset = true;
        return;
      case 3:
        if (Client* client = pick()) client->socket.is_ended = true;
        return;
      case 4:
        if (Client* client = pick()) say(*client, steps_.bytes(steps_.byte() % 32));
        return;
      case 5:
        if (Client* client = pick()) client->socket.room = steps_.byte() * std::size_t{8};
        return;
      default:
        if (Client* client = pick()) say_packet(*client, what);
    }
  }

  void open() { open_at(0, core::EntranceId{0}); }
  void open_at(std::size_t shard, core::EntranceId entrance) {
    if (clients_.size() == sockets_max) return;
    clients_.push_back(std::make_unique<Client>());
    MovingConnection from;
    from.opened.entrance = entrance;
    drivers_[shard]->open(clients_.back()->socket, from);
  }

  // What only two shards, or their log, have.
  void step_of_two(std::uint8_t what) {
    const std::size_t shard = what >> 4 & 1U;
    ShardDriver& driver = *drivers_[shard];
    switch (what % 16) {
      case 0:
        open_at(shard, core::EntranceId{static_cast<std::uint16_t>(what >> 5 & 1U)});
        return;
      case 1:
        driver.answer_log(std::min<std::size_t>(steps_.byte(), driver.waiting_log_batches()));
        return;
      case 2:
        answer_auth(driver);
        return;
      case 3:
        driver.mailer().set_congested((what & 0x20U) != 0);
        return;
      case 4:
        if (Client* client = pick()) say_large(*client);
        return;
      default:
        is_mail_held_ = (what & 0x20U) != 0;
    }
  }

  void answer_auth(ShardDriver& driver) {
    if (driver.auth_requests().empty()) return;
    const core::AuthRequest request = std::move(driver.auth_requests().front());
    driver.auth_requests().pop_front();
    constexpr std::array codes{codec::ReasonCode::success, codec::ReasonCode::not_authorized,
                               codec::ReasonCode::continue_authentication,
                               codec::ReasonCode::success};
    core::AuthAnswer answer;
    answer.code = codes[steps_.byte() % codes.size()];
    // A method goes on, a user name does not.
    if (request.method.empty() && answer.code == codec::ReasonCode::continue_authentication)
      answer.code = codec::ReasonCode::success;
    driver.turn_with(
        now_, [&](core::Shard& shard) { shard.on_auth_answer(request.conn, std::move(answer)); });
  }

  void say_large(Client& client) {
    const std::uint8_t how = steps_.byte();
    const std::vector<std::uint8_t> payload(std::size_t{65'500} + how, 'x');
    codec::Publish publish{.qos = static_cast<codec::Qos>(how % 3),
                           .retain = (how & 8U) != 0,
                           .topic = topics[how / 16 % 4],
                           .payload = payload};
    if (publish.qos != codec::Qos::at_most_once) publish.packet_id = 9;
    say(client, encoded(client.version, publish));
  }

  // What the logs hold is what a shard begins with.
  void restart() {
    std::vector<std::vector<std::vector<std::uint8_t>>> logs;
    for (const auto& driver : drivers_) logs.push_back(driver->log());
    drivers_.clear();
    census_ = {};
    for (std::uint16_t i = 0; i < logs.size(); ++i) {
      drivers_.push_back(
          make_driver(i, static_cast<std::uint16_t>(logs.size()), std::move(logs[i])));
      drivers_.back()->begin_run(now_);
    }
    for (int i = 0; i < 4; ++i) turn();
  }

  std::unique_ptr<ShardDriver> make_driver(std::uint16_t index, std::uint16_t count,
                                           std::vector<std::vector<std::uint8_t>> batches) {
    ShardDriver::Setup setup;
    setup.shard.index = core::ShardIndex{index};
    setup.shard.count = count;
    setup.log = std::move(batches);
    if (is_wide_) {
      setup.shard.placement_key = {3, 5};
      setup.shard.has_log = true;
      setup.shard.census = &census_;
      setup.log_answers = LogAnswers::later;
      setup.seed = index + 1U;
    }
    auto driver = std::make_unique<ShardDriver>(setup, options_, log_, now_);
    if (is_wide_) driver->shard().set_access({.entrances = &entrances_});
    return driver;
  }

  Client* pick() {
    if (clients_.empty()) open();
    return clients_[steps_.byte() % clients_.size()].get();
  }

  static void say(Client& client, ByteView bytes) {
    client.socket.arrive(bytes);
    client.has_spoken |= !bytes.empty();
  }

  // One packet; every eighth has a byte changed.
  void say_packet(Client& client, std::uint8_t what) {
    const bool is_first = !client.has_spoken;
    std::vector<std::uint8_t> bytes = packet(client, what);
    const std::uint8_t spoil = steps_.byte();
    const bool is_spoilt = spoil % 8 == 1 && !bytes.empty();
    if (is_spoilt) bytes[spoil / 8 % bytes.size()] ^= steps_.byte();
    if (is_first) client.is_plain = !is_spoilt && (what % 16 == 6 || what % 16 == 7);
    say(client, bytes);
  }

  std::vector<std::uint8_t> packet(Client& client, std::uint8_t what) {
    const std::uint8_t first = steps_.byte();
    const std::uint8_t second = steps_.byte();
    const auto id = static_cast<codec::PacketId>(1 + second % 6);
    switch (what % 16) {
      case 6:
      case 7:
        return connect(client, first, second);
      case 8:
      case 9:
        return publish(client, first, second);
      case 10: {
        std::array<std::uint8_t, 64> room;
        codec::SubscribeFilterWriter writer(room);
        writer.add(filters[first % filters.size()],
                   {.qos = static_cast<codec::Qos>(second % 3), .no_local = (second & 8U) != 0});
        return encoded(client.version, codec::Subscribe{id, {}, *writer.finish()});
      }
      case 11: {
        std::array<std::uint8_t, 64> room;
        codec::UnsubscribeFilterWriter writer(room);
        writer.add(filters[first % filters.size()]);
        return encoded(client.version, codec::Unsubscribe{id, {}, *writer.finish()});
      }
      case 12:
        return encoded(client.version, codec::Puback{id, {}, {}});
      case 13:
        return (first & 1U) != 0 ? encoded(client.version, codec::Pubrec{id, {}, {}})
                                 : encoded(client.version, codec::Pubcomp{id, {}, {}});
      case 14:
        return encoded(client.version, codec::Pubrel{id, {}, {}});
      default:
        if (is_wide_ && (first & 0x30U) == 0x10) return auth(client, second);
        return (first & 3U) == 0 ? encoded(client.version, codec::Disconnect{})
                                 : encoded(client.version, codec::Pingreq{});
    }
  }

  std::vector<std::uint8_t> connect(Client& client, std::uint8_t first, std::uint8_t second) {
    constexpr std::array versions{Version::v3_1, Version::v3_1_1, Version::v5, Version::v5};
    const Version version = versions[first % versions.size()];
    if (!client.has_spoken) client.version = version;
    std::array<std::uint8_t, 64> room;
    codec::PropertyWriter writer(room);
    if ((second & 1U) != 0)
      writer.number(codec::PropertyId::session_expiry_interval, second & 0x3EU)
          .number(codec::PropertyId::receive_maximum, 1U + second % 3)
          .number(codec::PropertyId::topic_alias_maximum, second % 4);
    if ((second & 0x40U) != 0) writer.number(codec::PropertyId::maximum_packet_size, 24);
    if (is_wide_ && (second & 0x80U) != 0)
      writer.text(codec::PropertyId::authentication_method, "M");
    const std::string id = "c" + std::to_string(first / 4 % 4);
    codec::Connect connect{.version = version,
                           .clean_start = (second & 2U) != 0,
                           .keep_alive_s = static_cast<std::uint16_t>(second % 5),
                           .client_id = id};
    if (version == Version::v5) connect.properties = *writer.finish();
    if ((first & 0x40U) != 0)
      connect.will = codec::Will{.qos = codec::Qos::at_least_once, .topic = "a/b"};
    return encoded(version, connect);
  }

  static std::vector<std::uint8_t> auth(const Client& client, std::uint8_t second) {
    std::array<std::uint8_t, 16> room;
    codec::PropertyWriter writer(room);
    writer.text(codec::PropertyId::authentication_method, (second & 8U) != 0 ? "N" : "M");
    codec::Auth auth{(second & 1U) != 0 ? codec::ReasonCode::re_authenticate
                                        : codec::ReasonCode::continue_authentication,
                     {}};
    auth.properties = *writer.finish();
    return encoded(client.version, auth);
  }

  std::vector<std::uint8_t> publish(Client& client, std::uint8_t first, std::uint8_t second) {
    std::array<std::uint8_t, 64> room;
    codec::PropertyWriter writer(room);
    if ((second & 0x40U) != 0) writer.number(codec::PropertyId::message_expiry_interval, 2);
    if ((second & 0x80U) != 0) writer.number(codec::PropertyId::topic_alias, 1U + second % 3);
    const std::vector<std::uint8_t> payload(first, 'x');
    codec::Publish publish{.qos = static_cast<codec::Qos>(second % 3),
                           .retain = (second & 0x20U) != 0,
                           .topic = topics[first % topics.size()],
                           .payload = payload};
    if (publish.qos != codec::Qos::at_most_once)
      publish.packet_id = static_cast<codec::PacketId>(1 + second / 4 % 5);
    if (client.version == Version::v5) publish.properties = *writer.finish();
    return encoded(client.version, publish);
  }

  static std::vector<std::uint8_t> encoded(Version version, const codec::Packet& packet) {
    std::vector<std::uint8_t> out(codec::encoded_size(packet, version));
    const auto size = codec::encode(packet, version, out);
    if (!size) return {};
    out.resize(*size);
    return out;
  }

  void turn() {
    now_ = now_ + Duration(std::chrono::milliseconds(1));
    for (const auto& driver : drivers_) driver->turn(now_, is_wide_ ? 20'000 : 300);
    if (!is_wide_) return;
    for (std::uint16_t from = 0; from < drivers_.size(); ++from) {
      for (std::uint16_t to = 0; to < drivers_.size() && !is_mail_held_; ++to) {
        MailQueue& outbox = drivers_[from]->outbox(to);
        for (; !outbox.empty(); outbox.pop_front())
          drivers_[to]->deliver_mail(core::ShardIndex{from}, std::move(outbox.front()));
      }
      for (const MovingConnection& moving : drivers_[from]->moving())
        drivers_[core::index_of(moving.target)]->open(*moving.socket, moving);
      drivers_[from]->moving().clear();
    }
  }

  static void check_output(const Client& client) {
    ByteView rest = client.socket.outbound;
    while (!rest.empty()) {
      const auto frame = codec::peek_frame(rest, client.version);
      if (!frame.is_complete()) {
        SLUICE_ASSERT(!frame.is_failed());
        return;
      }
      if (client.is_plain)
        SLUICE_ASSERT(
            codec::decode(rest.first(frame.total), client.version, codec::Direction::to_client, {})
                .has_value());
      rest = rest.subspan(frame.total);
    }
  }

  Steps steps_;
  core::CoreOptions options_;
  NullLog log_;
  Instant now_{1'000'000'000};
  std::vector<std::unique_ptr<Client>> clients_;
  bool is_wide_ = false;
  bool is_mail_held_ = false;
  core::LocalCensus census_;
  const std::vector<core::Entrance> entrances_{
      {.name = "open"}, {.name = "closed", .is_anonymous_allowed = false, .mount_point = "a/"}};
  std::vector<std::unique_ptr<ShardDriver>> drivers_;
};

}  // namespace
}  // namespace sluice::testing

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sluice::testing::History({data, size}).run();
  return 0;
}
