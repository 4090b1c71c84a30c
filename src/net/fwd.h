// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace sluice::net {
class HttpConnection;
class HttpRequestParser;
class Listener;
class MemoryTransport;
class SocketTransport;
class Transport;
struct BrokerUrl;
struct HostPort;
struct HttpRequest;
struct HttpResponse;
struct ListenerOptions;
}  // namespace sluice::net
