// SPDX-License-Identifier: Apache-2.0
//
// ShortText holds a text that never changes, in 24 bytes: up to 23 of its own inside (as many as
// MQTT 3.1 allows a client identifier), more on the heap. std::string takes 32 and goes to the heap
// behind 15.
//
// Owner: whoever holds it. Thread: any, as a constant. Limits: 2^32 - 1 bytes.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace sluice {

class ShortText {
 public:
  explicit ShortText(std::string_view text) {
    if (text.size() <= inside_max) {
      std::memcpy(place_.data(), text.data(), text.size());
      size_ = static_cast<std::uint8_t>(text.size());
      return;
    }
    auto copy = std::make_unique_for_overwrite<char[]>(text.size());
    std::memcpy(copy.get(), text.data(), text.size());
    const Outside outside{copy.release(), static_cast<std::uint32_t>(text.size())};
    std::memcpy(place_.data(), &outside, sizeof(outside));
    size_ = is_outside;
  }
  ShortText(const ShortText&) = delete;
  ShortText& operator=(const ShortText&) = delete;
  ~ShortText() {
    if (size_ == is_outside) std::unique_ptr<char[]>(outside().data).reset();
  }

  std::string_view view() const {
    if (size_ != is_outside) return {place_.data(), size_};
    const Outside text = outside();
    return {text.data, text.size};
  }
  /// Memory beyond sizeof(ShortText).
  std::size_t heap_bytes() const { return size_ == is_outside ? outside().size : 0; }

 private:
  static constexpr std::size_t inside_max = 23;
  static constexpr std::uint8_t is_outside = 0xff;

  struct Outside {
    char* data;
    std::uint32_t size;
  };
  Outside outside() const {
    Outside result;
    std::memcpy(&result, place_.data(), sizeof(result));
    return result;
  }

  alignas(Outside) std::array<char, inside_max> place_;
  std::uint8_t size_ = 0;
};
static_assert(sizeof(ShortText) == 24);

}  // namespace sluice
