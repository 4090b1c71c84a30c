// SPDX-License-Identifier: Apache-2.0
//
// A ServiceNotifier tells systemd, or any supervisor that speaks its datagram protocol, how the
// service is: NOTIFY_SOCKET is a path, or "@name" in the abstract namespace. Without a supervisor
// every call does nothing.
//
// Owner:   the composition root.            Thread: its owner's.
// Spec:    sd_notify(3).
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "os/file_descriptor.h"
#include "os/socket/socket_address.h"

#include <string>
#include <string_view>

namespace sluice::os {

class ServiceNotifier {
 public:
  /// From NOTIFY_SOCKET and WATCHDOG_USEC of the environment.
  static Result<ServiceNotifier> from_environment();
  /// To a socket named as in NOTIFY_SOCKET; nobody if it is empty.
  static Result<ServiceNotifier> to(std::string_view socket, Duration watchdog);

  bool is_supervised() const { return socket_.is_open(); }
  /// How often watchdog() is due: half of what the supervisor allows; zero if it does not watch.
  Duration watchdog_period() const { return watchdog_ / 2; }

  Result<void> ready(std::string_view status) const;
  Result<void> stopping(std::string_view status) const;
  Result<void> reloading(Instant now) const;
  Result<void> watchdog() const;

 private:
  Result<void> send(const std::string& lines) const;

  FileDescriptor socket_;
  SocketAddress supervisor_;
  Duration watchdog_{0};
};

}  // namespace sluice::os
