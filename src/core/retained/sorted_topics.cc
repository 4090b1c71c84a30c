// SPDX-License-Identifier: Apache-2.0
#include "core/retained/sorted_topics.h"

#include "base/assert.h"

#include <algorithm>
#include <utility>

namespace sluice::core {
namespace {

/// What all topics in [low, high) begin with; an empty `high` is the end of all.
std::size_t shared_prefix(std::string_view low, std::string_view high) {
  return high.empty() ? 0 : common_prefix(low, high);
}

}  // namespace

SortedTopics::SortedTopics() {
  directories_.push_back(std::make_unique<Directory>());
  directories_[0]->pages.insert(0, {.low = {}, .page = std::make_unique<Page>()});
  pages_ = 1;
}

SortedTopics::Page& SortedTopics::page(const Position& position) const {
  return *directories_[position.directory]->pages.at(position.page).page;
}

/// The page in which the key would stand; the rank is not set.
SortedTopics::Position SortedTopics::page_of(std::string_view key) const {
  if (is_in_last_page(key)) return last_;
  const auto behind = std::upper_bound(
      directories_.begin() + 1, directories_.end(), key,
      [](std::string_view k, const auto& directory) { return topic_order(k, directory->low) < 0; });
  Position position;
  position.directory = static_cast<std::uint32_t>(behind - directories_.begin() - 1);
  const auto& pages = directories_[position.directory]->pages;
  const auto place = pages.find(key);
  position.page = place.is_found ? place.rank : place.rank - 1;
  pages.at(position.page).page->prefetch();
  last_ = position;
  has_last_ = true;
  return position;
}

// Those who speak of many topics speak of neighbours: one search does for dozens.
bool SortedTopics::is_in_last_page(std::string_view key) const {
  if (!has_last_) return false;
  const std::string_view low = directories_[last_.directory]->pages.topic(last_.page);
  if (topic_order(key, low) < 0) return false;
  const std::string_view high = high_of_page(last_);
  return high.empty() || topic_order(key, high) < 0;
}

MessageRef SortedTopics::set(MessageRef message) {
  const std::string_view topic = message->topic();
  Position position = page_of(topic);
  auto place = page(position).find(topic);
  if (place.is_found) return std::exchange(page(position).at(place.rank), std::move(message));
  if (page(position).is_full()) {
    split_page(position, place.rank == Page::capacity);
    position = page_of(topic);
    place = page(position).find(topic);
  }
  page(position).insert(place.rank, std::move(message));
  ++size_;
  return {};
}

MessageRef SortedTopics::erase(std::string_view topic) {
  const Position position = page_of(topic);
  Page& home = page(position);
  const auto place = home.find(topic);
  if (!place.is_found) return {};
  MessageRef gone = home.erase(place.rank);
  --size_;
  if (home.size() < join_max / 2) join_page(position);
  return gone;
}

const Message* SortedTopics::find(std::string_view topic) const {
  const Page& home = page(page_of(topic));
  const auto place = home.find(topic);
  return place.is_found ? home.at(place.rank).get() : nullptr;
}

SortedTopics::Position SortedTopics::lower_bound(std::string_view key) const {
  Position position = page_of(key);
  position.rank = page(position).find(key).rank;
  return skip_empty(position);
}

const MessageRef& SortedTopics::at(const Position& position) const {
  return page(position).at(position.rank);
}

SortedTopics::Position SortedTopics::next(Position position) const {
  ++position.rank;
  return skip_empty(position);
}

/// The same place, or, if it is behind a page's last, the first of the next page that has any.
SortedTopics::Position SortedTopics::skip_empty(Position position) const {
  while (position.rank >= page(position).size()) {
    position.rank = 0;
    if (++position.page < directories_[position.directory]->pages.size()) continue;
    position.page = 0;
    if (++position.directory == directories_.size()) break;
  }
  return position;
}

void SortedTopics::look_ahead(const Position& position) const {
  constexpr std::uint32_t distance = 4;
  const Page& home = page(position);
  if (position.rank + distance >= home.size()) return;
  const char* message = reinterpret_cast<const char*>(home.at(position.rank + distance).get());
  __builtin_prefetch(message);
  __builtin_prefetch(message + 64);
}

std::string_view SortedTopics::high_of_directory(std::uint32_t directory) const {
  return directory + 1 < directories_.size() ? std::string_view(directories_[directory + 1]->low)
                                             : std::string_view();
}

std::string_view SortedTopics::high_of_page(const Position& position) const {
  const auto& pages = directories_[position.directory]->pages;
  return position.page + 1 < pages.size() ? pages.topic(position.page + 1)
                                          : high_of_directory(position.directory);
}

void SortedTopics::set_bounds(const Position& position) {
  const std::string_view low = directories_[position.directory]->pages.topic(position.page);
  page(position).set_prefix(shared_prefix(low, high_of_page(position)));
}

void SortedTopics::set_bounds(std::uint32_t directory) {
  Directory& changed = *directories_[directory];
  changed.pages.set_prefix(shared_prefix(changed.low, high_of_directory(directory)));
}

/// Topics that grow leave pages nearly full behind them; others are halved.
void SortedTopics::split_page(const Position& position, bool is_append) {
  has_last_ = false;
  if (directories_[position.directory]->pages.is_full()) {
    const std::string low(directories_[position.directory]->pages.topic(position.page));
    split_directory(position.directory);
    split_page(page_of(low), is_append);
    return;
  }
  Page& left = page(position);
  const std::uint32_t middle =
      is_append ? Page::capacity - Page::capacity / 16 : Page::capacity / 2;
  Child right{.low = std::string(topic_separator(left.topic(middle - 1), left.topic(middle))),
              .page = std::make_unique<Page>()};
  left.move_tail(middle, *right.page);
  directories_[position.directory]->pages.insert(position.page + 1, std::move(right));
  ++pages_;
  set_bounds(position);
  set_bounds(Position{position.directory, position.page + 1});
}

void SortedTopics::split_directory(std::uint32_t index) {
  Directory& left = *directories_[index];
  auto right = std::make_unique<Directory>();
  left.pages.move_tail(left.pages.size() / 2, right->pages);
  right->low = right->pages.topic(0);
  directories_.insert(directories_.begin() + index + 1, std::move(right));
  set_bounds(index);
  set_bounds(index + 1);
}

/// Joins a page that has become small with its right neighbour, or the left one, or, if it is empty
/// and alone, takes its directory away.
void SortedTopics::join_page(const Position& position) {
  has_last_ = false;
  auto& pages = directories_[position.directory]->pages;
  const auto fits = [&pages](std::uint32_t left) {
    return left + 1 < pages.size() &&
           pages.at(left).page->size() + pages.at(left + 1).page->size() <= join_max;
  };
  Position left = position;
  if (!fits(left.page)) {
    if (left.page == 0 || !fits(left.page - 1)) {
      if (pages.size() == 1 && pages.at(0).page->size() == 0) drop_directory(position.directory);
      return;
    }
    --left.page;
  }
  Child gone = pages.erase(left.page + 1);
  --pages_;
  gone.page->move_tail(0, page(left));
  set_bounds(left);
}

/// What could have come here goes to the end of the directory before it. The first one stays.
void SortedTopics::drop_directory(std::uint32_t index) {
  if (index == 0) return;
  directories_.erase(directories_.begin() + index);
  --pages_;
  set_bounds(index - 1);
  set_bounds(Position{index - 1, directories_[index - 1]->pages.size() - 1});
}

std::size_t SortedTopics::bytes() const {
  return pages_ * sizeof(Page) + directories_.size() * sizeof(Directory) +
         directories_.capacity() * sizeof(directories_[0]);
}

}  // namespace sluice::core
