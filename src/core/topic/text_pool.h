// SPDX-License-Identifier: Apache-2.0
//
// The TextPool keeps texts that do not fit into their records, in blocks of a few size classes
// (multiples of 16 bytes up to 512; longer texts have an allocation each).
//
// Owner:   whoever holds it.     Thread: one.
// Limits:  2^26 texts of a class; the caller's before that.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace sluice::core::topic {

/// Names a text of a TextPool; the caller remembers its size.
enum class TextId : std::uint32_t {};

class TextPool {
 public:
  TextPool() = default;
  TextPool(const TextPool&) = delete;
  TextPool& operator=(const TextPool&) = delete;

  TextId add(std::string_view text);
  /// REQUIRES: a text of add() and its size.
  void remove(TextId id, std::size_t size);
  /// Where the text begins; stays until it is removed.
  const char* data(TextId id) const;

  std::size_t bytes() const { return bytes_; }

 private:
  static constexpr std::uint32_t class_bits = 6;
  static constexpr std::uint32_t class_step = 16;
  static constexpr std::uint32_t classes = 32;  ///< and one more for what is longer
  static constexpr std::uint32_t chunk_blocks = 64;
  static constexpr std::uint32_t none = 0xffffffffU;

  struct SizeClass {
    std::vector<std::unique_ptr<char[]>> chunks;  ///< of the last class: one text each
    std::vector<std::uint32_t> free;
    std::uint32_t end = 0;
  };

  static std::uint32_t class_of(std::size_t size);
  char* block(std::uint32_t size_class, std::uint32_t index) const;

  std::array<SizeClass, classes + 1> classes_;
  std::size_t bytes_ = 0;
};

}  // namespace sluice::core::topic
