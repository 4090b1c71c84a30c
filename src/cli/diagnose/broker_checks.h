// SPDX-License-Identifier: Apache-2.0
//
// The checks of `sluice test`: each tries one feature of any broker and names the statement of the
// standard that it stands for. A row of broker_checks() is a row of the printed matrix.
#pragma once

#include "cli/diagnose/check_result.h"
#include "cli/diagnose/probe_client.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sluice::cli {

/// What a check works with.
class Probe {
 public:
  Probe(client::LinkOptions options, codec::Version version, Duration patience,
        const std::string& word);

  /// A client of an id of its own, or of `id`.
  ProbeClient client(const std::string& id = {});
  /// The options of such a client, to change.
  client::LinkOptions options(const std::string& id = {});
  ProbeClient connect(const client::LinkOptions& options) const;
  /// A topic that no other check uses.
  std::string topic(std::string_view rest = {}) const;
  /// For the next check.
  void next() { ++number_; }
  codec::Version version() const { return version_; }
  bool is_v5() const { return version_ == codec::Version::v5; }
  Duration patience() const { return patience_; }

 private:
  client::LinkOptions options_;
  codec::Version version_;
  Duration patience_;
  std::string word_;
  std::uint32_t number_ = 0;
  std::uint32_t clients_ = 0;
};

struct BrokerCheck {
  std::string_view name;
  std::string_view statement_v3;  ///< empty: MQTT 5 alone has it
  std::string_view statement_v5;
  CheckResult (*run)(Probe& probe);
};

/// For MQTT 3.1.1 and 5.0.
std::span<const BrokerCheck> broker_checks();
/// For MQTT 5.0 alone.
std::span<const BrokerCheck> broker_checks_v5();

}  // namespace sluice::cli
