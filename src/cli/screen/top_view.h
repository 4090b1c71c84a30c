// SPDX-License-Identifier: Apache-2.0
//
// A TopView shows what a broker does: messages and bytes a second from $SYS, the busiest topics,
// and the clients with the longest queues from the administration port.
//
// Owner:   run_top().
// Limits:  those of TopicTree; 1,000 clients are asked for.
#pragma once

#include "cli/screen/live_session.h"
#include "cli/screen/topic_tree.h"

#include <string>
#include <vector>

namespace sluice::cli {

struct ClientRow {
  std::string id;
  std::string address;
  std::uint64_t subscriptions = 0;
  std::uint64_t inflight = 0;
  std::uint64_t queued = 0;
  bool is_connected = false;
};

class TopView final : public LiveSession {
 public:
  TopView(ConnectionSettings settings, LiveOptions options, std::string admin);

 private:
  void on_message(const client::Message& message) override;
  std::vector<std::string> frame(os::TerminalSize size) override;
  bool on_key(const KeyPress&) override { return false; }
  void on_tick(Duration elapsed) override;

  void ask_for_clients();
  /// What $SYS/broker/ has under that name; "-" if nothing came.
  std::string sys(std::string_view name) const;

  std::string admin_;
  TopicTree tree_;
  std::map<std::string, std::string, std::less<>> sys_;
  std::vector<ClientRow> clients_;
  std::string admin_problem_;
  Instant asked_at_;
};

}  // namespace sluice::cli
