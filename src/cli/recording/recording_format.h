// SPDX-License-Identifier: Apache-2.0
//
// The two forms of a file of messages: binary, with a checksum for each message, and JSON, one
// object a line. A reader tells them apart by the first bytes.
// docs/internals/recordings.md describes both.
//
// Never:   trusts a length: the bytes are there before they are used.
// Limits:  message_bytes_max for one message.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "cli/recording/recorded_message.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::cli {

inline constexpr std::size_t message_bytes_max = std::size_t{400} << 20;

enum class RecordingForm : std::uint8_t { binary, json };

/// What stands in front of the messages; nothing in JSON.
std::string recording_header(RecordingForm form);
void append_recorded(const RecordedMessage& message, RecordingForm form, std::string& out);

/// CRC-32 as of IEEE 802.3.
std::uint32_t crc32(std::string_view bytes);

/// Takes bytes as they come, gives messages.
class RecordingReader {
 public:
  void feed(ByteView bytes);
  /// No more bytes come.
  void end() { is_ended_ = true; }

  /// The next message; nothing if more bytes are needed, or at the end. An error says what is wrong
  /// with the message behind the last one; no more can be read then.
  Result<std::optional<RecordedMessage>> next();
  /// Messages that were read.
  std::uint64_t count() const { return count_; }

 private:
  Result<bool> read_header();
  Result<std::optional<RecordedMessage>> next_binary();
  Result<std::optional<RecordedMessage>> next_line();

  std::string bytes_;
  std::size_t taken_ = 0;
  std::optional<RecordingForm> form_;
  bool is_ended_ = false;
  std::uint64_t count_ = 0;
};

}  // namespace sluice::cli
