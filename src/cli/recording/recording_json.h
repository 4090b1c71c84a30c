// SPDX-License-Identifier: Apache-2.0
//
// A message as one JSON object on a line:
//   {"time_ns":1700000000000000000,"topic":"a/b","qos":1,"retain":false,"payload":"21.5"}
// with "payload_base64" for what is not UTF-8, and "properties" if there are any.
#pragma once

#include "base/result.h"
#include "cli/recording/recorded_message.h"

#include <string>
#include <string_view>

namespace sluice::cli {

/// With the line end.
void append_recorded_json(const RecordedMessage& message, std::string& out);
Result<RecordedMessage> recorded_of_json(std::string_view line);

}  // namespace sluice::cli
