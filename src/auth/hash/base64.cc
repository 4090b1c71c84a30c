// SPDX-License-Identifier: Apache-2.0
#include "auth/hash/base64.h"

#include <openssl/evp.h>

#include <algorithm>

namespace sluice::auth {

std::string to_base64(ByteView bytes, Padding padding) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = ::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  if (padding == Padding::without)
    while (text.ends_with('=')) text.pop_back();
  return text;
}

Result<std::vector<std::uint8_t>> from_base64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  if (text.size() % 4 == 1) return fail(ErrorCode::parse_error, "not base64: its length");
  // The decoder of OpenSSL lets blanks pass.
  const bool is_clean = std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
  });
  if (!is_clean) return fail(ErrorCode::parse_error, "not base64: a character");
  std::string padded(text);
  while (padded.size() % 4 != 0) padded += '=';
  std::vector<std::uint8_t> bytes(padded.size() / 4 * 3);
  const int size =
      ::EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(padded.data()),
                        static_cast<int>(padded.size()));
  if (size < 0) return fail(ErrorCode::parse_error, "not base64");
  bytes.resize(text.size() * 3 / 4);
  return bytes;
}

Result<std::vector<std::uint8_t>> from_base64url(std::string_view text) {
  std::string other(text);
  for (char& c : other) {
    if (c == '+' || c == '/' || c == '=') return fail(ErrorCode::parse_error, "not base64url");
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  return from_base64(other);
}

}  // namespace sluice::auth
