// SPDX-License-Identifier: Apache-2.0
//
// A LineReader cuts bytes that come in pieces into lines.
//
// Owner:   Publisher.
// Limits:  the caller stops feeding while lines wait.
#pragma once

#include "base/bytes.h"

#include <optional>
#include <string>
#include <string_view>

namespace sluice::cli {

class LineReader {
 public:
  void feed(ByteView bytes);
  /// No more bytes come: what stands behind the last line end is a line too, if it is not empty.
  void end() { is_ended_ = true; }

  /// The next line without its end, or nothing if none is whole. Valid until the next call.
  std::optional<std::string_view> next();
  /// True when every line has been taken and no more can come.
  bool is_done() const { return is_ended_ && taken_ == text_.size(); }
  /// Bytes that wait.
  std::size_t size() const { return text_.size() - taken_; }

 private:
  std::string text_;
  std::size_t taken_ = 0;
  std::size_t searched_ = 0;  ///< no line end before this place
  bool is_ended_ = false;
};

}  // namespace sluice::cli
