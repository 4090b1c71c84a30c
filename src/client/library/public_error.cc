// SPDX-License-Identifier: Apache-2.0
//
// The bodies behind sluice/error.hpp and sluice/version.hpp.
#include "codec/reason_code.h"

#include <sluice/error.hpp>
#include <sluice/version.hpp>

#include <array>
#include <string>
#include <utility>

namespace sluice {
SLUICE_NAMESPACE {
// The public list repeats the codec's table, because it is all that is installed.
#define SLUICE_REASON_CODE(name, value, from_client, from_server, return_code, text) \
  static_assert(static_cast<int>(reason_code::name) == (value));
#include "codec/reason_codes.def"
#undef SLUICE_REASON_CODE

namespace {

constexpr std::array texts{
    "no error",
    "an argument is not allowed",
    "the server refused",
    "there is no connection",
    "the connection was lost",
    "the time allowed is over",
    "it was cancelled",
    "the queue is full",
    "the message had to make room",
    "the message has expired",
    "the packet is larger than the server takes",
    "not supported",
    "the server broke the protocol",
    "no host can be reached",
    "waiting here would never end",
    "it is closed",
    "the operating system reported an error",
};
static_assert(texts.size() == static_cast<std::size_t>(errc::io_error) + 1);

class mqtt_category_type final : public std::error_category {
 public:
  const char* name() const noexcept override { return "mqtt"; }
  std::string message(int code) const override {
    const auto at = static_cast<std::size_t>(code);
    return at < texts.size() ? texts[at] : "unknown error";
  }
};

}  // namespace

const char* to_string(reason_code code) noexcept {
  return codec::to_string(static_cast<codec::ReasonCode>(code));
}

const std::error_category& mqtt_category() noexcept {
  static const mqtt_category_type category;
  return category;
}

mqtt_error::mqtt_error(error why)
    : std::runtime_error(why.text), code_(why.code), reason_(why.reason) {}

mqtt_error::~mqtt_error() = default;

int library_version() noexcept { return SLUICE_VERSION; }

}  // namespace v1
}  // namespace sluice
