// SPDX-License-Identifier: Apache-2.0
#include "auth/ldap/ldap_backend.h"

#include <ldap.h>

#include <array>
#include <memory>

namespace sluice::auth {
namespace {

constexpr std::size_t ldap_name_bytes_max = 1024;
constexpr std::size_t groups_max = 1000;

struct Release {
  void operator()(LDAP* session) const { ::ldap_unbind_ext_s(session, nullptr, nullptr); }
  void operator()(LDAPMessage* message) const { ::ldap_msgfree(message); }
  void operator()(berval** values) const { ::ldap_value_free_len(values); }
};
using Session = std::unique_ptr<LDAP, Release>;

Verdict down(int code) {
  return Verdict::unavailable(std::string("auth_ldap.url: ") + ::ldap_err2string(code));
}

int set_up(LDAP* session, const AuthOptions::AuthLdap& options) {
  const int version = LDAP_VERSION3;
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(options.timeout).count();
  const timeval limit{.tv_sec = us / 1'000'000, .tv_usec = us % 1'000'000};
  ::ldap_set_option(session, LDAP_OPT_PROTOCOL_VERSION, &version);
  ::ldap_set_option(session, LDAP_OPT_NETWORK_TIMEOUT, &limit);
  ::ldap_set_option(session, LDAP_OPT_TIMEOUT, &limit);
  ::ldap_set_option(session, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
  const int demand = LDAP_OPT_X_TLS_DEMAND;
  ::ldap_set_option(session, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
  if (!options.ca_file.empty())
    ::ldap_set_option(session, LDAP_OPT_X_TLS_CACERTFILE, options.ca_file.c_str());
  const int server = 0;
  const int code = ::ldap_set_option(session, LDAP_OPT_X_TLS_NEWCTX, &server);
  if (code != LDAP_OPT_SUCCESS) return LDAP_CONNECT_ERROR;
  return options.start_tls ? ::ldap_start_tls_s(session, nullptr, nullptr) : LDAP_SUCCESS;
}

int bind(LDAP* session, const std::string& dn, std::string_view password) {
  // libldap only reads it.
  berval secret{.bv_len = password.size(), .bv_val = const_cast<char*>(password.data())};
  return ::ldap_sasl_bind_s(session, dn.c_str(), LDAP_SASL_SIMPLE, &secret, nullptr, nullptr,
                            nullptr);
}

// The values of one attribute of the client's own entry.
int read_values(LDAP* session, const std::string& dn, std::string attribute,
                std::vector<std::string>& into) {
  std::array<char*, 2> wanted{attribute.data(), nullptr};
  LDAPMessage* found = nullptr;
  const int code = ::ldap_search_ext_s(session, dn.c_str(), LDAP_SCOPE_BASE, "(objectClass=*)",
                                       wanted.data(), 0, nullptr, nullptr, nullptr, 1, &found);
  const std::unique_ptr<LDAPMessage, Release> answer(found);
  LDAPMessage* entry = code == LDAP_SUCCESS ? ::ldap_first_entry(session, found) : nullptr;
  if (entry == nullptr) return code;
  const std::unique_ptr<berval*, Release> values(
      ::ldap_get_values_len(session, entry, attribute.c_str()));
  for (berval** each = values.get(); each != nullptr && *each != nullptr; ++each)
    if (into.size() < groups_max) into.emplace_back((*each)->bv_val, (*each)->bv_len);
  return code;
}

}  // namespace

std::string LdapBackend::dn_of(std::string_view pattern, std::string_view user) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string escaped;
  for (const char c : user) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = byte >= 0x80 || (byte >= '0' && byte <= '9') ||
                          (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
                          byte == '-' || byte == '_' || byte == '.' || byte == '@';
    if (is_plain)
      escaped += c;
    else
      (escaped += '\\').append({digits[byte >> 4U], digits[byte & 15U]});
  }
  std::string dn;
  while (!pattern.empty()) {
    const std::size_t at = std::min(pattern.find("%u"), pattern.size());
    dn += pattern.substr(0, at);
    pattern.remove_prefix(at);
    if (pattern.empty()) break;
    dn += escaped;
    pattern.remove_prefix(2);
  }
  return dn;
}

Verdict LdapBackend::check(core::AuthRequest& request) const {
  if (!request.user_name || request.user_name->empty()) return Verdict::unknown("no user name");
  if (request.user_name->size() > ldap_name_bytes_max)
    return Verdict::refused("the name is too long");
  // A bind without a password succeeds everywhere and proves nothing.
  if (!request.password || request.password->empty()) return Verdict::refused("no password");
  LDAP* made = nullptr;
  if (const int code = ::ldap_initialize(&made, options_.url.c_str()); code != LDAP_SUCCESS)
    return down(code);
  const Session session(made);
  if (const int code = set_up(made, options_); code != LDAP_SUCCESS) return down(code);
  const std::string dn = dn_of(options_.user_dn, *request.user_name);
  switch (const int code = bind(made, dn, request.password->text())) {
    case LDAP_SUCCESS:
      break;
    case LDAP_INVALID_CREDENTIALS:
    case LDAP_INSUFFICIENT_ACCESS:
    case LDAP_INAPPROPRIATE_AUTH:
    case LDAP_CONSTRAINT_VIOLATION:
      return Verdict::refused("the directory has refused");
    case LDAP_NO_SUCH_OBJECT:
    case LDAP_INVALID_DN_SYNTAX:
      return Verdict::unknown("no such user in the directory");
    default:
      return down(code);
  }
  core::Principal who;
  who.user = *request.user_name;
  if (!options_.groups_attribute.empty())
    if (const int code = read_values(made, dn, options_.groups_attribute, who.groups);
        code != LDAP_SUCCESS)
      return down(code);
  return Verdict::accepted(std::move(who));
}

}  // namespace sluice::auth
