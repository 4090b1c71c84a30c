// SPDX-License-Identifier: Apache-2.0
#include "tests/support/in_process_broker.h"

#include "base/siphash.h"

#include <algorithm>

namespace sluice::testing {
namespace {

// A broker that does not come to rest has lost its way.
constexpr int turns_max = 200'000;

}  // namespace

void RecordingLog::write(LogLevel, std::string_view event, Fields fields) {
  std::string line(event);
  for (const LogField& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    if (const auto* text = std::get_if<std::string_view>(&field.value)) line += *text;
    if (const auto* number = std::get_if<std::int64_t>(&field.value))
      line += std::to_string(*number);
    if (const auto* number = std::get_if<std::uint64_t>(&field.value))
      line += std::to_string(*number);
  }
  lines_.push_back(std::move(line));
}

bool RecordingLog::has(std::string_view text) const {
  return std::ranges::any_of(lines_,
                             [text](const std::string& line) { return line.contains(text); });
}

void RawClient::send_bytes(const Bytes& bytes) {
  socket_.arrive(bytes);
  broker_.run();
}

void RawClient::send_in_pieces(const Bytes& bytes, std::size_t piece) {
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    socket_.arrive(ByteView(bytes).subspan(at, std::min(piece, bytes.size() - at)));
    broker_.run();
  }
}

void RawClient::take_outbound() {
  if (is_stalled_) return;
  // What the broker could not write yet follows when there is room again.
  while (!socket_.outbound.empty()) {
    append_bytes(received_, socket_.outbound);
    socket_.outbound.clear();
    broker_.run();
  }
}

std::optional<Received> RawClient::receive() {
  broker_.run();
  take_outbound();
  ByteView stream = ByteView(received_).subspan(parsed_);
  auto packet = decode(stream, version());
  parsed_ = received_.size() - stream.size();
  return packet;
}

bool RawClient::is_closed() {
  broker_.run();
  return socket_.is_closed_by_broker;
}

void RawClient::cut() {
  socket_.is_ended = true;
  broker_.run();
}

void RawClient::stall(std::size_t room) {
  is_stalled_ = true;
  socket_.room = room;
}

void RawClient::unstall() {
  is_stalled_ = false;
  broker_.run();
}

InProcessBroker::InProcessBroker(const BrokerSetup& setup)
    : setup_(setup), placement_key_{0x5c1ce, 0x0b0e} {
  make_drivers(std::vector<std::vector<std::vector<std::uint8_t>>>(setup.shards));
}

void InProcessBroker::make_drivers(std::vector<std::vector<std::vector<std::uint8_t>>> logs) {
  census_ = {};
  const core::LogClock clock{.instant = now_, .wall = wall_now()};
  for (std::uint16_t i = 0; i < setup_.shards; ++i)
    drivers_.push_back(std::make_unique<ShardDriver>(
        ShardDriver::Setup{.shard = {.index = core::ShardIndex{i},
                                     .count = setup_.shards,
                                     .placement_key = placement_key_,
                                     .table_key = {7, 11},
                                     .has_log = setup_.has_log,
                                     .log_clock = clock,
                                     .census = &census_,
                                     .durability = &setup_.durability},
                           .log_answers = setup_.log_answers,
                           .seed = i + 1U,
                           .log = std::move(logs[i])},
        setup_.options, log_, now_));
  for (const auto& driver : drivers_) driver->shard().set_access({.entrances = &entrances_});
  if (!setup_.has_log) return;
  for (std::uint16_t i = 0; i < setup_.shards; ++i) {
    drivers_[i]->begin_run(now_);
    carry_mail(i);
  }
  run();
  if (setup_.log_answers == LogAnswers::later) answer_log();
}

void InProcessBroker::crash(Duration down) {
  std::vector<std::vector<std::vector<std::uint8_t>>> logs;
  for (const auto& driver : drivers_) {
    logs.push_back(driver->log());
    logs.back().resize(logs.back().size() - driver->waiting_log_batches());
  }
  drivers_.clear();
  held_mail_.clear();
  for (const auto& socket : sockets_) socket->is_closed_by_broker = true;
  now_ = now_ + down;
  make_drivers(std::move(logs));
}

void InProcessBroker::write_checkpoints() {
  for (const auto& driver : drivers_) {
    driver->turn_with(now_, [](core::Shard& shard) { shard.begin_checkpoint(); });
    while (driver->shard().is_checkpoint_being_written())
      driver->turn_with(now_, [](core::Shard& shard) { shard.go_on_with_checkpoint(50); });
  }
  run();
}

RawClient& InProcessBroker::open_by(core::EntranceId entrance, std::string identity,
                                    std::uint16_t shard) {
  sockets_.push_back(std::make_unique<Socket>());
  Socket& socket = *sockets_.back();
  Peer peer;
  peer.kind = PeerKind::memory;
  peer.id = static_cast<std::uint32_t>(sockets_.size());
  MovingConnection moving{.socket = nullptr,
                          .target = {},
                          .opened = {peer, entrance, std::move(identity)},
                          .bytes = {}};
  drivers_.at(shard)->open(socket, moving);
  clients_.push_back(std::make_unique<RawClient>(*this, socket));
  return *clients_.back();
}

RawClient& InProcessBroker::open(std::uint16_t shard) {
  return open_by(setup_.is_anonymous_allowed ? open_entrance : closed_entrance, {}, shard);
}
RawClient& InProcessBroker::open_without_anonymous(std::uint16_t shard) {
  return open_by(closed_entrance, {}, shard);
}

RawClient& InProcessBroker::connect(const Connect& packet, std::uint16_t shard) {
  RawClient& client = open(shard);
  client.send(packet);
  client.expect(Connack{});
  return client;
}

RawClient& InProcessBroker::resume(const Connect& packet, std::uint16_t shard) {
  RawClient& client = open(shard);
  client.send(packet);
  client.expect(Connack{.session_present = true});
  return client;
}

std::string InProcessBroker::client_id_on(std::uint16_t shard, std::string_view prefix) const {
  for (int i = 0;; ++i) {
    std::string id = std::string(prefix) + std::to_string(i);
    if (setup_.shards == 1 || siphash_2_4(placement_key_, as_bytes(id)) % setup_.shards == shard)
      return id;
  }
}

std::string InProcessBroker::topic_on(std::uint16_t shard, std::string_view prefix) const {
  const HashKey key{placement_key_.k1, placement_key_.k0};
  for (int i = 0;; ++i) {
    std::string topic = std::string(prefix) + std::to_string(i);
    if (setup_.shards == 1 || siphash_2_4(key, as_bytes(topic)) % setup_.shards == shard)
      return topic;
  }
}

void InProcessBroker::carry_mail(std::uint16_t from) {
  for (std::uint16_t to = 0; to < shards(); ++to) {
    MailQueue& outbox = drivers_[from]->outbox(to);
    const auto held = held_mail_.find({from, to});
    for (; !outbox.empty(); outbox.pop_front()) {
      if (held != held_mail_.end())
        held->second.push_back(std::move(outbox.front()));
      else
        drivers_[to]->deliver_mail(core::ShardIndex{from}, std::move(outbox.front()));
    }
  }
}

void InProcessBroker::release_mail(std::uint16_t from, std::uint16_t to) {
  const auto held = held_mail_.find({from, to});
  ASSERT_NE(held, held_mail_.end());
  for (MailRecord& record : held->second)
    drivers_[to]->deliver_mail(core::ShardIndex{from}, std::move(record));
  held_mail_.erase(held);
  run();
}

void InProcessBroker::carry_connections(std::uint16_t from) {
  auto& moving = drivers_[from]->moving();
  for (const MovingConnection& connection : moving)
    drivers_[core::index_of(connection.target)]->open(*connection.socket, connection);
  moving.clear();
}

void InProcessBroker::run() {
  int turns = 0;
  std::vector<int> congested_turns(shards());
  for (bool has_worked = true; has_worked;) {
    has_worked = false;
    for (std::uint16_t i = 0; i < shards(); ++i) {
      if (!drivers_[i]->has_work(now_)) continue;
      // As long as its mail has no room a shard tries again and again.
      if (drivers_[i]->mailer().is_congested() && ++congested_turns[i] > 3) continue;
      has_worked = true;
      drivers_[i]->turn(now_, read_max_);
      carry_mail(i);
      carry_connections(i);
      if (++turns > turns_max) {
        ADD_FAILURE() << "the broker does not come to rest";
        return;
      }
    }
  }
}

void InProcessBroker::advance(Duration by) {
  run();
  const Instant end = now_ + by;
  while (true) {
    Instant next = end;
    for (const auto& driver : drivers_) next = std::min(next, driver->next_deadline());
    now_ = std::max(now_, next);
    run();
    if (now_ >= end) return;
  }
}

void InProcessBroker::answer_log() {
  for (const auto& driver : drivers_) driver->answer_log(driver->waiting_log_batches());
  run();
}

void InProcessBroker::set_access(core::AccessSettings access) {
  if (access.entrances == nullptr) access.entrances = &entrances_;
  for (const auto& driver : drivers_)
    driver->turn_with(now_, [&](core::Shard& shard) { shard.set_access(access); });
}

core::AuthRequest InProcessBroker::take_auth_request(std::uint16_t shard) {
  auto& requests = drivers_[shard]->auth_requests();
  if (requests.empty()) {
    ADD_FAILURE() << "nobody asked for credentials to be checked";
    return {};
  }
  core::AuthRequest request = std::move(requests.front());
  requests.pop_front();
  return request;
}

void InProcessBroker::answer_auth(core::ConnId conn, core::AuthAnswer answer, std::uint16_t shard) {
  drivers_[shard]->turn_with(
      now_, [&](core::Shard& self) { self.on_auth_answer(conn, std::move(answer)); });
  carry_mail(shard);
  run();
}

void InProcessBroker::kick(std::string_view client_id) {
  for (std::uint16_t i = 0; i < shards(); ++i) {
    drivers_[i]->turn_with(now_, [&](core::Shard& shard) { shard.kick(client_id); });
    carry_mail(i);
  }
  run();
}

void InProcessBroker::stop() {
  for (std::uint16_t i = 0; i < shards(); ++i) {
    drivers_[i]->turn_with(now_, [](core::Shard& shard) { shard.stop(); });
    carry_mail(i);
  }
}

void InProcessBroker::publish_sys() {
  drivers_[0]->turn_with(now_, [&](core::Shard& shard) {
    const core::CoreMetrics totals = shard.metrics();
    shard.publish_sys(totals, now_ - Instant{}, "test");
  });
  carry_mail(0);
  run();
}

}  // namespace sluice::testing
