// SPDX-License-Identifier: Apache-2.0
//
// Messages as a person reads them on a terminal: time, topic, QoS, retain, payload, with colours.
// What a peer chose never reaches the terminal as a control sequence.
#pragma once

#include "cli/output/shown_message.h"

#include <string>
#include <string_view>

namespace sluice::cli {

enum class Colors : std::uint8_t { off, on };

/// Appends the text with control bytes and bytes that are not UTF-8 written as \n, \t, \x1b …
void append_printable(std::string_view text, std::string& out);
std::string printable(std::string_view text);
/// Appends "12:10:06.650 topic  q1 R  payload", without the line end.
void append_terminal_line(const ShownMessage& message, Colors colors, std::string& out);

}  // namespace sluice::cli
