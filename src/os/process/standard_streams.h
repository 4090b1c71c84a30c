// SPDX-License-Identifier: Apache-2.0
//
// Standard input and output of a command: whether a person sits there, bytes in, bytes out.
//
// Thread:  one at a time for each stream.
// Never:   raises SIGPIPE if it is ignored; buffers.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sluice::os {

/// Values are the descriptors.
enum class StandardStream : std::uint8_t { input, output, error };

constexpr int descriptor_of(StandardStream stream) { return static_cast<int>(stream); }
bool is_terminal(StandardStream stream);
/// Waits for at least one byte of standard input; 0 at its end.
Result<std::size_t> read_input(MutableByteView into);
/// Writes all bytes to standard output, waiting if it must. closed: nobody reads any more.
Result<void> write_output(ByteView bytes);
/// Whether a write of up to 4,096 bytes would not have to wait for who reads the other end.
bool takes_bytes(StandardStream stream);
/// A write to a pipe that nobody reads is an error instead of the end of the process.
void ignore_broken_pipes();
/// Of this process.
std::uint32_t process_id();
/// All of the environment, as NAME=value.
std::vector<std::string> environment();

}  // namespace sluice::os
