// SPDX-License-Identifier: Apache-2.0
//
// A WatchTable shows the last message of each topic on a line of its own, in the order of topics,
// as `sub --watch` does.
//
// Owner:   Subscriber.
// Limits:  topics_max topics; others are counted. The rows of the terminal.
#pragma once

#include "cli/output/shown_message.h"
#include "cli/output/terminal_text.h"
#include "os/process/terminal.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace sluice::cli {

class WatchTable {
 public:
  static constexpr std::size_t topics_max = 10'000;

  void add(const ShownMessage& message);
  bool has_changed() const { return has_changed_; }
  /// Appends what draws the table over the one before.
  void draw(const os::TerminalSize& size, Colors colors, std::string& out);

 private:
  struct Last {
    std::string payload{};  ///< its beginning, printable
    std::string time{};
    std::uint64_t count = 0;
  };
  std::string line(const std::string& topic, const Last& last, Colors colors,
                   std::size_t columns) const;

  std::map<std::string, Last, std::less<>> topics_;
  std::size_t topic_columns_ = 0;
  std::uint64_t uncounted_ = 0;  ///< messages of topics beyond the limit
  bool has_changed_ = false;
  bool is_first_ = true;
};

}  // namespace sluice::cli
