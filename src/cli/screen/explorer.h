// SPDX-License-Identifier: Apache-2.0
//
// An Explorer shows the topics of a broker as a tree: the last value of each, how often something
// comes, and of the chosen one all of its value with a small plot.
//
// Owner:   run_explore().
// Limits:  those of TopicTree.
#pragma once

#include "cli/screen/live_session.h"
#include "cli/screen/topic_tree.h"

namespace sluice::cli {

class Explorer final : public LiveSession {
 public:
  Explorer(ConnectionSettings settings, LiveOptions options, bool is_all_open);

 private:
  void on_message(const client::Message& message) override;
  std::vector<std::string> frame(os::TerminalSize size) override;
  bool on_key(const KeyPress& key) override;
  void on_tick(Duration elapsed) override;

  std::string tree_line(TopicTree::Index index, std::size_t columns) const;
  void append_details(std::size_t columns, std::size_t rows, std::vector<std::string>& lines) const;
  void move(std::ptrdiff_t by);
  void close_or_go_up();

  TopicTree tree_;
  std::vector<TopicTree::Index> visible_;
  std::size_t chosen_ = 0;  ///< in visible_
  std::size_t first_ = 0;   ///< the first line that is on the screen
  bool is_all_open_;
  bool is_paused_ = false;
};

}  // namespace sluice::cli
