// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/crowd.h"

#include "os/clock.h"

#include <algorithm>
#include <variant>

namespace sluice::cli {
namespace {

std::size_t read_bytes(const BenchPlan& plan) {
  return std::max<std::size_t>(262'144, 2 * (std::size_t{plan.payload_bytes} + 70'000));
}

std::unexpected<std::string> failed(std::string text) { return std::unexpected(std::move(text)); }

}  // namespace

std::expected<BenchMachine, std::string> BenchMachine::create() {
  BenchMachine machine;
  auto signals = os::SignalQueue::create();
  if (!signals) return failed(signals.error().detail);
  machine.signals = std::move(*signals);
  auto reactor = os::Reactor::create();
  if (!reactor) return failed(reactor.error().detail);
  machine.reactor = std::move(*reactor);
  return machine;
}

BenchMachine::~BenchMachine() {
  while (signals && signals->next()) {
  }
}

Crowd::Crowd(BenchMachine& machine, const BenchPlan& plan)
    : plan_(plan),
      wire_(*machine.reactor,
            {.address = plan.address, .version = plan.version, .read_bytes = read_bytes(plan)}) {
  wire_.set_sink(*this);
  if (!wire_.watch_stop(machine.signals->fd())) fail_with("signals cannot be watched");
}

LinkIndex Crowd::add(BenchIdentity identity) {
  identity.user = plan_.user;
  identity.password = plan_.password;
  members_.push_back({.identity = std::move(identity)});
  return wire_.add();
}

std::string Crowd::client_id(std::string_view role, std::uint32_t number) const {
  return "bench-" + std::to_string(plan_.run_tag) + "-" + std::string(role) + "-" +
         std::to_string(number);
}

void Crowd::fail_with(std::string text) {
  if (failure_.empty()) failure_ = std::move(text);
}

BenchResult Crowd::open(LinkIndex link) {
  if (const auto opened = wire_.open(link); !opened)
    return failed("connection " + std::to_string(ready_ + connecting_ + 1) +
                  " cannot be opened: " + opened.error().detail);
  ++connecting_;
  return {};
}

BenchResult Crowd::connect(LinkIndex first, std::size_t count) {
  std::size_t next = first;
  const std::size_t end = first + count;
  const auto is_done = [&] {
    const std::size_t last = std::min(end, next + opened_in_a_turn_max);
    for (; next < last && connecting_ < connecting_max; ++next) {
      const auto link = static_cast<LinkIndex>(next);
      if (wire_.is_open(link)) continue;
      if (const auto opened = open(link); !opened) {
        fail_with(opened.error());
        return true;
      }
    }
    return next == end && connecting_ == 0;
  };
  const bool is_in_time = run_until(is_done);
  if (!failure_.empty()) return failed(failure_);
  if (is_stopped()) return failed("stopped");
  if (!is_in_time)
    return failed("the broker left " + std::to_string(connecting_) + " CONNECTs without an answer");
  return {};
}

void Crowd::subscribe(LinkIndex link, std::span<const std::string> filters, codec::Qos qos) {
  wire_.send(link, subscribe_packet(next_subscribe_, filters, qos, plan_.version));
  next_subscribe_ = next_subscribe_ == 65'535 ? codec::PacketId{1}
                                              : static_cast<codec::PacketId>(next_subscribe_ + 1);
  ++subacks_due_;
}

BenchResult Crowd::subscribed() {
  const bool is_in_time = run_until([this] { return subacks_due_ == 0; });
  if (!failure_.empty()) return failed(failure_);
  if (is_stopped()) return failed("stopped");
  if (!is_in_time)
    return failed("the broker left " + std::to_string(subacks_due_) +
                  " SUBSCRIBEs without an answer");
  return {};
}

void Crowd::cut(LinkIndex link) {
  forget(link);
  wire_.reset(link);
}

void Crowd::leave(LinkIndex link) {
  if (!wire_.is_open(link)) return;
  wire_.send(link, disconnect_packet(plan_.version));
  wire_.flush(link);
  forget(link);
  wire_.close(link);
}

bool Crowd::run_until(const std::function<bool()>& is_done) {
  last_progress_ = os::monotonic_now();
  while (failure_.empty() && !is_done()) {
    wire_.flush();
    turn(wait_);
    if (is_stopped()) return false;
    if (now() - last_progress_ > patience) return false;
  }
  return failure_.empty();
}

void Crowd::turn(Duration timeout) {
  wire_.receive(timeout);
  before_flush();
  wire_.flush();
}

ServerUsage Crowd::usage() const {
  if (plan_.server_process == 0) return {};
  return server_usage(plan_.server_process).value_or(ServerUsage{});
}

void Crowd::on_open(LinkIndex link) {
  members_[link].is_reached = true;
  wire_.send(link, connect_packet(members_[link].identity, plan_.version));
}

void Crowd::on_publish(LinkIndex link, const codec::Publish& publish) {
  if (publish.qos != codec::Qos::at_most_once) {
    const auto type = publish.qos == codec::Qos::at_least_once ? codec::PacketType::puback
                                                               : codec::PacketType::pubrec;
    wire_.send(link, codec::encode_ack(type, publish.packet_id));
  }
  on_message(link, publish);
}

void Crowd::on_ack(LinkIndex link, const WireAck& ack) {
  if (ack.type == codec::PacketType::pubrel) {
    wire_.send(link, codec::encode_ack(codec::PacketType::pubcomp, ack.packet_id));
  } else if (ack.type == codec::PacketType::pubrec && !ack.is_refused) {
    wire_.send(link, codec::encode_ack(codec::PacketType::pubrel, ack.packet_id));
  } else {
    if (ack.is_refused) ++refused_;
    on_published(link, ack);
  }
}

void Crowd::on_packet(LinkIndex link, const codec::Packet& packet) {
  if (const auto* connack = std::get_if<codec::Connack>(&packet)) return on_connack(link, *connack);
  if (const auto* suback = std::get_if<codec::Suback>(&packet)) return on_suback(*suback);
  if (const auto* disconnect = std::get_if<codec::Disconnect>(&packet)) {
    fail_with(std::string("the broker disconnected a client: ") +
              codec::to_string(disconnect->reason));
  }
}

void Crowd::on_connack(LinkIndex link, const codec::Connack& connack) {
  --connecting_;
  note_progress();
  if (connack.code != 0) {
    fail_with("the broker refused a connection with code " + std::to_string(connack.code));
    return;
  }
  members_[link].is_ready = true;
  ++ready_;
  on_connected(link);
}

void Crowd::on_suback(const codec::Suback& suback) {
  --subacks_due_;
  note_progress();
  refused_ += static_cast<std::uint64_t>(
      std::ranges::count_if(suback.codes, [](std::uint8_t code) { return code >= 0x80; }));
}

void Crowd::forget(LinkIndex link) {
  if (!members_[link].is_ready) return;
  members_[link].is_ready = false;
  --ready_;
}

void Crowd::on_lost(LinkIndex link) {
  if (!members_[link].is_ready) --connecting_;
  forget(link);
  on_gone(link);
}

void Crowd::on_gone(LinkIndex link) { fail_with(loss_text(link)); }

std::string Crowd::loss_text(LinkIndex link) const {
  if (!members_[link].is_reached && ready_ == 0)
    return "nobody answers at " + plan_.address.text() +
           "; start a broker with: sluice serve, or say with -h and -p where one is";
  return "the connection of client '" + members_[link].identity.client_id +
         "' ended before its time";
}

}  // namespace sluice::cli
