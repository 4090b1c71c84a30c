// SPDX-License-Identifier: Apache-2.0
//
// A SortedPage holds up to `capacity` elements in the order of their topics. Elements stay in their
// cells; only a permutation of bytes is sorted. All topics that can come here share a prefix, known
// from the page's bounds; the four bytes behind it stand in the page, so that a search hardly ever
// reads a topic itself.
//
// Owner:   SortedTopics.     Thread: its shard's.
// Limits:  capacity.
#pragma once

#include "base/assert.h"
#include "core/retained/topic_order.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace sluice::core {

/// Topic is a function object: topic(const Element&) is its std::string_view.
template <class Element, class Topic, std::uint32_t page_capacity>
class SortedPage {
 public:
  static constexpr std::uint32_t capacity = page_capacity;
  static_assert(capacity <= 256, "a cell is named by a byte");

  std::uint32_t size() const { return size_; }
  bool is_full() const { return size_ == capacity; }
  Element& at(std::uint32_t rank) { return elements_[order_[rank]]; }
  const Element& at(std::uint32_t rank) const { return elements_[order_[rank]]; }
  std::string_view topic(std::uint32_t rank) const { return Topic{}(at(rank)); }

  struct Place {
    std::uint32_t rank;  ///< of the first element not before the key
    bool is_found;       ///< it has the very topic
  };
  /// REQUIRES, here and below: a key within the bounds that set_prefix() was told of.
  Place find(std::string_view key) const {
    const std::uint32_t fragment = topic_fragment(key, prefix_);
    std::uint32_t low = 0;
    std::uint32_t high = size_;
    while (low < high) {
      const std::uint32_t middle = (low + high) / 2;
      bool is_before = fragments_[middle] < fragment;
      if (fragments_[middle] == fragment) {
        const int order = topic_order(topic(middle), key, prefix_);
        if (order == 0) return {middle, true};
        is_before = order < 0;
      }
      low = is_before ? middle + 1 : low;
      high = is_before ? high : middle;
    }
    return {low, false};
  }
  /// Starts reading all that find() will.
  void prefetch() const {
    const char* begin = reinterpret_cast<const char*>(this);
    for (std::size_t i = 0; i < sizeof(*this); i += 64) __builtin_prefetch(begin + i);
  }

  /// REQUIRES: !is_full(), and the rank keeps the order.
  void insert(std::uint32_t rank, Element&& element) {
    SLUICE_DCHECK(size_ < capacity && rank <= size_);
    const std::uint32_t cell = size_;
    elements_[cell] = std::move(element);
    std::copy_backward(order_.begin() + rank, order_.begin() + size_, order_.begin() + size_ + 1);
    std::copy_backward(fragments_.begin() + rank, fragments_.begin() + size_,
                       fragments_.begin() + size_ + 1);
    order_[rank] = static_cast<std::uint8_t>(cell);
    fragments_[rank] = topic_fragment(Topic{}(elements_[cell]), prefix_);
    ++size_;
  }
  Element erase(std::uint32_t rank) {
    SLUICE_DCHECK(rank < size_);
    const std::uint8_t cell = order_[rank];
    Element out = std::move(elements_[cell]);
    --size_;
    std::copy(order_.begin() + rank + 1, order_.begin() + size_ + 1, order_.begin() + rank);
    std::copy(fragments_.begin() + rank + 1, fragments_.begin() + size_ + 1,
              fragments_.begin() + rank);
    // Keep the cells without gaps: the last one fills the hole.
    if (cell != size_) {
      auto* last = std::find(order_.begin(), order_.begin() + size_, size_);
      SLUICE_ASSERT(last != order_.begin() + size_);
      *last = cell;
      elements_[cell] = std::move(elements_[size_]);
    }
    elements_[size_] = Element{};
    return out;
  }
  /// Moves all from this rank on behind the elements of another page.
  void move_tail(std::uint32_t rank, SortedPage& to) {
    SLUICE_ASSERT(to.size_ + (size_ - rank) <= capacity);
    const std::uint32_t begin = to.size_;
    for (std::uint32_t i = rank; i < size_; ++i) to.insert(begin + i - rank, std::move(at(i)));
    SortedPage kept;
    for (std::uint32_t i = 0; i < rank; ++i) {
      kept.elements_[i] = std::move(at(i));
      kept.fragments_[i] = fragments_[i];
      kept.order_[i] = static_cast<std::uint8_t>(i);
    }
    kept.size_ = rank;
    kept.prefix_ = prefix_;
    *this = std::move(kept);
  }
  /// All topics that will ever be looked for or inserted here share so many bytes with those that
  /// stand here. Reads all topics.
  void set_prefix(std::size_t prefix) {
    prefix_ = static_cast<std::uint32_t>(prefix);
    for (std::uint32_t i = 0; i < size_; ++i) fragments_[i] = topic_fragment(topic(i), prefix_);
  }

 private:
  std::uint32_t size_ = 0;
  std::uint32_t prefix_ = 0;
  std::array<std::uint32_t, capacity> fragments_{};  ///< by rank
  std::array<std::uint8_t, capacity> order_{};       ///< the cell of each rank
  std::array<Element, capacity> elements_{};
};

}  // namespace sluice::core
