// SPDX-License-Identifier: Apache-2.0
//
// A LiveSession is a command that shows what a broker sends on a Screen, again and again, until q
// is pressed. Without a terminal, or with --once, one frame is printed after a while instead.
//
// Owner:   the command's run function.
#pragma once

#include "cli/mqtt/mqtt_session.h"
#include "cli/screen/screen.h"

#include <memory>
#include <string>
#include <vector>

namespace sluice::cli {

struct LiveOptions {
  std::vector<std::string> filters;
  Duration refresh = 250ms;
  Duration once_after{};  ///< zero: a screen
};

class LiveSession : public MqttSession {
 public:
  LiveSession(ConnectionSettings settings, LiveOptions options);

 protected:
  /// The lines of the screen, at most size.rows of them.
  virtual std::vector<std::string> frame(os::TerminalSize size) = 0;
  /// True if the key meant something.
  virtual bool on_key(const KeyPress& key) = 0;
  /// Before each frame, with the time since the one before.
  virtual void on_tick(Duration elapsed) = 0;
  /// Where the broker is, and how the connection does.
  std::string status() const;

 private:
  void on_start() final;
  void on_ready(const client::Connected& connected) final;
  void on_subscribed(const codec::Suback& ack) final;
  void before_end() final;
  void report(std::string_view text) const final;

  void on_input();
  void tick();
  void draw();

  LiveOptions options_;
  std::unique_ptr<Screen> screen_;
  mutable std::string trouble_;  ///< what was reported last
  Instant ticked_at_;
};

}  // namespace sluice::cli
