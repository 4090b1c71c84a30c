// SPDX-License-Identifier: Apache-2.0
//
// Settings are what a URL and client_options say, in the words of Link and ClientMachine.
#pragma once

#include "client/link.h"

#include <sluice/options.hpp>
#include <sluice/result.hpp>

#include <string_view>

namespace sluice::client {

struct Settings {
  LinkOptions link;
  /// The session outlives this run of the program.
  enum class Session : bool { of_this_run, kept };
  Session session = Session::of_this_run;
};

/// errc::invalid_argument with what is wrong in words.
v1::result<Settings> read_settings(std::string_view url, const v1::client_options& options);

/// The library's error in the words of the interface.
v1::error to_public(const Error& error);

}  // namespace sluice::client
