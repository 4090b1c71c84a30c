// SPDX-License-Identifier: Apache-2.0
//
// JSON of messages in the schema of mosquitto_sub's %j, and the small pieces it is made of.
#pragma once

#include "cli/output/shown_message.h"

#include <string>
#include <string_view>

namespace sluice::cli {

/// What stands under "payload".
enum class JsonPayload : std::uint8_t {
  text,        ///< a string; bytes that are not UTF-8 pass through
  value,       ///< the payload itself, which must be JSON
  text_or_64,  ///< a string, or "payload_base64" if it is not UTF-8
};

/// Appends the object. False, and nothing appended, if `value` met a payload that is not JSON.
bool append_json(const ShownMessage& message, JsonPayload payload, JsonLayout layout,
                 std::string& out);

/// Appends "text" with quotes and escapes.
void append_json_string(std::string_view text, std::string& out);
/// True if the text is one JSON value.
bool is_json(std::string_view text);
/// Appends JSON without the white space between its parts, or one member a line with tabs.
/// REQUIRES: is_json(text).
void append_laid_out(std::string_view text, JsonLayout layout, std::string& out);

}  // namespace sluice::cli
