// SPDX-License-Identifier: Apache-2.0
#include "cli/screen/top_view.h"

#include "cli/admin_client.h"
#include "cli/output/terminal_text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

namespace sluice::cli {
namespace {

constexpr std::string_view sys_prefix = "$SYS/broker/";
constexpr Duration ask_interval = 2s;

std::string one_decimal(double rate) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f", rate);
  return text.data();
}

std::uint64_t number(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

std::string text(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "-";
}

}  // namespace

TopView::TopView(ConnectionSettings settings, LiveOptions options, std::string admin)
    : LiveSession(std::move(settings), std::move(options)), admin_(std::move(admin)) {}

void TopView::on_message(const client::Message& message) {
  const std::string_view topic = message.publish.topic;
  if (!topic.starts_with(sys_prefix)) return tree_.add(message.publish);
  if (sys_.size() < 1'000) {
    sys_[std::string(topic.substr(sys_prefix.size()))] = as_text(message.publish.payload);
  }
}

void TopView::on_tick(Duration elapsed) {
  tree_.tick(elapsed);
  if (!admin_.empty() && now() - asked_at_ >= ask_interval) ask_for_clients();
}

void TopView::ask_for_clients() {
  asked_at_ = now();
  const auto answer = ask_admin(admin_, "GET", "/api/v1/clients?limit=1000");
  clients_.clear();
  admin_problem_.clear();
  if (!answer) {
    admin_problem_ = answer.error();
    return;
  }
  const auto page = nlohmann::json::parse(answer->body, nullptr, false);
  if (answer->status != 200 || !page.is_object() || !page.contains("clients")) {
    admin_problem_ = "the administration port answered " + std::to_string(answer->status);
    return;
  }
  for (const auto& one : page["clients"]) {
    const auto connected = one.find("connected");
    clients_.push_back({.id = text(one, "client"),
                        .address = text(one, "address"),
                        .subscriptions = number(one, "subscriptions"),
                        .inflight = number(one, "inflight_messages"),
                        .queued = number(one, "queue_messages"),
                        .is_connected = connected != one.end() && connected->is_boolean() &&
                                        connected->get<bool>()});
  }
  std::ranges::sort(clients_, [](const ClientRow& a, const ClientRow& b) {
    const auto load_a = a.queued + a.inflight;
    const auto load_b = b.queued + b.inflight;
    return load_a != load_b ? load_a > load_b : a.id < b.id;
  });
}

std::string TopView::sys(std::string_view name) const {
  const auto found = sys_.find(name);
  return found == sys_.end() ? "-" : printable(found->second);
}

std::vector<std::string> TopView::frame(os::TerminalSize size) {
  const std::size_t columns = size.columns;
  const std::size_t rows = std::clamp<std::size_t>(size.rows, 12, 60);
  std::vector<std::string> lines;
  const auto bold = [&lines, columns](const std::string& line) {
    lines.push_back("\x1b[1m" + fitted(line, columns) + "\x1b[0m");
  };
  bold("sluice top  " + printable(status()) + "  " + sys("version"));
  lines.push_back(fitted("uptime " + sys("uptime") + "   clients " + sys("clients/connected") +
                             " connected, " + sys("clients/total") + " in all   subscriptions " +
                             sys("subscriptions/count") + "   retained " +
                             sys("retained messages/count"),
                         columns));
  lines.push_back(fitted("messages received " + sys("messages/received") + "   sent " +
                             sys("messages/sent") + "   dropped " +
                             sys("publish/messages/dropped") + "   bytes received " +
                             sys("bytes/received") + "   sent " + sys("bytes/sent"),
                         columns));
  lines.emplace_back();
  const std::size_t half = (rows - 8) / 2;
  bold(fitted("TOPIC", columns - 30) + fitted("MESSAGES/S", 12) + fitted("MESSAGES", 10) + "BYTES");
  for (const auto index : tree_.busiest(half)) {
    const auto& node = tree_.node(index);
    lines.push_back(fitted(printable(tree_.topic(index)), columns - 30) +
                    fitted(one_decimal(node.rate), 12) + fitted(std::to_string(node.count), 10) +
                    fitted(std::to_string(node.payload_bytes), 8));
  }
  lines.emplace_back();
  bold(fitted("CLIENT", columns - 52) + fitted("ADDRESS", 24) + fitted("SUBS", 8) +
       fitted("INFLIGHT", 10) + "QUEUED");
  if (!admin_problem_.empty()) lines.push_back(fitted(admin_problem_, columns));
  for (std::size_t at = 0; at < std::min(half, clients_.size()); ++at) {
    const ClientRow& row = clients_[at];
    lines.push_back(fitted(printable(row.id), columns - 52) +
                    fitted(row.is_connected ? printable(row.address) : "away", 24) +
                    fitted(std::to_string(row.subscriptions), 8) +
                    fitted(std::to_string(row.inflight), 10) +
                    fitted(std::to_string(row.queued), 8));
  }
  if (size.rows < 1'000) {
    lines.resize(std::max<std::size_t>(size.rows, 2) - 1);
    lines.push_back("\x1b[2m" + fitted("q end", columns) + "\x1b[0m");
  }
  return lines;
}

}  // namespace sluice::cli
