// SPDX-License-Identifier: Apache-2.0
//
// A MemoryTransport is one end of a connection within the process: what is written to one end is
// read from the other. No thread, no clock, no chance: with the same calls it does the same. Its
// faults are settable, so that tests and the simulator can cut a stream at any byte.
//
//   auto [client, server] = MemoryTransport::make_pair({.capacity = 4096});
//   server->faults().read_bytes_max = 1;      // the server sees its input byte by byte
//
// Owner:   as Transport; each end may go first.      Thread: one for both ends.
// Limits:  capacity bytes under way in each direction; then write() says would_block.
#pragma once

#include "net/transport/transport.h"

#include <cstdint>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

namespace sluice::net {

struct MemoryOptions {
  std::size_t capacity = 65536;  ///< bytes under way in each direction
  std::uint32_t number = 0;      ///< "memory:N" in the text of both ends
};

/// What one end may do; each applies to that end's own calls.
struct MemoryFaults {
  static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

  std::size_t read_bytes_max = unlimited;   ///< of one read(); 0: would_block
  std::size_t write_bytes_max = unlimited;  ///< of one write(); 0: would_block
  bool is_input_held = false;               ///< arriving bytes stay under way until release_input()
};

class MemoryTransport final : public Transport {
 public:
  using Pair = std::pair<std::unique_ptr<MemoryTransport>, std::unique_ptr<MemoryTransport>>;

  static Pair make_pair(const MemoryOptions& options);
  /// An end whose other end is gone already: to be had connected from make_pair().
  explicit MemoryTransport(const MemoryOptions& options);
  ~MemoryTransport() override;

  Result<std::size_t> read(MutableByteView into) override;
  Result<std::size_t> write(std::span<const IoSlice> slices) override;
  void shutdown_write() override;
  void reset_on_close() override { is_reset_on_close_ = true; }
  int fd() const override { return -1; }
  Peer peer() const override { return name_; }
  Peer local() const override { return name_; }

  MemoryFaults& faults() { return faults_; }
  /// Bytes that have been written to this end and not yet read, held ones included.
  std::size_t bytes_under_way() const { return input_.size() - input_begin_; }
  /// Lets `size` more of the held bytes be read; the end of the stream follows the last.
  void release_input(std::size_t size);
  /// Breaks the connection: bytes under way are lost, and both ends are told of a reset.
  void cut();
  /// What a reactor would say: read() or write() would not answer would_block.
  bool is_readable() const;
  bool is_writable() const;
  /// Called when this end becomes readable or writable by what the other end does, or by
  /// release_input(), cut(). It must not destroy either end.
  void on_ready(std::function<void()> callback) { on_ready_ = std::move(callback); }

 private:
  enum class End : std::uint8_t { open, finished, broken };

  std::size_t readable_bytes() const;
  std::size_t room() const { return capacity_ - bytes_under_way(); }
  void take(ByteView bytes);
  void end_input(End end);
  void tell();

  const std::size_t capacity_;
  const Peer name_;
  MemoryTransport* other_ = nullptr;  ///< null once the other end is gone
  std::vector<std::uint8_t> input_;
  std::size_t input_begin_ = 0;
  std::size_t released_ = 0;  ///< of the bytes under way, how many may be read while input is held
  End input_end_ = End::open;
  bool is_write_shut_ = false;
  bool is_reset_on_close_ = false;
  MemoryFaults faults_;
  std::function<void()> on_ready_;
};

}  // namespace sluice::net
