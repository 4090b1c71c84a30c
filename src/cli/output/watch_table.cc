// SPDX-License-Identifier: Apache-2.0
#include "cli/output/watch_table.h"

#include "cli/screen/screen.h"

#include <algorithm>
#include <string_view>

namespace sluice::cli {
namespace {

constexpr std::size_t payload_bytes_max = 1'024;
constexpr std::size_t topic_columns_max = 50;
constexpr std::size_t time_columns = 14;
constexpr std::string_view clear_screen = "\x1b[2J";
constexpr std::string_view go_home = "\x1b[H";
constexpr std::string_view clear_line = "\x1b[K";
constexpr std::string_view clear_below = "\x1b[J";
constexpr std::string_view faint = "\x1b[2m", bold = "\x1b[1m", normal = "\x1b[0m";

std::string printable_start(std::string_view text) {
  return printable(text.substr(0, payload_bytes_max));
}

}  // namespace

void WatchTable::add(const ShownMessage& message) {
  has_changed_ = true;
  const std::string topic = printable_start(message.publish.topic);
  auto found = topics_.find(topic);
  if (found == topics_.end()) {
    if (topics_.size() >= topics_max) {
      ++uncounted_;
      return;
    }
    found = topics_.try_emplace(topic).first;
    topic_columns_ = std::clamp(topic.size(), topic_columns_, topic_columns_max);
  }
  Last& last = found->second;
  last.payload = printable_start(as_text(message.publish.payload));
  last.time = short_time_text(message.time);
  ++last.count;
}

std::string WatchTable::line(const std::string& topic, const Last& last, Colors colors,
                             std::size_t columns) const {
  const std::size_t used = time_columns + topic_columns_ + 2;
  const std::string shown = fitted(topic, std::min(topic_columns_, columns));
  const std::string value = fitted(last.payload, columns > used ? columns - used : 1);
  if (colors == Colors::off) return last.time + "  " + shown + "  " + value;
  return std::string(faint) + last.time + std::string(normal) + "  " + std::string(bold) + shown +
         std::string(normal) + "  " + value;
}

void WatchTable::draw(const os::TerminalSize& size, Colors colors, std::string& out) {
  has_changed_ = false;
  if (is_first_) out += clear_screen;
  is_first_ = false;
  out += go_home;
  // The last row is the cursor's, the one above says what does not fit.
  const std::size_t rows = std::max<std::size_t>(3, size.rows) - 2;
  std::size_t drawn = 0;
  for (const auto& [topic, last] : topics_) {
    if (drawn == rows) break;
    out += line(topic, last, colors, size.columns);
    out += clear_line;
    out += "\r\n";
    ++drawn;
  }
  out += clear_below;
  const std::size_t more = topics_.size() - drawn;
  if (more > 0) out += "and " + std::to_string(more) + " more topics\r\n";
  if (uncounted_ > 0) {
    out += std::to_string(uncounted_) + " messages of still more topics\r\n";
  }
}

}  // namespace sluice::cli
