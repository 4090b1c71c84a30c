// SPDX-License-Identifier: Apache-2.0
//
// One log line, without its time: the sentence of an event for people, or a JSON object for
// machines. Text of fields may come from a client: control bytes, quotes and what is not UTF-8 are
// escaped, and it is cut, so that a line stays one line and a terminal shows it as it is.
//
// Thread: any (pure).
#pragma once

#include "base/log.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::server {

/// Appends `text`, escaped, and cut with "..." before the character that passes `bytes_max`.
void append_escaped(std::string& line, std::string_view text, std::size_t bytes_max);

/// "warning: " and the like first for what is worse than info, then the event's sentence.
std::string text_line(LogLevel level, std::string_view event, Log::Fields fields,
                      std::size_t text_bytes_max);

/// {"level":"info","event":"client_connected","client":"a"}; ASCII.
std::string json_line(LogLevel level, std::string_view event, Log::Fields fields,
                      std::size_t text_bytes_max);

}  // namespace sluice::server
