// SPDX-License-Identifier: Apache-2.0
//
// `sluice passwd`: adds users to a password file, changes and deletes them. Flags and file are
// mosquitto_passwd's.
#include "auth/file/password_file.h"
#include "cli/commands.h"
#include "cli/commands/passwd_flags.h"
#include "cli/exit_code.h"
#include "cli/flags/command_line.h"
#include "os/entropy.h"
#include "os/file.h"
#include "os/process/secret_prompt.h"
#include "os/system_error.h"

#include <array>
#include <cstdio>
#include <optional>
#include <string>

namespace sluice::cli {
namespace {

using auth::HashKind;
using auth::PasswordFile;
using auth::PasswordHash;

constexpr Flag own_flags[] = {
    {"create", 'c', FlagKind::toggle, "", "make a new file; one that is there is overwritten"},
    {"batch", 'b', FlagKind::toggle, "",
     "take the password from the command line, where others can see it"},
    {"delete", 'D', FlagKind::toggle, "", "delete the user"},
    {"update", 'U', FlagKind::toggle, "", "hash all passwords of the file that are not hashed"},
    {"hash", 'H', FlagKind::text, "KIND",
     "argon2id (default), sha512-pbkdf2, sha512, scram-sha-256 or scram-sha-1"},
    {"help", '\0', FlagKind::toggle, "", "show this and end"},
};
constexpr FlagGroup groups[] = {{"Flags", own_flags}};
constexpr std::string_view usage[] = {"[-c] [-H KIND] FILE USER",
                                      "[-c] [-H KIND] -b FILE USER PASSWORD", "-D FILE USER",
                                      "[-H KIND] -U FILE"};
constexpr FlagTable table{"passwd", "add, change and delete users of a password file", usage,
                          groups, Positionals::allowed};

constexpr std::size_t file_bytes_max = std::size_t{64} << 20;

struct KindName {
  std::string_view name;
  HashKind kind;
};
constexpr KindName kinds[] = {{"argon2id", HashKind::argon2id},
                              {"sha512-pbkdf2", HashKind::pbkdf2_sha512},
                              {"sha512", HashKind::sha512},
                              {"scram-sha-256", HashKind::scram_sha_256},
                              {"scram-sha-1", HashKind::scram_sha_1}};

std::optional<HashKind> kind_of(std::string_view name) {
  for (const KindName& each : kinds)
    if (each.name == name) return each.kind;
  return std::nullopt;
}

int refuse_to(const Arguments& arguments, const std::string& text, int code = exit_failure) {
  std::fprintf(stderr, "%s: %s\n", arguments.program.c_str(), text.c_str());
  return arguments.personality == Personality::mosquitto ? exit_failure : code;
}

Result<PasswordHash> hash_of(HashKind kind, std::string_view password) {
  std::array<std::uint8_t, 16> salt{};
  os::fill_with_entropy(salt);
  return PasswordHash::make(kind, password, salt);
}

/// One run of the command.
class Edit {
 public:
  Edit(const Arguments& arguments, const ParsedFlags& flags, HashKind kind)
      : arguments_(arguments), flags_(flags), kind_(kind), path_(flags.words().front()) {}

  int run() {
    if (const int code = load(); code != exit_success) return code;
    if (flags_.has("update")) return update();
    const std::string& user = flags_.words()[1];
    if (!PasswordFile::is_name_allowed(user))
      return refuse_to(arguments_, "a user name has no ':' and no control characters", exit_usage);
    return flags_.has("delete") ? remove(user) : set(user);
  }

 private:
  int load() {
    std::string text;
    if (!flags_.has("create")) {
      const auto read = os::read_file(path_, file_bytes_max);
      if (!read)
        return refuse_to(arguments_, "'" + path_ + "' cannot be read: " +
                                         os::describe(read.error()) + "; -c makes a new one");
      text = *read;
    }
    const auto plain =
        flags_.has("update") ? PasswordFile::Plain::kept : PasswordFile::Plain::refused;
    auto parsed = PasswordFile::parse(path_, text, plain);
    if (!parsed) {
      for (const auto& problem : parsed.error()) refuse_to(arguments_, config::to_string(problem));
      return exit_failure;
    }
    file_ = std::move(*parsed);
    return exit_success;
  }

  int save() {
    const auto written = os::replace_file(path_, file_.text(), os::FileAccess::owner);
    if (written) return exit_success;
    return refuse_to(arguments_,
                     "'" + path_ + "' cannot be written: " + os::describe(written.error()));
  }

  std::optional<Secret> password() {
    if (flags_.has("batch")) return Secret(std::string_view(flags_.words()[2]));
    auto first = os::read_secret_line("Password: ");
    if (!first) return std::nullopt;
    auto second = os::read_secret_line("Reenter password: ");
    // What comes by a pipe is said once; a terminal asks twice.
    if (second && second->text() != first->text()) return std::nullopt;
    return std::move(*first);
  }

  int set(const std::string& user) {
    const auto secret = password();
    if (!secret) return refuse_to(arguments_, "no password, or not the same one twice");
    if (secret->empty()) return refuse_to(arguments_, "an empty password keeps nobody out");
    const auto hash = hash_of(kind_, secret->text());
    if (!hash) return refuse_to(arguments_, hash.error().detail);
    const bool is_new = !file_.users().contains(user);
    file_.set(user, *hash);
    if (const int code = save(); code != exit_success) return code;
    std::printf("%s %s\n", is_new ? "Adding password for user" : "Updating password for user",
                user.c_str());
    return exit_success;
  }

  int remove(const std::string& user) {
    if (!file_.remove(user))
      return refuse_to(arguments_, "there is no user '" + user + "' in '" + path_ + "'");
    return save();
  }

  int update() {
    const auto plain = file_.plain();
    for (const auto& [user, secret] : plain) {
      const auto hash = hash_of(kind_, secret);
      if (!hash) return refuse_to(arguments_, hash.error().detail);
      file_.set(user, *hash);
    }
    return save();
  }

  const Arguments& arguments_;
  const ParsedFlags& flags_;
  const HashKind kind_;
  const std::string path_;
  PasswordFile file_;
};

}  // namespace

const FlagTable* passwd_flags() { return &table; }

int run_passwd(const Arguments& arguments) {
  const bool is_mosquitto = arguments.personality == Personality::mosquitto;
  const auto flags = parse_command_line(arguments, table);
  if (!flags) return is_mosquitto && flags.error() == exit_usage ? exit_failure : flags.error();
  // mosquitto's own name keeps its kind, which mosquitto 2.0 can read.
  const auto kind = kind_of(flags->text("hash", is_mosquitto ? "sha512-pbkdf2" : "argon2id"));
  if (!kind)
    return refuse_to(arguments,
                     "no hash '" + std::string(flags->text("hash")) +
                         "'; there are argon2id, sha512-pbkdf2, sha512, scram-sha-256, scram-sha-1",
                     exit_usage);
  const bool is_update = flags->has("update");
  const std::size_t wanted = is_update ? 1 : flags->has("batch") && !flags->has("delete") ? 3 : 2;
  const bool is_contrary = (is_update && (flags->has("create") || flags->has("delete"))) ||
                           (flags->has("create") && flags->has("delete"));
  if (is_contrary || flags->words().size() != wanted)
    return refuse_to(arguments,
                     is_update     ? "-U takes a FILE alone"
                     : wanted == 3 ? "-b takes FILE, USER and PASSWORD"
                                   : "give FILE and USER; --help shows more",
                     exit_usage);
  return Edit(arguments, *flags, *kind).run();
}

}  // namespace sluice::cli
