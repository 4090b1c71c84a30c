// SPDX-License-Identifier: Apache-2.0
// Pre-shared keys: one pair of callbacks serves TLS 1.2 and 1.3, where OpenSSL makes of the key a
// session for TLS_AES_128_GCM_SHA256.
#include "net/transport/tls/tls_shared.h"
#include "os/file.h"

#include <algorithm>
#include <cstring>
#include <span>

namespace sluice::net {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

unsigned copy_key(const std::vector<std::uint8_t>& key, std::span<unsigned char> into) {
  if (key.size() > into.size()) return 0;
  std::ranges::copy(key, into.begin());
  return static_cast<unsigned>(key.size());
}

unsigned find_key(SSL* ssl, const char* identity, unsigned char* key, unsigned key_max) {
  const TlsShared& shared = tls_shared(SSL_get_SSL_CTX(ssl));
  const auto found = shared.psk_keys.find(identity);
  if (found == shared.psk_keys.end()) return 0;
  if (auto* place = static_cast<std::string*>(SSL_get_app_data(ssl))) *place = found->first;
  return copy_key(found->second, {key, key_max});
}

unsigned offer_key(SSL* ssl, const char* /*hint*/, char* identity, unsigned identity_max,
                   unsigned char* key, unsigned key_max) {
  const TlsShared& shared = tls_shared(SSL_get_SSL_CTX(ssl));
  const auto& [name, bytes] = *shared.psk_keys.begin();
  if (name.size() + 1 > identity_max) return 0;
  std::memcpy(identity, name.c_str(), name.size() + 1);
  return copy_key(bytes, {key, key_max});
}

}  // namespace

std::vector<std::uint8_t> bytes_of_hex(std::string_view text) {
  if (text.size() % 2 != 0) return {};
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return {};
    bytes.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  return bytes;
}

TlsResult<TlsPskTable> read_psk_file(const std::string& path) {
  const auto text = os::read_file(path, TlsContext::psk_file_bytes_max);
  if (!text) return std::unexpected(path + ": cannot be read: " + text.error().detail);
  TlsPskTable table;
  std::string_view rest = *text;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    const auto wrong = [&](const char* what) {
      return std::unexpected(path + ":" + std::to_string(number) + ": " + what);
    };
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0)
      return wrong("a line is IDENTITY:KEY, the key in hexadecimal digits");
    std::vector<std::uint8_t> key = bytes_of_hex(line.substr(colon + 1));
    if (key.empty() || key.size() > PSK_MAX_PSK_LEN)
      return wrong("a key is an even number of hexadecimal digits, at most 512 bytes");
    if (!table.emplace(std::string(line.substr(0, colon)), std::move(key)).second)
      return wrong("this identity stands twice");
  }
  if (table.empty()) return std::unexpected(path + ": no key in it, so nobody could connect");
  return table;
}

void use_server_psk(SSL_CTX* context) { SSL_CTX_set_psk_server_callback(context, find_key); }

void use_client_psk(SSL_CTX* context) { SSL_CTX_set_psk_client_callback(context, offer_key); }

void set_psk_identity_place(SSL* ssl, std::string* place) { SSL_set_app_data(ssl, place); }

}  // namespace sluice::net
