// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/ack_controls.h"

#include "os/clock.h"
#include "os/file/file_disk.h"
#include "os/reactor/reactor.h"
#include "os/socket/connecting_socket.h"
#include "os/socket/listening_socket.h"
#include "os/socket/socket_io.h"
#include "os/socket/socket_options.h"
#include "os/thread.h"

#include <memory>
#include <vector>

namespace sluice::cli {
namespace {

constexpr Duration control_time = 500ms;
constexpr Duration patience = 5s;
constexpr std::uint64_t control_file_bytes = std::uint64_t{16} << 20;
constexpr std::size_t commit_bytes = 4096;

/// One end of the echo: whole messages, in turn.
class EchoEnd {
 public:
  static Result<EchoEnd> open(os::FileDescriptor socket) {
    EchoEnd end;
    end.socket_ = std::move(socket);
    os::set_no_delay(end.socket_.get(), true);
    SLUICE_TRY(end.reactor_, os::Reactor::create());
    SLUICE_CHECK(end.reactor_->add(end.socket_.get(), 0, os::Watch::level_read));
    return end;
  }
  /// A message is small: a socket that is empty takes all of it.
  Result<void> send(ByteView bytes) {
    SLUICE_TRY(const std::size_t sent, os::write_socket(socket_.get(), bytes));
    if (sent != bytes.size()) return fail(ErrorCode::io_error, "a message was cut");
    return {};
  }
  Result<void> receive(MutableByteView into) {
    while (!into.empty()) {
      if (reactor_->wait(patience).empty()) return fail(ErrorCode::timed_out, "no echo");
      SLUICE_TRY(const std::size_t got, os::read_socket(socket_.get(), into));
      into = into.subspan(got);
    }
    return {};
  }

 private:
  os::FileDescriptor socket_;
  std::unique_ptr<os::Reactor> reactor_;
};

struct EchoEnds {
  EchoEnd near;
  EchoEnd far;
};

Result<EchoEnds> connect_ends() {
  SLUICE_TRY(const auto any_port, os::SocketAddress::from_ip("127.0.0.1", 0));
  SLUICE_TRY(const auto listener, os::listen_on(any_port, {}));
  SLUICE_TRY(auto near, os::start_connect(listener.address));
  SLUICE_TRY(const auto reactor, os::Reactor::create());
  SLUICE_CHECK(reactor->add(listener.socket.get(), 0, os::Watch::level_read));
  static_cast<void>(reactor->wait(patience));
  SLUICE_TRY(auto accepted, os::accept_from(listener.socket.get()));
  SLUICE_TRY(auto near_end, EchoEnd::open(std::move(near)));
  SLUICE_TRY(auto far_end, EchoEnd::open(std::move(accepted.socket)));
  return EchoEnds{std::move(near_end), std::move(far_end)};
}

Result<void> write_and_sync(os::DiskFile& file, ByteView bytes, std::uint64_t offset) {
  SLUICE_CHECK(file.write(bytes, offset));
  return file.sync();
}

}  // namespace

Result<Histogram> measure_echo(std::size_t bytes) {
  SLUICE_TRY(auto ends, connect_ends());
  // Ends with the connection.
  SLUICE_TRY(auto thread, os::Thread::start("echo", [far = &ends.far, bytes] {
               std::vector<std::uint8_t> message(bytes);
               while (far->receive(message) && far->send(message)) {
               }
             }));
  Histogram times;
  std::vector<std::uint8_t> message(bytes, 'x');
  const auto round = [&]() -> Result<void> {
    SLUICE_CHECK(ends.near.send(message));
    return ends.near.receive(message);
  };
  Result<void> done{};
  const Instant end = os::monotonic_now() + control_time;
  for (Instant begin = os::monotonic_now(); done && begin < end;) {
    done = round();
    const Instant now = os::monotonic_now();
    times.record(now - begin);
    begin = now;
  }
  {
    const EchoEnd closed = std::move(ends.near);
  }
  thread.join();
  if (!done) return fail(done.error());
  return times;
}

Result<Histogram> measure_commits(const std::string& directory) {
  os::FileDisk disk;
  const std::string path = directory + "/sluice-bench-commits";
  SLUICE_TRY(const auto file, disk.open(path, os::OpenMode::create));
  Histogram times;
  const auto measure = [&]() -> Result<void> {
    SLUICE_CHECK(write_and_sync(*file, std::vector<std::uint8_t>(control_file_bytes), 0));
    const std::vector<std::uint8_t> block(commit_bytes, 'x');
    const Instant end = os::monotonic_now() + control_time;
    std::uint64_t offset = 0;
    for (Instant begin = os::monotonic_now(); begin < end; offset += commit_bytes) {
      SLUICE_CHECK(write_and_sync(*file, block, offset % control_file_bytes));
      const Instant now = os::monotonic_now();
      times.record(now - begin);
      begin = now;
    }
    return {};
  };
  const auto measured = measure();
  SLUICE_CHECK(disk.remove(path));
  if (!measured) return fail(measured.error());
  return times;
}

}  // namespace sluice::cli
