// SPDX-License-Identifier: Apache-2.0
#include "store/format/manifest.h"

#include "os/crc32c.h"
#include "store/format/segment_format.h"

#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <span>

namespace sluice::store {
namespace {

constexpr std::string_view checksum_key = "checksum ";

void append(std::string& text, std::string_view key, std::uint64_t number, int base = 10) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
  text.append(key).append(" ").append(digits.data(), end).append("\n");
}

void append_checksum(std::string& text) {
  append(text, checksum_key.substr(0, checksum_key.size() - 1), os::crc32c(0, as_bytes(text)), 16);
}

std::optional<std::uint64_t> take(std::string_view& text, std::string_view key, int base = 10) {
  if (!text.starts_with(key) || !text.substr(key.size()).starts_with(' ')) return {};
  const std::string_view rest = text.substr(key.size() + 1);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number, base);
  if (error != std::errc() || end == rest.data() + rest.size() || *end != '\n') return {};
  text = rest.substr(static_cast<std::size_t>(end - rest.data()) + 1);
  return number;
}

// The lines in front of the checksum, if it is theirs.
std::optional<std::string_view> checked_lines(std::string_view text) {
  const auto at = text.rfind(checksum_key);
  if (at == std::string_view::npos || at == 0 || text[at - 1] != '\n') return {};
  std::string_view last = text.substr(at);
  const auto sum = take(last, "checksum", 16);
  if (!sum || !last.empty() || *sum != os::crc32c(0, as_bytes(text.substr(0, at)))) return {};
  return text.substr(0, at);
}

std::unexpected<Problem> damaged(const std::string& path) {
  return problem(Problem::Kind::damaged,
                 path + " is damaged: its checksum does not fit; put the file back from a backup");
}

struct Line {
  std::string_view key;
  std::uint64_t* number;
  int base = 10;
};

// The first line names the kind of file and its version.
Checked<void> read_lines(std::string_view text, std::string_view kind, std::span<const Line> wanted,
                         const std::string& path) {
  if (!text.starts_with(kind))
    return text.empty() ? Checked<void>(damaged(path))
                        : problem(Problem::Kind::foreign, path + " is no file of a sluice store");
  const auto lines = checked_lines(text);
  if (!lines) return damaged(path);
  std::string_view rest = *lines;
  const auto version = take(rest, kind);
  if (!version) return damaged(path);
  if (*version != format_version)
    return problem(Problem::Kind::foreign,
                   path + " is of format " + std::to_string(*version) + ", this program reads " +
                       std::to_string(format_version) + ": use the version that wrote it");
  for (const Line& line : wanted) {
    const auto number = take(rest, line.key, line.base);
    if (!number) return damaged(path);
    *line.number = *number;
  }
  return {};
}

}  // namespace

std::string to_text(const Manifest& manifest) {
  std::string text;
  append(text, "sluice-store", format_version);
  append(text, "generation", manifest.generation);
  append(text, "shards", manifest.shards);
  append(text, "placement-key-0", manifest.placement_key.k0, 16);
  append(text, "placement-key-1", manifest.placement_key.k1, 16);
  append(text, "salt", manifest.salt, 16);
  append_checksum(text);
  return text;
}

Checked<Manifest> read_manifest(std::string_view text, const std::string& path) {
  Manifest manifest;
  std::uint64_t shards = 0;
  const Line lines[] = {{"generation", &manifest.generation},
                        {"shards", &shards},
                        {"placement-key-0", &manifest.placement_key.k0, 16},
                        {"placement-key-1", &manifest.placement_key.k1, 16},
                        {"salt", &manifest.salt, 16}};
  if (auto read = read_lines(text, "sluice-store", lines, path); !read)
    return std::unexpected(read.error());
  if (shards == 0 || shards > std::numeric_limits<std::uint16_t>::max()) return damaged(path);
  manifest.shards = static_cast<std::uint16_t>(shards);
  return manifest;
}

std::string to_text(const ReplayStart& start) {
  std::string text;
  append(text, "sluice-replay", format_version);
  append(text, "segment", start.segment);
  append(text, "position", static_cast<std::uint64_t>(start.position));
  append_checksum(text);
  return text;
}

Checked<ReplayStart> read_replay_start(std::string_view text, const std::string& path) {
  ReplayStart start;
  std::uint64_t position = 0;
  const Line lines[] = {{"segment", &start.segment}, {"position", &position}};
  if (auto read = read_lines(text, "sluice-replay", lines, path); !read)
    return std::unexpected(read.error());
  start.position = Position{position};
  return start;
}

}  // namespace sluice::store
