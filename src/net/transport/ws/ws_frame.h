// SPDX-License-Identifier: Apache-2.0
//
// WsInput cuts the frames of a WebSocket out of a stream, in place: what it is given are the bytes
// as they came, in any cut; what it leaves at their front are the bytes that the frames carry.
//
// Owner:   a WsTransport.      Thread: its owner's.
// Never:   I/O, allocation; keeps more than one header and one control frame.
// Limits:  frame_bytes_max: 1009 beyond it.
// Spec:    RFC 6455 §5, strict.
#pragma once

#include "base/bytes.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace sluice::net {

enum class WsSide : std::uint8_t { server, client };

enum class WsOpcode : std::uint8_t {
  continuation = 0x0,
  text = 0x1,
  binary = 0x2,
  close = 0x8,
  ping = 0x9,
  pong = 0xA,
};

/// RFC 6455 §7.4.1.
struct WsCode {
  static constexpr std::uint16_t normal = 1000;
  static constexpr std::uint16_t protocol_error = 1002;
  static constexpr std::uint16_t unsupported_data = 1003;
  static constexpr std::uint16_t invalid_text = 1007;
  static constexpr std::uint16_t too_large = 1009;
};

class WsInput {
 public:
  /// `side` is ours: a server takes masked frames only, a client none.
  WsInput(WsSide side, std::uint64_t frame_bytes_max)
      : frame_bytes_max_(frame_bytes_max), side_(side) {}

  enum class Stop : std::uint8_t {
    end,    ///< all bytes were looked at
    ping,   ///< control() is to be sent back
    close,  ///< the peer wants to end; control() is its code and reason
    wrong,  ///< code() and problem() say how
  };
  struct Decoded {
    std::size_t used = 0;     ///< of the bytes given
    std::size_t carried = 0;  ///< bytes now at the front: what the frames carry
    Stop stop = Stop::end;
  };
  /// Goes on where the last call ended; after another stop than `end`, with the bytes not used.
  Decoded decode(MutableByteView bytes);

  ByteView control() const { return ByteView(control_).first(control_size_); }
  std::uint16_t code() const { return code_; }
  const char* problem() const { return problem_; }

 private:
  enum class Header : std::uint8_t { incomplete, complete, wrong };

  Header take_header(ByteView& bytes);
  std::size_t header_size() const;
  Header begin_frame();
  Stop end_of_control();
  Header refuse(std::uint16_t code, const char* problem);

  const std::uint64_t frame_bytes_max_;
  std::uint64_t left_ = 0;  ///< bytes of the frame that have not come
  const char* problem_ = "";
  std::uint64_t mask_ = 0;  ///< twice, turned so that its first byte is for the next one
  std::array<std::uint8_t, 125> control_{};
  std::array<std::uint8_t, 14> header_{};
  std::uint16_t code_ = 0;
  std::uint8_t header_filled_ = 0;
  std::uint8_t control_size_ = 0;
  WsOpcode opcode_ = WsOpcode::continuation;
  const WsSide side_;
  bool is_in_frame_ = false;
  bool is_in_message_ = false;
};

/// The header of a frame with FIN; returns its size. REQUIRES: room for 14 bytes.
std::size_t write_ws_header(WsOpcode opcode, std::uint64_t size, const std::uint8_t* mask,
                            MutableByteView into);
/// to[i] = from[i] ^ mask[i % 4]; `to` may lie before `from` in the same bytes. Returns the mask as
/// it is to go on.
std::uint64_t mask_bytes(const std::uint8_t* from, std::size_t size, std::uint64_t mask,
                         std::uint8_t* to);
/// The four bytes of a mask, twice.
std::uint64_t doubled_mask(const std::uint8_t* mask);

}  // namespace sluice::net
