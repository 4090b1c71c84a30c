// SPDX-License-Identifier: Apache-2.0
//
// `sluice test`: runs the checks against a broker and prints the matrix.
#include "base/rng.h"
#include "cli/commands/print_flags.h"
#include "cli/diagnose/broker_checks.h"
#include "cli/diagnose/diagnose_flags.h"
#include "cli/exit_code.h"
#include "cli/mqtt/client_command.h"
#include "cli/output/json_text.h"
#include "cli/output/terminal_text.h"
#include "os/entropy.h"

#include <cstdio>
#include <optional>

namespace sluice::cli {
namespace {

constexpr int name_columns = 48;

std::string_view word_of(CheckState state) {
  switch (state) {
    case CheckState::kept:
      return "yes";
    case CheckState::broken:
      return "NO";
    case CheckState::absent:
      break;
  }
  return "-";
}

/// A version that the broker does not take has no results.
struct Column {
  Probe probe;
  bool is_offered = false;
};

void print_row(const BrokerCheck& check, const std::optional<CheckResult>& v3,
               const std::optional<CheckResult>& v5) {
  std::string notes;
  for (const auto* result : {&v3, &v5}) {
    if (!*result || (*result)->note.empty()) continue;
    const std::string note = printable((*result)->note);
    if (notes.find(note) == std::string::npos) notes += (notes.empty() ? "" : "; ") + note;
  }
  std::string name(check.name);
  name.resize(name_columns, ' ');
  std::string statements(check.statement_v3);
  statements.resize(18, ' ');
  statements += check.statement_v5;
  statements.resize(34, ' ');
  const std::string three(v3 ? word_of(v3->state) : "-");
  const std::string five(v5 ? word_of(v5->state) : "-");
  std::string line = name + three + std::string(7 - three.size(), ' ') + five +
                     std::string(5 - five.size(), ' ') + statements + notes;
  line.erase(line.find_last_not_of(' ') + 1);
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

void print_json(const BrokerCheck& check, const char* version, std::string_view statement,
                const CheckResult& result) {
  std::string line = "{\"check\":";
  append_json_string(check.name, line);
  line += std::string(",\"version\":\"") + version + "\",\"statement\":";
  append_json_string(statement, line);
  line += ",\"result\":";
  append_json_string(result.state == CheckState::kept     ? "yes"
                     : result.state == CheckState::broken ? "no"
                                                          : "absent",
                     line);
  line += ",\"note\":";
  append_json_string(result.note, line);
  std::printf("%s}\n", line.c_str());
  std::fflush(stdout);
}

class Matrix {
 public:
  Matrix(Column v3, Column v5, bool is_json)
      : v3_(std::move(v3)), v5_(std::move(v5)), is_json_(is_json) {}

  int run() {
    if (!is_json_) {
      std::printf("%-*s%-7s%-5s%-18s%s\n", name_columns, "", "3.1.1", "5.0", "", "");
    }
    for (const BrokerCheck& check : broker_checks()) run_check(check);
    for (const BrokerCheck& check : broker_checks_v5()) run_check(check);
    if (!is_json_) {
      std::printf("\n%d yes, %d no, %d not offered\n", counts_[0], counts_[1], counts_[2]);
    }
    return counts_[1] > 0 ? exit_failure : exit_success;
  }

 private:
  void run_check(const BrokerCheck& check) {
    const auto v3 = check.statement_v3.empty() ? std::nullopt : result_of(check, v3_);
    const auto v5 = result_of(check, v5_);
    if (!is_json_) return print_row(check, v3, v5);
    if (v3) print_json(check, "3.1.1", check.statement_v3, *v3);
    if (v5) print_json(check, "5.0", check.statement_v5, *v5);
  }

  std::optional<CheckResult> result_of(const BrokerCheck& check, Column& column) {
    if (!column.is_offered) return std::nullopt;
    column.probe.next();
    CheckResult result = check.run(column.probe);
    ++counts_[static_cast<std::size_t>(result.state)];
    return result;
  }

  Column v3_;
  Column v5_;
  bool is_json_;
  int counts_[3] = {0, 0, 0};  ///< by CheckState
};

Parsed<int> show_matrix(const ParsedFlags& flags, ConnectionSettings settings) {
  if (!settings.words.empty()) return refuse("'" + settings.words.front() + "' is not understood");
  const Duration patience(static_cast<std::int64_t>(flags.decimal("patience", 2) * 1e9));
  const std::string word = std::to_string(Rng(os::random_seed()).below(1'000'000'000));
  Column v3{Probe(settings.link, codec::Version::v3_1_1, patience, word + "a")};
  Column v5{Probe(settings.link, codec::Version::v5, patience, word + "b")};
  std::string problem;
  for (Column* column : {&v3, &v5}) {
    ProbeClient client = column->probe.client();
    column->is_offered = client.is_connected();
    if (!column->is_offered) problem = client.problem();
    if (column->is_offered) client.leave();
  }
  if (!v3.is_offered && !v5.is_offered) {
    std::fprintf(stderr, "%s: %s\n", settings.program.c_str(), problem.c_str());
    return exit_unreachable;
  }
  return Matrix(std::move(v3), std::move(v5), flags.has("json")).run();
}

}  // namespace

int run_test(const Arguments& arguments) {
  return run_client_command(*test_flags(), arguments, show_matrix);
}

}  // namespace sluice::cli
