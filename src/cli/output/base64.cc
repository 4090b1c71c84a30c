// SPDX-License-Identifier: Apache-2.0
#include "cli/output/base64.h"

#include <algorithm>

namespace sluice::cli {
namespace {

constexpr std::string_view base64_letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string base64(ByteView bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  while (!bytes.empty()) {
    const std::size_t taken = std::min<std::size_t>(3, bytes.size());
    std::uint32_t group = 0;
    for (std::size_t at = 0; at < 3; ++at) group = group << 8 | (at < taken ? bytes[at] : 0U);
    for (std::size_t at = 0; at < 4; ++at) {
      out += at <= taken ? base64_letters[(group >> (18 - 6 * at)) & 63U] : '=';
    }
    bytes = bytes.subspan(taken);
  }
  return out;
}

std::optional<std::string> bytes_of_base64(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  std::size_t taken = 0;
  std::string_view rest = text;
  while (!rest.empty() && rest.front() != '=') {
    const auto value = base64_letters.find(rest.front());
    if (value == std::string_view::npos) return std::nullopt;
    group = group << 6 | static_cast<std::uint32_t>(value);
    rest.remove_prefix(1);
    if (++taken % 4 != 0) continue;
    for (const unsigned shift : {16U, 8U, 0U}) out += static_cast<char>(group >> shift & 0xFFU);
  }
  if (taken % 4 > 1) {
    group <<= 6 * (4 - taken % 4);
    out += static_cast<char>(group >> 16 & 0xFFU);
    if (taken % 4 == 3) out += static_cast<char>(group >> 8 & 0xFFU);
  }
  // What is written again must be the same: that catches wrong padding and stray bits.
  if (base64(as_bytes(out)) != text) return std::nullopt;
  return out;
}

}  // namespace sluice::cli
