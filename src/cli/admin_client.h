// SPDX-License-Identifier: Apache-2.0
//
// Asks a broker's administration port one thing: a request, its answer, the end.
//
// Thread: the command's; blocks, at most as long as the system lets a connection take, then 10 s
//         for the answer.
// Limits:  answer_bytes_max.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace sluice::cli {

inline constexpr std::size_t answer_bytes_max = std::size_t{256} << 20;

struct AdminAnswer {
  unsigned status = 0;
  std::string body;
};

/// `address` is host:port or http://host:port. The error is a sentence for the user.
std::expected<AdminAnswer, std::string> ask_admin(std::string_view address, std::string_view method,
                                                  std::string_view target);

/// What a path segment may not hold is percent-encoded.
std::string encoded_segment(std::string_view text);

}  // namespace sluice::cli
