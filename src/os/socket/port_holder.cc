// SPDX-License-Identifier: Apache-2.0
#include "os/socket/port_holder.h"

#include "os/file.h"

#include <charconv>
#include <filesystem>
#include <sstream>
#include <string_view>
#include <system_error>

namespace sluice::os {
namespace {

constexpr std::size_t table_bytes_max = std::size_t{16} << 20;
constexpr std::string_view listening_state = "0A";

struct ListeningEntry {
  std::uint32_t user;
  std::string inode;
};

/// One line of /proc/net/tcp: "sl local remote st queues timer retransmits uid timeout inode …".
std::optional<ListeningEntry> read_line(const std::string& line, std::uint16_t port) {
  std::istringstream words(line);
  std::string slot, local, remote, state, queues, timer, retransmits, timeout, inode;
  std::uint32_t user = 0;
  words >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> user >> timeout;
  if (!(words >> inode) || state != listening_state) return std::nullopt;
  const auto colon = local.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  unsigned found = 0;
  std::from_chars(local.data() + colon + 1, local.data() + local.size(), found, 16);
  if (found != port) return std::nullopt;
  return ListeningEntry{user, inode};
}

std::optional<ListeningEntry> find_in_table(const char* path, std::uint16_t port) {
  const auto table = read_file(path, table_bytes_max);
  if (!table) return std::nullopt;
  std::istringstream lines(*table);
  std::string line;
  std::getline(lines, line);  // the heading
  while (std::getline(lines, line))
    if (auto entry = read_line(line, port)) return entry;
  return std::nullopt;
}

bool process_has_socket(const std::filesystem::path& process, std::string_view link) {
  std::error_code error;
  std::filesystem::directory_iterator entry(process / "fd", error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    std::error_code unreadable;
    if (std::filesystem::read_symlink(*entry, unreadable) == link) return true;
  }
  return false;
}

void name_process(PortHolder& holder, const std::string& inode) {
  const std::string link = "socket:[" + inode + "]";
  std::error_code error;
  std::filesystem::directory_iterator entry("/proc", error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string process = entry->path().filename();
    if (process.find_first_not_of("0123456789") != std::string::npos) continue;
    if (!process_has_socket(entry->path(), link)) continue;
    std::from_chars(process.data(), process.data() + process.size(), holder.process);
    auto command = read_file("/proc/" + process + "/comm", 256).value_or("");
    if (!command.empty() && command.back() == '\n') command.pop_back();
    holder.command = command;
    return;
  }
}

}  // namespace

std::optional<PortHolder> find_port_holder(std::uint16_t port) {
  auto entry = find_in_table("/proc/net/tcp", port);
  if (!entry) entry = find_in_table("/proc/net/tcp6", port);
  if (!entry) return std::nullopt;
  PortHolder holder{.user = entry->user};
  name_process(holder, entry->inode);
  return holder;
}

std::string explain_port_in_use(std::uint16_t port) {
  std::string text = "port " + std::to_string(port) + " is in use";
  const auto holder = find_port_holder(port);
  if (holder && holder->process != 0)
    text += " by " + holder->command + " (process " + std::to_string(holder->process) + ")";
  else if (holder)
    text += " by a process of user " + std::to_string(holder->user);
  return text + "; stop it or choose another port";
}

}  // namespace sluice::os
