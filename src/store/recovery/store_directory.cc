// SPDX-License-Identifier: Apache-2.0
#include "store/recovery/store_directory.h"

#include "os/file/file_disk.h"

#include <algorithm>

namespace sluice::store {
namespace {

constexpr std::string_view creating_name = "CREATING";
constexpr std::string_view manifest_name = "MANIFEST";
constexpr std::string_view lock_name = "LOCK";
constexpr std::string_view log_prefix = "log-";
constexpr std::size_t manifest_bytes_max = 4096;

std::string prefix_of(std::uint64_t generation) {
  return std::string(log_prefix) + std::to_string(generation) + "-";
}

}  // namespace

LogPlace StoreDirectory::place_of(std::uint64_t generation, std::uint16_t shard) const {
  return {path_of(prefix_of(generation) + std::to_string(shard)), manifest_.salt, shard};
}

Checked<void> StoreDirectory::take_lock() {
  const std::string path = path_of(lock_name);
  auto lock = disk_->lock(path);
  if (!lock && lock.error().code == ErrorCode::would_block) {
    const int holder = os::process_that_locks(path);
    const std::string who = holder > 0 ? "process " + std::to_string(holder) : "another process";
    return problem(
        Problem::Kind::in_use,
        path_ + " is in use by " + who + ": stop it, or choose another directory by --data DIR");
  }
  if (!lock) return disk_problem(path, lock.error());
  lock_ = std::move(*lock);
  return {};
}

Checked<bool> StoreDirectory::find_manifest() {
  const std::string path = path_of(manifest_name);
  const auto file = disk_->open(path, os::OpenMode::read);
  if (!file && file.error().code == ErrorCode::not_found) return false;
  if (!file) return disk_problem(path, file.error());
  std::string text(manifest_bytes_max, '\0');
  const auto size = (*file)->read({reinterpret_cast<std::uint8_t*>(text.data()), text.size()}, 0);
  if (!size) return disk_problem(path, size.error());
  text.resize(*size);
  auto manifest = read_manifest(text, path);
  if (!manifest) return std::unexpected(manifest.error());
  manifest_ = *manifest;
  return true;
}

Checked<void> StoreDirectory::check_empty(bool is_half_made) const {
  const auto names = disk_->list(path_);
  if (!names) return disk_problem(path_, names.error());
  for (const std::string& name : *names) {
    if (name == lock_name || name == creating_name || name == "lost+found") continue;
    if (name == "MANIFEST.new" && is_half_made) continue;
    const bool is_log = name.starts_with(log_prefix);
    if (is_log && is_half_made) continue;
    if (is_log)
      return problem(
          Problem::Kind::missing,
          path_of(manifest_name) + " is missing, and logs are there: put it back from a backup");
    return problem(Problem::Kind::foreign,
                   path_ + " holds '" + name + "' and no store of sluice: give a new directory");
  }
  return {};
}

Checked<StoreDirectory> StoreDirectory::open(os::Disk& disk, std::string path, const Birth& birth) {
  const auto made = disk.create_directory(path);
  if (!made && made.error().code != ErrorCode::already_exists)
    return disk_problem(path, made.error());
  StoreDirectory store(disk, std::move(path));
  if (auto locked = store.take_lock(); !locked) return std::unexpected(locked.error());
  const auto found = store.find_manifest();
  if (!found) return std::unexpected(found.error());
  if (!*found)
    if (auto created = store.create(birth); !created) return std::unexpected(created.error());
  if (auto removed = store.remove_others(store.manifest_.generation); !removed)
    return std::unexpected(removed.error());
  return store;
}

Checked<StoreDirectory> StoreDirectory::open_existing(os::Disk& disk, std::string path) {
  auto store = open_to_read(disk, std::move(path));
  if (!store) return store;
  if (auto locked = store->take_lock(); !locked) return std::unexpected(locked.error());
  // It may have changed before the lock was taken.
  if (const auto found = store->find_manifest(); !found) return std::unexpected(found.error());
  return store;
}

Checked<StoreDirectory> StoreDirectory::open_to_read(os::Disk& disk, std::string path) {
  if (const auto there = disk.list(path); !there) return disk_problem(path, there.error());
  StoreDirectory store(disk, std::move(path));
  if (const auto file = disk.open(store.path_of(manifest_name), os::OpenMode::read); !file)
    return disk_problem(store.path_of(manifest_name), file.error());
  if (const auto found = store.find_manifest(); !found) return std::unexpected(found.error());
  return store;
}

Checked<void> StoreDirectory::create(const Birth& birth) {
  is_new_ = true;
  const std::string creating = path_of(creating_name);
  const bool is_half_made = disk_->open(creating, os::OpenMode::read).has_value();
  if (auto checked = check_empty(is_half_made); !checked) return checked;
  if (const auto marked = disk_->open(creating, os::OpenMode::replace); !marked)
    return disk_problem(creating, marked.error());
  if (const auto synced = disk_->sync_directory(path_); !synced)
    return disk_problem(path_, synced.error());
  if (auto removed = remove_others(0); !removed) return removed;
  manifest_ = {.generation = 1,
               .shards = birth.shards,
               .placement_key = birth.placement_key,
               .salt = birth.salt};
  if (auto logs = make_logs(1, birth.shards); !logs) return logs;
  if (auto written = write_manifest(manifest_); !written) return written;
  if (const auto removed = disk_->remove(creating); !removed)
    return disk_problem(creating, removed.error());
  return {};
}

// Each begins with an empty segment, so that none is ever empty for want of files.
Checked<void> StoreDirectory::make_logs(std::uint64_t generation, std::uint16_t shards) {
  for (std::uint16_t shard = 0; shard < shards; ++shard) {
    const LogPlace place = place_of(generation, shard);
    if (const auto made = disk_->create_directory(place.directory); !made)
      return disk_problem(place.directory, made.error());
    if (const auto made = SegmentFiles(*disk_, place).make(1, block_bytes); !made)
      return disk_problem(place.directory, made.error());
  }
  if (const auto synced = disk_->sync_directory(path_); !synced)
    return disk_problem(path_, synced.error());
  return {};
}

Checked<void> StoreDirectory::write_manifest(const Manifest& manifest) {
  const std::string path = path_of(manifest_name);
  if (const auto written = replace_file(*disk_, path_, path, to_text(manifest)); !written)
    return disk_problem(path, written.error());
  return {};
}

Checked<void> StoreDirectory::remove_others(std::uint64_t generation) {
  const auto names = disk_->list(path_);
  if (!names) return disk_problem(path_, names.error());
  for (const std::string& name : *names) {
    const bool is_creating = name == creating_name && generation != 0;
    const bool is_old = name.starts_with(log_prefix) && !name.starts_with(prefix_of(generation));
    if (!is_creating && !is_old) continue;
    const std::string path = path_of(name);
    const auto files = is_old ? disk_->list(path) : Result<std::vector<std::string>>{};
    if (!files) return disk_problem(path, files.error());
    for (const std::string& file : *files)
      if (const auto removed = disk_->remove(path + "/" + file); !removed)
        return disk_problem(path + "/" + file, removed.error());
    if (const auto removed = disk_->remove(path); !removed)
      return disk_problem(path, removed.error());
  }
  return {};
}

Checked<std::vector<LogPlace>> StoreDirectory::prepare_generation(std::uint16_t shards) {
  if (auto removed = remove_others(manifest_.generation); !removed)
    return std::unexpected(removed.error());
  const std::uint64_t generation = manifest_.generation + 1;
  if (auto made = make_logs(generation, shards); !made) return std::unexpected(made.error());
  std::vector<LogPlace> places;
  for (std::uint16_t shard = 0; shard < shards; ++shard)
    places.push_back(place_of(generation, shard));
  return places;
}

Checked<void> StoreDirectory::switch_generation(std::uint16_t shards) {
  Manifest next = manifest_;
  ++next.generation;
  next.shards = shards;
  if (auto written = write_manifest(next); !written) return written;
  manifest_ = next;
  return remove_others(manifest_.generation);
}

Checked<std::string> StoreDirectory::switch_and_set_aside() {
  const Manifest old = manifest_;
  Manifest next = old;
  ++next.generation;
  if (auto written = write_manifest(next); !written) return std::unexpected(written.error());
  manifest_ = next;
  for (std::uint16_t shard = 0; shard < old.shards; ++shard) {
    const std::string from = place_of(old.generation, shard).directory;
    const std::string to =
        path_of("damaged-" + std::to_string(old.generation) + "-" + std::to_string(shard));
    if (const auto renamed = disk_->rename(from, to); !renamed)
      return disk_problem(from, renamed.error());
  }
  if (const auto synced = disk_->sync_directory(path_); !synced)
    return disk_problem(path_, synced.error());
  return path_of("damaged-" + std::to_string(old.generation) + "-*");
}

}  // namespace sluice::store
