// SPDX-License-Identifier: Apache-2.0
#include "cli/mqtt/failure_text.h"

#include "cli/output/terminal_text.h"
#include "os/system_error.h"

#include <cerrno>
#include <string_view>
#include <system_error>

namespace sluice::cli {
namespace {

using client::EndCause;
using codec::ReasonCode;

bool is_local(const client::Endpoint& endpoint) {
  return endpoint.host == "localhost" || endpoint.host == "::1" ||
         endpoint.host.starts_with("127.");
}

std::string remedy(ReasonCode reason) {
  switch (reason) {
    case ReasonCode::bad_user_name_or_password:
      return "; check -u and -P";
    case ReasonCode::not_authorized:
      return "; give a user name with -u and a password with -P, or ask for the right";
    case ReasonCode::client_identifier_not_valid:
      return "; choose another client id with -i";
    case ReasonCode::unsupported_protocol_version:
      return "; try -V 311 or -V 31";
    case ReasonCode::server_busy:
    case ReasonCode::server_unavailable:
    case ReasonCode::connection_rate_exceeded:
      return "; try again later";
    default:
      return {};
  }
}

bool has_tls(const client::Endpoint& endpoint) {
  return endpoint.scheme == net::Scheme::tls || endpoint.scheme == net::Scheme::wss;
}

/// What to do about a certificate; `why` is OpenSSL's sentence.
const char* certificate_remedy(std::string_view why) {
  if (why.contains("mismatch")) return "; connect by a name that the broker's certificate is for";
  if (why.contains("signed certificate") || why.contains("issuer certificate") ||
      why.contains("verify the first certificate")) {
    return "; give the certificate of its authority with --cafile";
  }
  if (why.contains("expired")) return "; the broker needs a new certificate";
  return why.contains("not yet valid") ? "; is the clock of this machine right?" : "";
}

/// What the port may be, where it hangs up on the layers of a connection, and what may help.
const char* suspicion(const client::Endpoint& endpoint, const Error& error) {
  if (has_tls(endpoint) && error.code == ErrorCode::protocol_error) {
    return certificate_remedy(error.detail);
  }
  if (error.code != ErrorCode::closed) return "";
  if (endpoint.scheme == net::Scheme::ws) return "; is this the port of its WebSocket?";
  return has_tls(endpoint) ? "; does this port speak TLS?" : "";
}

/// The reason code that says the same as a return code of MQTT 3.x.
ReasonCode reason_of(codec::ConnectReturnCode code) {
  switch (code) {
    case codec::ConnectReturnCode::unacceptable_protocol_version:
      return ReasonCode::unsupported_protocol_version;
    case codec::ConnectReturnCode::identifier_rejected:
      return ReasonCode::client_identifier_not_valid;
    case codec::ConnectReturnCode::server_unavailable:
      return ReasonCode::server_unavailable;
    case codec::ConnectReturnCode::bad_user_name_or_password:
      return ReasonCode::bad_user_name_or_password;
    case codec::ConnectReturnCode::not_authorized:
      return ReasonCode::not_authorized;
    case codec::ConnectReturnCode::accepted:
      break;
  }
  return ReasonCode::unspecified_error;
}

}  // namespace

std::string unreachable_text(const client::Endpoint& endpoint, const Error& error) {
  const std::string place = to_string(endpoint);
  const bool is_unix = endpoint.scheme == net::Scheme::unix_socket;
  switch (error.code) {
    case ErrorCode::refused:
      if (is_unix) return "nothing listens on the socket " + place;
      if (error.system == ENETUNREACH || error.system == EHOSTUNREACH) {
        return "no network leads to " + place + " (" +
               std::generic_category().message(error.system) +
               "); check the address, and whether this machine is in a network that knows it";
      }
      return "nothing listens on " + place +
             (is_local(endpoint) ? "; start a broker with: sluice serve"
                                 : "; check host and port, or whether the broker runs there");
    case ErrorCode::not_found:
      if (is_unix) return "there is no socket " + place + "; check the path";
      return "the host '" + endpoint.host + "' is not known; check its name";
    case ErrorCode::timed_out:
      return place + " does not answer; check host, port and firewalls";
    case ErrorCode::permission_denied:
      return "this user may not connect to " + place;
    default:
      return "cannot connect to " + place + ": " + os::describe(error) + suspicion(endpoint, error);
  }
}

std::string reason_text(ReasonCode reason, const codec::Properties& properties) {
  std::string text = codec::to_string(reason);
  const auto words = properties.text(codec::PropertyId::reason_string);
  if (words && *words != text) {
    text += " (";
    append_printable(*words, text);
    text += ')';
  }
  if (const auto server = properties.text(codec::PropertyId::server_reference)) {
    text += ", use ";
    append_printable(*server, text);
  }
  return text;
}

std::string refused_text(const codec::Connack& connack) {
  const auto reason = connack.code >= 0x80
                          ? static_cast<ReasonCode>(connack.code)
                          : reason_of(static_cast<codec::ConnectReturnCode>(connack.code));
  return "the broker refused the connection: " + reason_text(reason, connack.properties) +
         remedy(reason);
}

std::string ending_text(const client::Ending& ending) {
  switch (ending.cause) {
    case EndCause::by_user:
    case EndCause::refused:
      return {};
    case EndCause::by_server:
      return "the broker ended the connection: " + reason_text(ending.reason, ending.properties);
    case EndCause::protocol:
      return std::string("the connection was ended: ") + ending.error.detail;
    case EndCause::connect_timeout:
      return "the broker took the connection but did not answer; is it an MQTT broker?";
    case EndCause::ping_timeout:
      return "the broker does not answer any more";
    case EndCause::transport:
      return "the broker closed the connection";
  }
  return {};
}

std::string unconnected_text(const client::Ending& ending, const client::Endpoint& endpoint) {
  const bool is_silence = ending.cause == EndCause::transport;
  const std::string text = is_silence
                               ? to_string(endpoint) + " closed the connection without an answer"
                               : ending_text(ending);
  if (endpoint.scheme != net::Scheme::tcp) return text;
  if (!is_silence && ending.cause != EndCause::protocol) return text;
  return text + "; does this port speak TLS (mqtts://, --cafile) or WebSocket (--ws)?";
}

}  // namespace sluice::cli
