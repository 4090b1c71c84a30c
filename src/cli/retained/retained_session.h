// SPDX-License-Identifier: Apache-2.0
//
// A RetainedSession fetches the retained messages of some filters, and lists, exports or removes
// them. A broker does not say which one was the last: after a time of silence that was all.
//
// Owner:   run_retained().
// Limits:  the names of the topics to remove are kept, the messages are not.
#pragma once

#include "cli/mqtt/mqtt_session.h"

#include <deque>
#include <string>
#include <vector>

namespace sluice::cli {

enum class RetainedTask : std::uint8_t { list, write, remove };

struct RetainedPlan {
  RetainedTask task = RetainedTask::list;
  std::vector<std::string> filters;
  std::vector<std::string> spared;  ///< filters of topics that are left out
  bool is_json = false;             ///< list: an object a line
  bool is_dry_run = false;          ///< remove: only say what would go
  Duration silence = 500ms;
};

class RetainedSession final : public MqttSession {
 public:
  RetainedSession(ConnectionSettings settings, RetainedPlan plan);

 private:
  void on_ready(const client::Connected& connected) override;
  void on_subscribed(const codec::Suback& ack) override;
  void on_message(const client::Message& message) override;
  void on_published(const client::Published& published) override;
  void after_step() override;

  void wait_for_silence();
  void take(const codec::Publish& publish);
  void remove_some();
  void say_line(std::string_view line);

  RetainedPlan plan_;
  std::string out_;
  std::deque<std::string> to_remove_;
  bool is_complete_ = false;
  std::uint64_t count_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace sluice::cli
