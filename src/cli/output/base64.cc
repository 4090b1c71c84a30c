// SPDX-License-Identifier: Apache-2.0
#include "cli/output/base64.h"

#include <algorithm>

namespace sluice::cli {

std::string base64(ByteView bytes) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  while (!bytes.empty()) {
    const std::size_t taken = std::min<std::size_t>(3, bytes.size());
    std::uint32_t group = 0;
    for (std::size_t at = 0; at < 3; ++at) group = group << 8 | (at < taken ? bytes[at] : 0U);
    for (std::size_t at = 0; at < 4; ++at) {
      out += at <= taken ? letters[(group >> (18 - 6 * at)) & 63U] : '=';
    }
    bytes = bytes.subspan(taken);
  }
  return out;
}

}  // namespace sluice::cli
