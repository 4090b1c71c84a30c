// SPDX-License-Identifier: Apache-2.0
//
// `sluice acl test USER TOPIC`: what the access rules say, and which line says it.
#include "auth/rules/rule_files.h"
#include "cli/commands.h"
#include "cli/commands/acl_flags.h"
#include "cli/exit_code.h"
#include "cli/flags/command_line.h"
#include "codec/topic.h"
#include "config/load.h"
#include "os/file.h"
#include "os/system_error.h"
#include "server/option_schema.h"

#include <cstdio>
#include <expected>
#include <string>
#include <vector>

namespace sluice::cli {
namespace {

constexpr Flag own_flags[] = {
    {"access", 'a', FlagKind::text, "WHAT",
     "publish (write), subscribe or receive (read); without it all three"},
    {"rules", '\0', FlagKind::text, "FILE", "a file of rules (acl.rules_file)"},
    {"acl-file", '\0', FlagKind::text, "FILE", "a file of rules as mosquitto has them"},
    {"config", 'c', FlagKind::text, "FILE", "the broker's configuration, which names the files"},
    {"client", 'i', FlagKind::text, "ID", "the client identifier"},
    {"group", 'g', FlagKind::list, "NAME",
     "a group that the user is in, beside those of the files"},
    {"identity", '\0', FlagKind::text, "NAME", "of the client's certificate"},
    {"listener", '\0', FlagKind::text, "NAME", "that it comes by"},
    {"qos", 'q', FlagKind::integer, "QOS", "of the publish or subscription (0)", 0, 2},
    {"retain", 'r', FlagKind::toggle, "", "the publish is retained"},
    {"help", '\0', FlagKind::toggle, "", "show this and end"},
};
constexpr FlagGroup groups[] = {{"Flags", own_flags}};
constexpr std::string_view usage[] = {
    "test USER TOPIC [--access WHAT] --rules FILE | --acl-file FILE | -c FILE",
    "check --rules FILE | --acl-file FILE | -c FILE"};
constexpr FlagTable table{
    "acl",
    "explain what access rules allow",
    usage,
    groups,
    Positionals::allowed,
    "USER may be '' for an anonymous client. With --access the exit code is 0\n"
    "if it is allowed, 1 if it is denied."};

constexpr std::size_t file_bytes_max = std::size_t{16} << 20;

std::expected<auth::AuthOptions, auth::Problems> options_of(const ParsedFlags& flags) {
  auth::AuthOptions options;
  if (flags.has("config")) {
    config::Inputs inputs;
    inputs.file_name = flags.text("config");
    const auto text = os::read_file(inputs.file_name, file_bytes_max);
    if (!text)
      return std::unexpected(
          auth::Problems{{inputs.file_name, "cannot be read: " + os::describe(text.error())}});
    inputs.file_text = *text;
    const config::Loaded loaded = config::load(server::option_schema(), inputs);
    if (!loaded.problems.empty()) return std::unexpected(loaded.problems);
    options = server::options_from(loaded.settings).auth;
  }
  if (flags.has("rules")) options.acl.rules_file = flags.text("rules");
  if (flags.has("acl-file")) options.acl.acl_file = flags.text("acl-file");
  return options;
}

class Examination {
 public:
  Examination(const ParsedFlags& flags, const auth::RuleSet& rules) : flags_(flags), rules_(rules) {
    who_.user = flags.words()[1];
    who_.identity = flags.text("identity");
    who_.listener = flags.text("listener");
    for (const std::string& group : flags.list("group")) who_.groups.push_back(group);
    client_ = flags.text("client");
    topic_ = flags.words()[2];
    qos_ = static_cast<codec::Qos>(flags.integer("qos", 0));
  }

  std::string_view topic() const { return topic_; }
  /// Prints the decision; true if it is allowed.
  bool publish() const {
    const bool is_retained = flags_.has("retain");
    const auto permit = rules_.permit(who_, client_);
    return explain("publish", permit->can_publish({topic_, qos_, is_retained}),
                   auth::access::publish(qos_, is_retained));
  }
  bool receive() const {
    return explain("receive", rules_.permit(who_, client_)->can_receive(topic_),
                   auth::access::receive);
  }
  bool subscribe() const {
    const auto granted = rules_.permit(who_, client_)->can_subscribe(topic_, qos_);
    const bool is_allowed =
        explain("subscribe", granted.has_value(),
                static_cast<auth::AccessBits>(auth::access::subscribe(granted.value_or(qos_)) |
                                              auth::access::subscribe_around));
    if (granted && *granted < qos_)
      std::printf("           at QoS %u, not %u\n", static_cast<unsigned>(*granted),
                  static_cast<unsigned>(qos_));
    return is_allowed;
  }

 private:
  bool explain(const char* what, bool is_allowed, auth::AccessBits bits) const {
    const auth::Rule* rule = rules_.deciding_rule(who_, client_, topic_, bits);
    const char* verdict = is_allowed ? "allowed" : "denied";
    const bool is_its_word =
        rule != nullptr && (rule->effect == auth::RuleEffect::allow) == is_allowed;
    if (is_its_word)
      std::printf("%-10s %s by %s:%zu: %s\n", what, verdict, rule->file.c_str(), rule->line,
                  rule->text.c_str());
    else
      std::printf("%-10s %s: %s\n", what, verdict,
                  is_allowed ? "the filter reaches further than the rules; what it brings is "
                               "looked at message by message"
                             : "no rule speaks of it");
    return is_allowed;
  }

  const ParsedFlags& flags_;
  const auth::RuleSet& rules_;
  core::Principal who_;
  std::string client_;
  std::string topic_;
  codec::Qos qos_ = codec::Qos::at_most_once;
};

int test(const Arguments& arguments, const ParsedFlags& flags, const auth::RuleSet& rules) {
  if (flags.words().size() != 3) return complain(arguments, "give: test USER TOPIC", exit_usage);
  const Examination examination(flags, rules);
  const std::string_view access = flags.text("access");
  const bool is_name = codec::check_topic_name(examination.topic()).has_value();
  if (!is_name && !codec::check_topic_filter(examination.topic()))
    return complain(arguments, "that is neither a topic nor a topic filter", exit_usage);
  if (access.empty()) {
    if (is_name) examination.publish();
    examination.subscribe();
    if (is_name) examination.receive();
    return exit_success;
  }
  const bool is_publish = access == "publish" || access == "write";
  const bool is_receive = access == "receive" || access == "read";
  if (!is_publish && !is_receive && access != "subscribe")
    return complain(arguments, "--access is publish, subscribe or receive", exit_usage);
  if (access != "subscribe" && !is_name)
    return complain(arguments, "only a subscription may have wildcards", exit_usage);
  const bool is_allowed = is_publish   ? examination.publish()
                          : is_receive ? examination.receive()
                                       : examination.subscribe();
  return is_allowed ? exit_success : exit_failure;
}

}  // namespace

const FlagTable* acl_flags() { return &table; }

int run_acl(const Arguments& arguments) {
  const auto flags = parse_command_line(arguments, table);
  if (!flags) return flags.error();
  const std::string verb = flags->words().empty() ? std::string() : flags->words().front();
  if (verb != "test" && verb != "check")
    return complain(arguments, "give: test USER TOPIC, or check", exit_usage);
  const auto options = options_of(*flags);
  auto rules = options ? auth::load_rules(*options) : std::unexpected(options.error());
  if (!rules) {
    for (const auto& problem : rules.error())
      std::fprintf(stderr, "%s\n", config::to_string(problem).c_str());
    return exit_failure;
  }
  if (*rules == nullptr)
    return complain(arguments, "no rules: name a file by --rules, --acl-file or -c", exit_usage);
  if (verb == "test") return test(arguments, *flags, **rules);
  std::printf("%zu rules, in order\n", (*rules)->rules().size());
  return exit_success;
}

}  // namespace sluice::cli
