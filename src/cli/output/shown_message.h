// SPDX-License-Identifier: Apache-2.0
//
// A ShownMessage is a message with the time it came; views live as long as the event that brought
// it. Time texts are in the local time zone.
#pragma once

#include "base/time.h"
#include "codec/packets.h"

#include <cstdint>
#include <string>

namespace sluice::cli {

struct ShownMessage {
  const codec::Publish& publish;
  WallTime time;
};

enum class JsonLayout : std::uint8_t { compact, pretty };

/// strftime of the local time; empty if the format yields nothing.
std::string local_time_text(WallTime time, const char* format);
/// "2016-08-10T09:47:38.123456Z+0100", the time of mosquitto_sub's JSON.
std::string json_time_text(WallTime time);
/// "1470818943.786368637".
std::string unix_time_text(WallTime time);
/// "12:10:06.650".
std::string short_time_text(WallTime time);
/// The nanoseconds of the second, nine digits.
std::string nanosecond_text(WallTime time);

}  // namespace sluice::cli
