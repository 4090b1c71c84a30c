// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/line_reader.h"

#include <algorithm>

namespace sluice::cli {

void LineReader::feed(ByteView bytes) {
  text_.erase(0, taken_);
  searched_ -= taken_;
  taken_ = 0;
  text_ += as_text(bytes);
}

std::optional<std::string_view> LineReader::next() {
  searched_ = std::max(searched_, taken_);
  const auto line_end = text_.find('\n', searched_);
  if (line_end == std::string::npos) {
    searched_ = text_.size();
    if (!is_ended_ || taken_ == text_.size()) return std::nullopt;
    const std::string_view rest = std::string_view(text_).substr(taken_);
    taken_ = text_.size();
    return rest;
  }
  const std::string_view line = std::string_view(text_).substr(taken_, line_end - taken_);
  taken_ = searched_ = line_end + 1;
  return line;
}

}  // namespace sluice::cli
