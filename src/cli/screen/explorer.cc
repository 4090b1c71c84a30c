// SPDX-License-Identifier: Apache-2.0
#include "cli/screen/explorer.h"

#include "cli/output/json_text.h"
#include "cli/output/terminal_text.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace sluice::cli {
namespace {

constexpr std::size_t details_rows = 9;

std::string rate_text(double rate) {
  if (rate <= 0) return "";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), rate < 10 ? "%.1f/s" : "%.0f/s", rate);
  return text.data();
}

std::string number_text(double number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%g", number);
  return text.data();
}

}  // namespace

Explorer::Explorer(ConnectionSettings settings, LiveOptions options, bool is_all_open)
    : LiveSession(std::move(settings), std::move(options)), is_all_open_(is_all_open) {}

void Explorer::on_message(const client::Message& message) {
  if (!is_paused_) tree_.add(message.publish);
}

void Explorer::on_tick(Duration elapsed) {
  tree_.tick(elapsed);
  if (is_all_open_) tree_.open_all();
  // The chosen topic stays chosen although others appear above it.
  const bool has_choice = chosen_ < visible_.size();
  const TopicTree::Index chosen = has_choice ? visible_[chosen_] : TopicTree::root;
  visible_ = tree_.visible();
  const auto found = std::ranges::find(visible_, chosen);
  if (has_choice && found != visible_.end()) {
    chosen_ = static_cast<std::size_t>(found - visible_.begin());
  }
  chosen_ = std::min(chosen_, visible_.empty() ? 0 : visible_.size() - 1);
}

std::string Explorer::tree_line(TopicTree::Index index, std::size_t columns) const {
  const TopicTree::Node& node = tree_.node(index);
  std::string name(2 * std::min<std::size_t>(node.depth - 1, 20), ' ');
  name += node.children.empty() ? "  " : node.is_open ? "▾ " : "▸ ";
  name += printable(node.name);
  if (!node.is_open && !node.children.empty()) {
    name += " (" + std::to_string(node.children.size()) + ")";
  }
  const std::size_t name_columns = std::min<std::size_t>(36, columns / 2);
  std::string value = node.has_value ? printable(node.payload.substr(0, 200)) : std::string();
  if (node.is_retained) value = "R " + value;
  const std::size_t rest = columns - name_columns;
  return fitted(name, name_columns) + fitted(rate_text(node.rate), 9) +
         fitted(value, rest > 9 ? rest - 9 : 0);
}

void Explorer::append_details(std::size_t columns, std::size_t rows,
                              std::vector<std::string>& lines) const {
  if (chosen_ >= visible_.size()) return;
  const TopicTree::Index index = visible_[chosen_];
  const TopicTree::Node& node = tree_.node(index);
  lines.push_back(fitted("── " + printable(tree_.topic(index)) + " ", columns));
  lines.push_back(fitted(std::to_string(node.count) + " messages here, " +
                             std::to_string(node.total) + " with those below; last " +
                             std::to_string(node.payload_bytes) + " B" +
                             (node.is_retained ? ", retained" : ""),
                         columns));
  if (node.history.size() > 1) {
    const auto [low, high] = std::ranges::minmax(node.history);
    lines.push_back(fitted(bars(node.history) + "  " + number_text(low) + " … " +
                               number_text(high) + ", now " + number_text(node.history.back()),
                           columns));
  }
  std::string text = node.payload;
  if (is_json(text) && (text.starts_with('{') || text.starts_with('['))) {
    std::string laid_out;
    append_laid_out(text, JsonLayout::pretty, laid_out);
    std::ranges::replace(laid_out, '\t', ' ');
    text = laid_out;
  }
  std::string_view left = text;
  while (!left.empty() && rows > 3) {
    const std::size_t end = std::min(left.find('\n'), left.size());
    lines.push_back(fitted(printable(left.substr(0, end)), columns));
    left.remove_prefix(std::min(end + 1, left.size()));
    --rows;
  }
}

std::vector<std::string> Explorer::frame(os::TerminalSize size) {
  const std::size_t columns = size.columns;
  const std::size_t rows = std::max<std::size_t>(size.rows, details_rows + 4);
  const std::size_t tree_rows = rows - details_rows - 2;
  std::vector<std::string> lines;
  std::string head = "sluice explore  " + printable(status()) + "  " +
                     std::to_string(tree_.topics()) + " topics, " +
                     std::to_string(tree_.messages()) + " messages";
  if (tree_.rate() > 0) head += ", " + rate_text(tree_.rate());
  if (is_paused_) head += "  PAUSED";
  if (tree_.left_out() > 0) head += "  (" + std::to_string(tree_.left_out()) + " left out)";
  lines.push_back("\x1b[1m" + fitted(head, columns) + "\x1b[0m");
  if (chosen_ < first_) first_ = chosen_;
  if (chosen_ >= first_ + tree_rows) first_ = chosen_ - tree_rows + 1;
  for (std::size_t at = first_; at < std::min(first_ + tree_rows, visible_.size()); ++at) {
    const std::string line = tree_line(visible_[at], columns);
    lines.push_back(at == chosen_ ? "\x1b[7m" + line + "\x1b[0m" : line);
  }
  if (size.rows < 1'000) lines.resize(tree_rows + 1);
  append_details(columns, details_rows, lines);
  if (size.rows < 1'000) {
    lines.resize(rows - 1);
    lines.push_back("\x1b[2m" +
                    fitted("↑↓ choose  ←→ close, open  e all  space pause  q end", columns) +
                    "\x1b[0m");
  }
  return lines;
}

void Explorer::move(std::ptrdiff_t by) {
  if (visible_.empty()) return;
  const auto last = static_cast<std::ptrdiff_t>(visible_.size()) - 1;
  chosen_ = static_cast<std::size_t>(
      std::clamp(static_cast<std::ptrdiff_t>(chosen_) + by, std::ptrdiff_t{0}, last));
}

void Explorer::close_or_go_up() {
  const TopicTree::Index index = visible_[chosen_];
  if (tree_.node(index).is_open) return tree_.set_open(index, false);
  const auto found = std::ranges::find(visible_, tree_.node(index).parent);
  if (found != visible_.end()) chosen_ = static_cast<std::size_t>(found - visible_.begin());
}

bool Explorer::on_key(const KeyPress& key) {
  constexpr std::ptrdiff_t page = 10;
  constexpr std::ptrdiff_t all = 1'000'000;
  const bool has_choice = chosen_ < visible_.size();
  const TopicTree::Index index = has_choice ? visible_[chosen_] : TopicTree::root;
  const char c = key.character;
  if (key.key == Key::up || c == 'k')
    move(-1);
  else if (key.key == Key::down || c == 'j')
    move(1);
  else if (key.key == Key::page_up)
    move(-page);
  else if (key.key == Key::page_down)
    move(page);
  else if (key.key == Key::home)
    move(-all);
  else if (key.key == Key::end)
    move(all);
  else if ((key.key == Key::right || c == 'l') && has_choice)
    tree_.set_open(index, true);
  else if ((key.key == Key::left || c == 'h') && has_choice)
    close_or_go_up();
  else if (key.key == Key::enter && has_choice)
    tree_.set_open(index, !tree_.node(index).is_open);
  else if (c == 'e')
    tree_.open_all();
  else if (c == ' ')
    is_paused_ = !is_paused_;
  else
    return false;
  is_all_open_ = is_all_open_ && key.key != Key::left && c != 'h' && key.key != Key::enter;
  on_tick(Duration::zero());
  return true;
}

}  // namespace sluice::cli
