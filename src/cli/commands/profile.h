// SPDX-License-Identifier: Apache-2.0
//
// A profile is a set of options under one name, for `sluice serve --profile NAME`: a file, the
// environment and other flags change single ones of them.
//
// Thread: any (pure).
#pragma once

#include "config/load.h"

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

struct Profile {
  std::vector<std::string> defaults{};  ///< "group.name=value"
  std::vector<config::Inputs::Entry> listeners{};
};

/// Files of its TLS listeners, empty where there is none: then those listeners are left out.
struct ProfileFiles {
  std::string certificate{};
  std::string key{};
  std::string client_ca{};
};

/// Or what is wrong, in words.
std::expected<Profile, std::string> find_profile(std::string_view name, const ProfileFiles& files);

}  // namespace sluice::cli
