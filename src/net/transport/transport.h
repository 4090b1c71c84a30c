// SPDX-License-Identifier: Apache-2.0
//
// A Transport is one connection's byte stream, whatever carries it: TCP, a Unix socket, memory, and
// those that wrap another (TLS, WebSocket). Protocol code sees only this. It never blocks, and
// moves between threads as unique_ptr, with whatever it has buffered, while no thread is using it.
//
// How to drive one that is registered with Watch::edge (see os/reactor/reactor.h):
//   - readable event, or has_buffered_input(): call read() until would_block, or come back later by
//     yourself: no event repeats, and bytes that a TLS or WebSocket layer holds raise none at all.
//   - writable event: if has_pending_output(), call flush(); then write() what waits.
//   - while is_handshaking(): call handshake() for any event; read() and write() say would_block
//     until it is done. It may cost far more than a read: is_handshake_costly().
//
// Owner:   a connection.                    Thread: its owner's at the time.
// Never:   blocks, registers itself with a reactor, retries by itself.
// Limits:  what a wrapping transport buffers is bounded there.
#pragma once

#include "base/bytes.h"
#include "base/peer.h"
#include "base/result.h"
#include "os/socket/io_slice.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace sluice::net {

using os::IoSlice;

class Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  /// Closes the connection; unsent bytes of the kernel still go out, unless reset_on_close().
  virtual ~Transport() = default;

  /// At least one byte. would_block: nothing now. closed: the peer has ended (system is 0 if it did
  /// so in order, the errno if the connection was reset). REQUIRES: `into` is not empty.
  virtual Result<std::size_t> read(MutableByteView into) = 0;
  /// At least one byte, from the front; fewer than given when there is no more room.
  /// REQUIRES: at least one slice, none of them empty.
  virtual Result<std::size_t> write(std::span<const IoSlice> slices) = 0;
  /// The peer reads our end after what has been written; reading goes on.
  virtual void shutdown_write() = 0;
  /// The destructor then drops what is unsent and tells the peer that the connection was broken.
  /// Unix sockets know no reset: there it ends in order.
  virtual void reset_on_close() = 0;

  /// The descriptor to watch; -1 if there is none (memory).
  virtual int fd() const = 0;
  virtual Peer peer() const = 0;
  virtual Peer local() const = 0;

  /// Bytes have left the descriptor and wait in this object: read() yields without an event.
  virtual bool has_buffered_input() const { return false; }
  /// Bytes that write() took wait in this object: call flush() when writable, before closing too.
  virtual bool has_pending_output() const { return false; }
  /// Nothing if all is out; would_block; closed.
  virtual Result<void> flush() { return {}; }

  /// The layers of the connection are still agreeing on how to talk.
  virtual bool is_handshaking() const { return false; }
  /// The next step of that computes for hundreds of microseconds or more, and may be done in
  /// another thread, to which the whole transport moves.
  virtual bool is_handshake_costly() const { return false; }
  /// Goes on with that. Nothing once it is done; would_block; closed; protocol_error with the
  /// reason.
  virtual Result<void> handshake() { return {}; }
  /// Who the peer has proved to be, by a certificate or a pre-shared key; empty if it has not, or
  /// if nobody asked. Valid while this object is.
  virtual std::string_view identity() const { return {}; }
  /// How the connection is protected, for people; empty if it is not.
  virtual std::string security() const { return {}; }
};

}  // namespace sluice::net
