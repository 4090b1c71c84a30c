// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sim_disk.h"

#include <algorithm>

namespace sluice::testing {
namespace {

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

void store(std::vector<std::uint8_t>& into, std::uint64_t offset, ByteView bytes) {
  if (into.size() < offset + bytes.size()) into.resize(offset + bytes.size());
  std::ranges::copy(bytes, into.begin() + static_cast<std::ptrdiff_t>(offset));
}

}  // namespace

class SimDisk::File final : public os::DiskFile {
 public:
  File(SimDisk& disk, InodePtr inode, os::OpenMode mode)
      : disk_(disk), inode_(std::move(inode)), life_(disk.life_), mode_(mode) {}

  Result<void> write(ByteView bytes, std::uint64_t offset) override {
    if (mode_ == os::OpenMode::read) return fail(ErrorCode::invalid_argument, "write");
    const auto failure = check(Operation::write);
    // What an operation that failed has stored nevertheless.
    if (failure && life_ == disk_.life_) bytes = bytes.first(bytes.size() / 2);
    if (life_ != disk_.life_) return *failure;
    const std::uint64_t end = offset + bytes.size();
    const std::uint64_t grows = end > inode_->now.size() ? end - inode_->now.size() : 0;
    if (disk_.used_bytes() + grows > disk_.capacity_) return fail(ErrorCode::no_space, "write");
    store(inode_->now, offset, bytes);
    inode_->unsynced.push_back({offset, {bytes.begin(), bytes.end()}});
    if (failure) return *failure;
    return {};
  }
  Result<std::size_t> read(MutableByteView into, std::uint64_t offset) const override {
    if (life_ != disk_.life_ || disk_.is_dead_) return fail(ErrorCode::io_error, "read");
    if (offset >= inode_->now.size()) return std::size_t{0};
    const std::size_t size = std::min<std::uint64_t>(into.size(), inode_->now.size() - offset);
    std::copy_n(inode_->now.begin() + static_cast<std::ptrdiff_t>(offset), size, into.begin());
    return size;
  }
  Result<void> sync() override {
    if (const auto failure = check(Operation::sync)) return *failure;
    ++disk_.syncs_;
    for (const Write& write : inode_->unsynced) store(inode_->safe, write.offset, write.bytes);
    inode_->safe.resize(inode_->now.size());
    inode_->unsynced.clear();
    return {};
  }
  Result<void> allocate(std::uint64_t bytes) override {
    if (const auto failure = check(Operation::allocate)) return *failure;
    if (bytes <= inode_->now.size()) return {};
    if (disk_.used_bytes() + bytes - inode_->now.size() > disk_.capacity_)
      return fail(ErrorCode::no_space, "fallocate");
    inode_->now.resize(bytes);
    return {};
  }
  Result<std::uint64_t> size() const override { return inode_->now.size(); }

 private:
  std::optional<Failure> check(Operation operation) const {
    if (life_ != disk_.life_) return fail(ErrorCode::io_error, "the process is gone");
    return disk_.next(operation);
  }

  SimDisk& disk_;
  InodePtr inode_;
  const std::uint64_t life_;
  const os::OpenMode mode_;
};

class SimDisk::Lock final : public os::DiskLock {
 public:
  Lock(SimDisk& disk, std::string path) : disk_(disk), path_(std::move(path)), life_(disk.life_) {}
  ~Lock() override {
    if (life_ == disk_.life_) disk_.locks_.erase(path_);
  }

 private:
  SimDisk& disk_;
  const std::string path_;
  const std::uint64_t life_;
};

std::optional<Failure> SimDisk::next(Operation operation) {
  ++operations_;
  if (dies_in_ > 0 && --dies_in_ == 0) is_dead_ = true;
  if (is_dead_) return fail(ErrorCode::io_error, "the power is gone");
  if (fails_in_ == 0 || (failing_ != Operation::any && failing_ != operation)) return {};
  if (--fails_in_ > 0) return {};
  return fail(failure_, "injected");
}

void SimDisk::fail_in(std::uint64_t n, Operation operation, ErrorCode code) {
  fails_in_ = n;
  failing_ = operation;
  failure_ = code;
}

void SimDisk::name(std::map<std::string, InodePtr> changed, const std::string& in) {
  for (const auto& [path, inode] : changed) {
    if (inode)
      names_[path] = inode;
    else
      names_.erase(path);
  }
  unsynced_names_.push_back({in, std::move(changed)});
}

Result<std::unique_ptr<os::DiskFile>> SimDisk::open(const std::string& path, os::OpenMode mode) {
  if (const auto failure = next(Operation::open)) return *failure;
  const auto found = names_.find(path);
  const bool is_there = found != names_.end();
  if (mode == os::OpenMode::create && is_there) return fail(ErrorCode::already_exists, "open");
  if (is_there && found->second->is_directory) return fail(ErrorCode::io_error, "open");
  if (is_there && mode != os::OpenMode::replace)
    return std::make_unique<File>(*this, found->second, mode);
  if (mode == os::OpenMode::read || mode == os::OpenMode::write)
    return fail(ErrorCode::not_found, "open");
  auto inode = std::make_shared<Inode>();
  name({{path, inode}}, directory_of(path));
  return std::make_unique<File>(*this, inode, mode);
}

Result<void> SimDisk::rename(const std::string& from, const std::string& to) {
  if (const auto failure = next(Operation::rename)) return *failure;
  const auto found = names_.find(from);
  if (found == names_.end()) return fail(ErrorCode::not_found, "rename");
  const InodePtr inode = found->second;
  name({{from, nullptr}, {to, inode}}, directory_of(to));
  return {};
}

Result<void> SimDisk::remove(const std::string& path) {
  if (const auto failure = next(Operation::rename)) return *failure;
  if (!names_.contains(path)) return fail(ErrorCode::not_found, "unlink");
  name({{path, nullptr}}, directory_of(path));
  return {};
}

Result<std::vector<std::string>> SimDisk::list(const std::string& path) {
  if (const auto failure = next(Operation::open)) return *failure;
  if (!path.empty() && !names_.contains(path)) return fail(ErrorCode::not_found, "opendir");
  std::vector<std::string> names;
  for (const auto& [each, inode] : names_)
    if (directory_of(each) == path && !each.empty())
      names.push_back(path.empty() ? each : each.substr(path.size() + 1));
  std::ranges::sort(names);
  return names;
}

Result<void> SimDisk::create_directory(const std::string& path) {
  if (const auto failure = next(Operation::rename)) return *failure;
  if (names_.contains(path)) return fail(ErrorCode::already_exists, "mkdir");
  auto inode = std::make_shared<Inode>();
  inode->is_directory = true;
  name({{path, inode}}, directory_of(path));
  return {};
}

Result<void> SimDisk::sync_directory(const std::string& path) {
  if (const auto failure = next(Operation::sync)) return *failure;
  std::erase_if(unsynced_names_, [&](const Naming& naming) {
    if (naming.directory != path) return false;
    for (const auto& [each, inode] : naming.changed) {
      if (inode)
        safe_names_[each] = inode;
      else
        safe_names_.erase(each);
    }
    return true;
  });
  return {};
}

Result<std::unique_ptr<os::DiskLock>> SimDisk::lock(const std::string& path) {
  if (const auto failure = next(Operation::open)) return *failure;
  if (const auto held = locks_.find(path); held != locks_.end() && held->second == life_)
    return fail(ErrorCode::would_block, "flock");
  locks_[path] = life_;
  if (!names_.contains(path)) name({{path, std::make_shared<Inode>()}}, directory_of(path));
  return std::make_unique<Lock>(*this, path);
}

// Sector by sector: of what was written and not synced, any part in any order.
void SimDisk::apply_unsynced(Inode& inode, Rng& rng) {
  std::vector<std::uint8_t> after = inode.safe;
  const std::uint64_t mood = rng.below(4);  // nothing, everything, or some
  for (const Write& write : inode.unsynced) {
    std::uint64_t at = write.offset;
    while (at < write.offset + write.bytes.size()) {
      const std::uint64_t end = std::min(at / sector_bytes * sector_bytes + sector_bytes,
                                         write.offset + write.bytes.size());
      const bool is_kept = mood == 1 || (mood > 1 && rng.chance(1, 2));
      const ByteView sector{write.bytes.data() + (at - write.offset), end - at};
      if (is_kept) store(after, at, sector);
      at = end;
    }
  }
  inode.now = inode.safe = std::move(after);
  inode.unsynced.clear();
}

void SimDisk::crash(Rng& rng, Cut cut) {
  ++life_;
  is_dead_ = false;
  dies_in_ = fails_in_ = 0;
  if (cut == Cut::process) return;
  // A journal of names keeps their order: a beginning of what was done survives.
  const std::size_t kept = rng.below(unsynced_names_.size() + 1);
  for (std::size_t i = 0; i < kept; ++i)
    for (const auto& [path, inode] : unsynced_names_[i].changed) {
      if (inode)
        safe_names_[path] = inode;
      else
        safe_names_.erase(path);
    }
  unsynced_names_.clear();
  names_ = safe_names_;
  for (const auto& [path, inode] : names_) apply_unsynced(*inode, rng);
}

std::uint64_t SimDisk::used_bytes() const {
  std::uint64_t used = 0;
  for (const auto& [path, inode] : names_) used += inode->now.size();
  return used;
}

std::vector<std::uint8_t>* SimDisk::bytes_of(const std::string& path) {
  const auto found = names_.find(path);
  return found == names_.end() ? nullptr : &found->second->now;
}

}  // namespace sluice::testing
