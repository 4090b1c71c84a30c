// SPDX-License-Identifier: Apache-2.0
#include "os/process/service_notifier.h"

#include "os/process/environment.h"
#include "os/system_error.h"

#include <sys/socket.h>

#include <charconv>

namespace sluice::os {
namespace {

std::string with_status(std::string_view state, std::string_view status) {
  std::string lines(state);
  if (!status.empty()) lines.append("\nSTATUS=").append(status);
  return lines;
}

}  // namespace

Result<ServiceNotifier> ServiceNotifier::from_environment() {
  const std::string_view period = environment("WATCHDOG_USEC");
  std::int64_t microseconds = 0;
  std::from_chars(period.data(), period.data() + period.size(), microseconds);
  return to(environment("NOTIFY_SOCKET"), std::chrono::microseconds(microseconds));
}

Result<ServiceNotifier> ServiceNotifier::to(std::string_view socket, Duration watchdog) {
  ServiceNotifier notifier;
  if (socket.empty()) return notifier;
  SLUICE_TRY(notifier.supervisor_, SocketAddress::from_unix_path(socket));
  notifier.socket_ = FileDescriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!notifier.socket_.is_open()) return system_failure("a datagram socket cannot be opened");
  notifier.watchdog_ = watchdog;
  return notifier;
}

Result<void> ServiceNotifier::ready(std::string_view status) const {
  return send(with_status("READY=1", status));
}

Result<void> ServiceNotifier::stopping(std::string_view status) const {
  return send(with_status("STOPPING=1", status));
}

Result<void> ServiceNotifier::reloading(Instant now) const {
  return send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.ns / 1000));
}

Result<void> ServiceNotifier::watchdog() const { return send("WATCHDOG=1"); }

Result<void> ServiceNotifier::send(const std::string& lines) const {
  if (!is_supervised()) return {};
  const auto sent = ::sendto(socket_.get(), lines.data(), lines.size(), MSG_NOSIGNAL,
                             supervisor_.data(), static_cast<socklen_t>(supervisor_.size()));
  if (sent < 0) return system_failure("the supervisor cannot be told");
  return {};
}

}  // namespace sluice::os
