// SPDX-License-Identifier: Apache-2.0
//
// The flags of every command that connects to a broker as a client: rows that pub, sub and their
// like put into their tables. Names and letters are those of mosquitto_pub and mosquitto_sub.
#pragma once

#include "cli/flags/flag.h"

namespace sluice::cli {

inline constexpr Flag broker_flags[] = {
    {"host", 'h', FlagKind::text, "HOST", "broker to connect to (localhost)"},
    {"port", 'p', FlagKind::integer, "PORT", "port to connect to (1883)", 1, 65'535},
    {"url", 'L', FlagKind::text, "URL",
     "broker and topic in one: mqtt://[user[:password]@]host[:port]/topic"},
    {"unix", '\0', FlagKind::text, "PATH", "connect through a Unix socket"},
    {"ws", '\0', FlagKind::toggle, "", "connect over a WebSocket, with the path /mqtt"},
    {"ws-header", '\0', FlagKind::list, "NAME:VALUE",
     "a header of the request for the WebSocket, such as Authorization; may be repeated"},
    {"context", '\0', FlagKind::text, "NAME",
     "connect as saved under this name by `sluice context save`"},
    {"bind", 'A', FlagKind::text, "ADDRESS", "local address to connect from"},
    {"srv", 'S', FlagKind::toggle, "",
     "ask the DNS which hosts serve the domain given with -h, and on which ports: _mqtt._tcp, or "
     "_secure-mqtt._tcp with TLS; without -h the domain of this system"},
    {"mptcp", '\0', FlagKind::toggle, "",
     "let the TCP connection use several networks at once (MPTCP), where the broker can"},
    {"nodelay", '\0', FlagKind::toggle, "",
     "send small packets at once; always so here, accepted for old scripts"},
};

inline constexpr Flag session_flags[] = {
    {"protocol-version", 'V', FlagKind::text, "VERSION",
     "5, 311 or 31, also mqttv5, mqttv311, mqttv31, or auto: 5, and 311 if that is refused"},
    {"id", 'i', FlagKind::text, "ID", "client id"},
    {"id-prefix", 'I', FlagKind::text, "PREFIX", "client id made of this and the process id"},
    {"username", 'u', FlagKind::text, "NAME", "user name"},
    {"pw", 'P', FlagKind::text, "PASSWORD",
     "password; others can see it in the list of processes: - asks for it, SLUICE_PASSWORD hides "
     "it"},
    {"password-file", '\0', FlagKind::text, "FILE", "the password is the first line of a file"},
    {"disable-clean-session", 'c', FlagKind::toggle, "",
     "keep the session when the connection ends; needs a client id"},
    {"session-expiry", 'x', FlagKind::text, "SECONDS",
     "how long the session outlives the connection, -1 for ever (MQTT 5)"},
    {"keepalive", 'k', FlagKind::integer, "SECONDS", "keep alive (60), 0 for none", 0, 65'535},
    {"max-inflight", 'M', FlagKind::integer, "COUNT", "QoS 1 and 2 messages under way at once", 1,
     65'535},
    {"follow-server-reference", '\0', FlagKind::toggle, "",
     "where the broker names another one, go there, four times in a row at most; user and password "
     "go there too (MQTT 5)"},
    {"property", 'D', FlagKind::property, "COMMAND NAME VALUE",
     "an MQTT 5 property of connect, publish, subscribe, unsubscribe, disconnect or will; "
     "user-property takes a name and a value"},
};

inline constexpr Flag will_flags[] = {
    {"will-topic", '\0', FlagKind::text, "TOPIC", "topic of the will"},
    {"will-payload", '\0', FlagKind::text, "TEXT", "payload of the will"},
    {"will-qos", '\0', FlagKind::integer, "QOS", "QoS of the will (0)", 0, 2},
    {"will-retain", '\0', FlagKind::toggle, "", "the will is retained"},
};

inline constexpr Flag tls_flags[] = {
    {"cafile", '\0', FlagKind::text, "FILE",
     "certificates of the authorities to trust, in PEM; asks for TLS, as the next seven do"},
    {"capath", '\0', FlagKind::text, "DIR", "the same as a folder with OpenSSL's hashed names"},
    {"cert", '\0', FlagKind::text, "FILE", "our certificate, in PEM"},
    {"key", '\0', FlagKind::text, "FILE", "its private key, in PEM"},
    {"tls-use-os-certs", '\0', FlagKind::toggle, "", "trust the authorities of the system"},
    {"tls-alpn", '\0', FlagKind::text, "NAME", "application protocol to ask for, such as mqtt"},
    {"psk", '\0', FlagKind::text, "HEX", "pre-shared key, in hexadecimal; needs --psk-identity"},
    {"psk-identity", '\0', FlagKind::text, "NAME", "whose key it is"},
    {"insecure", '\0', FlagKind::toggle, "",
     "do not check that the certificate is that of the host"},
    {"tls-version", '\0', FlagKind::text, "VERSION", "tlsv1.2 or tlsv1.3 and no other"},
    {"ciphers", '\0', FlagKind::text, "LIST",
     "ciphers of TLS 1.2 to offer, as OpenSSL writes them"},
    {"keyform", '\0', FlagKind::text, "FORM", "only pem is known here, which is assumed"},
    {"no-tls", '\0', FlagKind::toggle, "",
     "without TLS, whatever a file of flags, a context or the URL says"},
    {"tls-keylog", '\0', FlagKind::text, "FILE",
     "append the secrets of the connection, for those who record it: nothing of it is secret then"},
    {"tls-engine", '\0', FlagKind::text, "ENGINE",
     "refused: engines are of OpenSSL 1, give the key with --key"},
    {"tls-engine-kpass-sha1", '\0', FlagKind::text, "SHA1", "refused, as --tls-engine"},
    {"proxy", '\0', FlagKind::text, "URL",
     "connect through a SOCKS5 proxy: socks5h://[user[:password]@]host[:port] (1080)"},
};

/// Of those commands that have mosquitto's flags.
inline constexpr Flag option_file_flags[] = {
    {"options-file", 'o', FlagKind::text, "FILE",
     "read flags from a file first, one and its value a line, as '-h broker.example'"},
};

inline constexpr Flag report_flags[] = {
    {"debug", 'd', FlagKind::toggle, "", "show the packets that go and come"},
    {"quiet", '\0', FlagKind::toggle, "", "no messages about what goes wrong"},
    {"help", '\0', FlagKind::toggle, "", "this text"},
    {"version", '\0', FlagKind::toggle, "", "the program's version"},
};

}  // namespace sluice::cli
