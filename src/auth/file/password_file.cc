// SPDX-License-Identifier: Apache-2.0
#include "auth/file/password_file.h"

#include <algorithm>

namespace sluice::auth {
namespace {

bool is_skipped(std::string_view line) { return line.empty() || line.front() == '#'; }

}  // namespace

bool PasswordFile::is_name_allowed(std::string_view name) {
  if (name.empty() || name.size() > 65535) return false;
  return std::ranges::none_of(
      name, [](char c) { return c == ':' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::expected<PasswordFile, Problems> PasswordFile::parse(std::string_view file,
                                                          std::string_view text, Plain plain) {
  PasswordFile made;
  Problems problems;
  const auto complain = [&](std::string what) {
    problems.push_back(problem_at(file, made.lines_.size(), std::move(what)));
  };
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    made.lines_.emplace_back(line);
    if (is_skipped(line)) continue;
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, std::min(colon, line.size()));
    if (colon == std::string_view::npos || !is_name_allowed(name)) {
      complain("not a user: a line is NAME:HASH, as `sluice passwd` writes it");
      continue;
    }
    const std::string_view value = line.substr(colon + 1);
    if (made.users_.contains(name) || made.plain_.contains(name)) {
      complain("the user '" + std::string(name) + "' stands here a second time");
      continue;
    }
    const auto hash = PasswordHash::parse(value);
    if (hash)
      made.users_.emplace(name, User{*hash, std::string(value), made.lines_.size()});
    else if (plain == Plain::kept && !value.starts_with('$'))
      made.plain_.emplace(name, value);
    else
      complain("the hash of '" + std::string(name) + "' cannot be read: " + hash.error().detail +
               "; allowed are $argon2id$, $7$, $6$ and SCRAM-SHA-256$ (`sluice passwd -U FILE` "
               "hashes passwords that are not)");
  }
  if (!problems.empty()) return std::unexpected(std::move(problems));
  return made;
}

std::string* PasswordFile::find_line(std::string_view name) {
  for (std::string& line : lines_)
    if (!is_skipped(line) && line.size() > name.size() && line.starts_with(name) &&
        line[name.size()] == ':')
      return &line;
  return nullptr;
}

void PasswordFile::set(std::string_view name, const PasswordHash& hash) {
  std::string value = hash.text();
  std::string line = std::string(name) + ":" + value;
  if (std::string* old = find_line(name))
    *old = std::move(line);
  else
    lines_.push_back(std::move(line));
  plain_.erase(std::string(name));
  users_.insert_or_assign(std::string(name), User{hash, std::move(value), lines_.size()});
}

bool PasswordFile::remove(std::string_view name) {
  const std::string* line = find_line(name);
  if (line == nullptr) return false;
  lines_.erase(lines_.begin() + (line - lines_.data()));
  users_.erase(std::string(name));
  plain_.erase(std::string(name));
  return true;
}

std::string PasswordFile::text() const {
  std::string text;
  for (const std::string& line : lines_) text.append(line).append("\n");
  return text;
}

}  // namespace sluice::auth
