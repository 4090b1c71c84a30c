// SPDX-License-Identifier: Apache-2.0
#include "auth/registry.h"

#include "auth/file/file_backend.h"
#include "os/entropy.h"
#include "os/file.h"
#include "os/system_error.h"

#include <array>

namespace sluice::auth {
namespace {

constexpr std::size_t file_bytes_max = std::size_t{64} << 20;

/// Null, and no problem: the options do not ask for it.
using Made = std::expected<std::unique_ptr<Backend>, Problems>;

Made make_file(const AuthOptions& options) {
  const std::string& path = options.auth.password_file;
  if (path.empty()) return nullptr;
  const auto text = os::read_file(path, file_bytes_max);
  if (!text)
    return std::unexpected(Problems{
        {"auth.password_file", "'" + path + "' cannot be read: " + os::describe(text.error())}});
  auto file = PasswordFile::parse(path, *text);
  if (!file) return std::unexpected(std::move(file.error()));
  std::array<std::uint8_t, 32> secret{};
  os::fill_with_entropy(secret);
  return std::make_unique<FileBackend>(std::move(*file), secret);
}

// In the order in which they are asked.
constexpr std::array<Made (*)(const AuthOptions&), 1> makers = {make_file};

}  // namespace

std::expected<std::unique_ptr<const Chain>, Problems> make_chain(const AuthOptions& options) {
  std::vector<std::unique_ptr<Backend>> backends;
  Problems problems;
  for (const auto make : makers) {
    Made made = make(options);
    if (!made)
      problems.insert(problems.end(), made.error().begin(), made.error().end());
    else if (*made != nullptr)
      backends.push_back(std::move(*made));
  }
  if (!problems.empty()) return std::unexpected(std::move(problems));
  return std::make_unique<const Chain>(std::move(backends));
}

}  // namespace sluice::auth
