// SPDX-License-Identifier: Apache-2.0
#include "cli/mqtt/tls_settings.h"

#include <algorithm>
#include <array>
#include <string>

namespace sluice::cli {
namespace {

constexpr std::string_view asking[] = {"cafile", "capath",           "cert",
                                       "key",    "tls-use-os-certs", "tls-alpn",
                                       "psk",    "psk-identity",     "tls-engine"};

}  // namespace

bool wants_tls(const ParsedFlags& flags) {
  if (flags.has("no-tls")) return false;
  return std::ranges::any_of(asking, [&flags](std::string_view name) { return flags.has(name); });
}

bool has_tls_flag(const ParsedFlags& flags) {
  if (flags.has("no-tls")) return false;
  return wants_tls(flags) ||
         std::ranges::any_of(std::array{"insecure", "tls-version", "ciphers", "keyform",
                                        "tls-engine-kpass-sha1", "tls-keylog"},
                             [&flags](std::string_view name) { return flags.has(name); });
}

Parsed<net::TlsContext> tls_settings(const ParsedFlags& flags) {
  if (flags.has("cert") != flags.has("key"))
    return refuse("--cert and --key go together: give both");
  if (flags.has("psk") != flags.has("psk-identity"))
    return refuse("--psk and --psk-identity go together: give both");
  if (flags.has("psk") && (flags.has("cafile") || flags.has("capath")))
    return refuse("--psk stands for certificates: leave --cafile and --capath out");
  if (flags.has("keyform") && flags.text("keyform") != "pem")
    return refuse("--keyform " + std::string(flags.text("keyform")) + ": only pem is known");
  if (flags.has("tls-engine") || flags.has("tls-engine-kpass-sha1"))
    return refuse("--tls-engine: OpenSSL 3 has no engines; give the key as a PEM file with --key");
  net::TlsClientOptions options;
  options.ca_file = flags.text("cafile");
  options.ca_path = flags.text("capath");
  options.certificate = flags.text("cert");
  options.key = flags.text("key");
  options.ciphers = flags.text("ciphers");
  options.alpn = flags.text("tls-alpn");
  options.psk_hex = flags.text("psk");
  options.psk_identity = flags.text("psk-identity");
  options.key_log = flags.text("tls-keylog");
  if (flags.has("insecure")) options.host_check = net::HostCheck::chain_only;
  if (flags.has("tls-version")) {
    const std::string_view version = flags.text("tls-version");
    if (version != "tlsv1.2" && version != "tlsv1.3")
      return refuse("--tls-version " + std::string(version) + ": tlsv1.2 or tlsv1.3 is needed");
    options.versions =
        version == "tlsv1.2" ? net::TlsVersions::only_1_2 : net::TlsVersions::only_1_3;
  }
  auto context = net::TlsContext::for_client(options);
  if (!context) return refuse(context.error());
  return std::move(*context);
}

}  // namespace sluice::cli
