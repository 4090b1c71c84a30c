// SPDX-License-Identifier: Apache-2.0
#include "cli/mqtt/retain_flags.h"

#include <string>
#include <string_view>

namespace sluice::cli {

Parsed<codec::SubscriptionOptions> subscription_options(const ParsedFlags& flags) {
  codec::SubscriptionOptions options{.qos = static_cast<codec::Qos>(flags.integer("qos", 0))};
  options.retain_as_published = flags.has("retain-as-published");
  const std::string_view handling = flags.text("retain-handling", "always");
  if (handling == "new")
    options.retain_handling = codec::RetainHandling::send_if_new;
  else if (handling == "never")
    options.retain_handling = codec::RetainHandling::do_not_send;
  else if (handling != "always") {
    return std::unexpected(UsageError{"--retain-handling " + std::string(handling) +
                                      ": one of always, new, never is needed"});
  }
  return options;
}

}  // namespace sluice::cli
