// SPDX-License-Identifier: Apache-2.0
//
// A Secret is bytes that nobody else may see: a password on its way to whoever checks it. It moves,
// is never copied or printed, and its memory is overwritten when it goes.
//
// Owner:   whoever holds the value.        Thread: any, one at a time.
#pragma once

#include "base/bytes.h"

#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

class Secret {
 public:
  Secret() = default;
  explicit Secret(ByteView bytes) : bytes_(bytes.begin(), bytes.end()) {}
  explicit Secret(std::string_view text) : Secret(as_bytes(text)) {}
  Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) { other.bytes_.clear(); }
  Secret& operator=(Secret&& other) noexcept {
    if (this == &other) return *this;
    wipe();
    bytes_ = std::move(other.bytes_);
    other.bytes_.clear();
    return *this;
  }
  ~Secret() { wipe(); }

  ByteView view() const { return bytes_; }
  std::string_view text() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }
  bool empty() const { return bytes_.empty(); }
  std::size_t size() const { return bytes_.size(); }

 private:
  // Volatile, so that no compiler takes the writes for useless.
  void wipe() noexcept {
    volatile std::uint8_t* at = bytes_.data();
    for (std::size_t i = 0; i < bytes_.size(); ++i) at[i] = 0;
    bytes_.clear();
  }

  std::vector<std::uint8_t> bytes_;
};

}  // namespace sluice
