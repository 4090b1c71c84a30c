// SPDX-License-Identifier: Apache-2.0
//
// `sluice store`: looks at, mends and copies what a broker keeps on disk. Only a backup is taken
// while a broker uses it.
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/flags/command_line.h"
#include "cli/output/base64.h"
#include "cli/store/record_json.h"
#include "cli/store/store_flags.h"
#include "core/state/chunk_expansion.h"
#include "os/clock.h"
#include "os/entropy.h"
#include "os/file/file_disk.h"
#include "store/chunks/chunk_files.h"
#include "store/recovery/log_copy.h"
#include "store/recovery/log_reader.h"
#include "store/recovery/store_directory.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <iostream>
#include <optional>
#include <span>

namespace sluice::cli {
namespace {

using store::Checked;
using store::StoreDirectory;

constexpr Verb verbs[] = {
    {"check", "check DIR: read all of it, and say what is there or what is wrong"},
    {"dump", "dump DIR: one JSON object a batch, with its records"},
    {"repair", "repair DIR: cut damaged logs where the damage begins; the old ones stay aside"},
    {"backup", "backup DIR NEW-DIR: a checked copy, also while a broker uses it"},
    {"export", "export DIR > FILE: everything as one file"},
    {"import", "import NEW-DIR < FILE: a store of what was exported"},
};
constexpr Flag own_flags[] = {
    {"help", '\0', FlagKind::toggle, "", "show this and end"},
};
constexpr FlagGroup groups[] = {{"Flags", own_flags}};
constexpr std::string_view usage[] = {"check DIR",         "dump DIR",
                                      "repair DIR",        "backup DIR NEW-DIR",
                                      "export DIR > FILE", "import NEW-DIR < FILE"};
constexpr FlagTable table{
    "store", "check, mend and copy what is on disk", usage, groups, Positionals::allowed, {},
    verbs};

StoreDirectory::Birth birth_like(const store::Manifest& manifest) {
  return {.shards = manifest.shards,
          .placement_key = manifest.placement_key,
          .salt = os::random_seed()};
}

/// A store that is being filled: until complete() it has no MANIFEST, so that no broker takes a
/// part of it for the whole.
class NewStore {
 public:
  static Checked<NewStore> make(os::Disk& disk, const std::string& path,
                                const store::Manifest& manifest) {
    auto made = StoreDirectory::open(disk, path, birth_like(manifest));
    if (!made) return std::unexpected(made.error());
    if (!made->is_new())
      return store::problem(store::Problem::Kind::foreign,
                            path + " holds a store already: give a new directory");
    NewStore fresh(disk, std::move(*made));
    if (const auto hidden = disk.rename(fresh.manifest_path(), fresh.hidden_path()); !hidden)
      return store::disk_problem(path, hidden.error());
    if (const auto synced = disk.sync_directory(path); !synced)
      return store::disk_problem(path, synced.error());
    return fresh;
  }

  /// Empty logs for what is to be copied; those of an earlier attempt go.
  Checked<std::vector<store::LogPlace>> begin() {
    return directory_.prepare_generation(directory_.manifest().shards);
  }
  Checked<void> complete() {
    if (auto done = directory_.switch_generation(directory_.manifest().shards); !done) return done;
    if (const auto removed = disk_.remove(hidden_path()); !removed)
      return store::disk_problem(hidden_path(), removed.error());
    return {};
  }

 private:
  NewStore(os::Disk& disk, StoreDirectory directory)
      : disk_(disk), directory_(std::move(directory)) {}
  std::string manifest_path() const { return directory_.path() + "/MANIFEST"; }
  std::string hidden_path() const { return directory_.path() + "/MANIFEST.unfinished"; }

  os::Disk& disk_;
  StoreDirectory directory_;
};

/// The batches of a log, with the messages that stand beside it: what is taken from here is whole.
class WholeLog {
 public:
  explicit WholeLog(os::Disk& disk, const store::LogPlace& place)
      : disk_(disk), place_(place), files_(disk, place, std::uint64_t{1} << 30) {}

  Checked<store::LogEnd> read(const store::BatchVisitor& visit) {
    if (const auto opened = files_.open(); !opened)
      return store::disk_problem(place_.directory, opened.error());
    return store::read_log(disk_, place_, [&](const store::Batch& batch) -> Result<void> {
      SLUICE_TRY(const ByteView records, expansion_.expand(batch.records));
      return visit({batch.position, batch.time, records});
    });
  }
  std::uint64_t messages() const { return expansion_.messages(); }
  /// Whether all of the messages were there.
  Checked<void> check() const {
    if (expansion_.lost() == 0) return {};
    return store::problem(store::Problem::Kind::damaged,
                          place_.directory + ": " + std::to_string(expansion_.lost()) +
                              " messages of queues cannot be read from the .chunks files there; "
                              "start from a backup, or let `sluice store repair` do without them");
  }

 private:
  os::Disk& disk_;
  const store::LogPlace place_;
  store::ChunkFiles files_;
  core::ChunkExpansion expansion_{files_};
};

Checked<void> check(os::Disk& disk, StoreDirectory& directory) {
  std::string ignored;
  for (std::uint16_t shard = 0; shard < directory.manifest().shards; ++shard) {
    const store::LogPlace place = directory.place_of(shard);
    WholeLog log(disk, place);
    const auto end = log.read([&](const store::Batch& batch) {
      ignored.clear();
      return append_records_json(batch.records, ignored);
    });
    if (!end) return std::unexpected(end.error());
    if (auto whole = log.check(); !whole) return whole;
    std::string beside;
    if (log.messages() > 0)
      beside = ", " + std::to_string(log.messages()) + " messages of queues beside it";
    std::printf("%s: %" PRIu64 " batches, %" PRIu64 " B of records, %zu segments%s%s\n",
                place.directory.c_str(), end->batches, end->bytes, end->spans.size(),
                beside.c_str(),
                end->torn_segment != 0 ? ", the last write was not finished (nothing of it was "
                                         "acknowledged)"
                                       : "");
  }
  std::printf("%s is in order.\n", directory.path().c_str());
  return {};
}

Checked<void> dump(os::Disk& disk, StoreDirectory& directory) {
  for (std::uint16_t shard = 0; shard < directory.manifest().shards; ++shard) {
    WholeLog log(disk, directory.place_of(shard));
    const auto end = log.read([shard](const store::Batch& batch) -> Result<void> {
      std::string line;
      SLUICE_CHECK(append_records_json(batch.records, line));
      std::printf(
          "{\"shard\": %u, \"position\": %" PRIu64 ", \"wall_ns\": %" PRId64 ", \"records\": %s}\n",
          shard, static_cast<std::uint64_t>(batch.position), batch.time.wall.ns, line.c_str());
      return {};
    });
    if (!end) return std::unexpected(end.error());
  }
  return {};
}

/// Up to which batches a log is copied.
struct Until {
  std::optional<store::BatchTime> time{};   ///< none: to its end
  std::optional<store::Problem>* damage{};  ///< takes what is wrong; null: that ends the copy

  // A store of an earlier start of the machine has larger monotonic times, and earlier wall times.
  bool is_over(const store::BatchTime& at) const {
    return time && at.mono > time->mono && at.wall.ns > time->wall.ns;
  }
};

Checked<void> copy_log(os::Disk& disk, const store::LogPlace& from, const store::LogPlace& to,
                       const Until& until) {
  auto copy = store::LogCopy::open(disk, to);
  if (!copy) return std::unexpected(copy.error());
  bool is_over = false;
  WholeLog log(disk, from);
  const auto end = log.read([&](const store::Batch& batch) -> Result<void> {
    is_over = is_over || until.is_over(batch.time);
    if (is_over) return {};
    std::string ignored;
    SLUICE_CHECK(append_records_json(batch.records, ignored));
    return (*copy)->add(batch.time, batch.records);
  });
  // Behind that time a broker may be in the middle of a write.
  const bool is_behind = is_over && !end && end.error().kind == store::Problem::Kind::damaged;
  if (!end && !is_behind) {
    if (until.damage == nullptr || end.error().kind == store::Problem::Kind::disk)
      return std::unexpected(end.error());
    *until.damage = end.error();
  }
  if (auto whole = log.check(); !whole) {
    if (until.damage == nullptr) return whole;
    if (!*until.damage) *until.damage = whole.error();
  }
  if (const auto finished = (*copy)->finish(); !finished)
    return store::disk_problem(to.directory, finished.error());
  return {};
}

Checked<void> repair(os::Disk& disk, StoreDirectory& directory) {
  const std::uint16_t shards = directory.manifest().shards;
  const auto places = directory.prepare_generation(shards);
  if (!places) return std::unexpected(places.error());
  bool is_damaged = false;
  for (std::uint16_t shard = 0; shard < shards; ++shard) {
    std::optional<store::Problem> damage;
    const auto copied =
        copy_log(disk, directory.place_of(shard), (*places)[shard], {.damage = &damage});
    if (!copied) return copied;
    if (!damage) continue;
    is_damaged = true;
    std::printf("%s\n", damage->text.c_str());
  }
  if (!is_damaged) {
    std::printf("%s is in order: nothing was changed.\n", directory.path().c_str());
    return directory.drop_generation();
  }
  const auto aside = directory.switch_and_set_aside();
  if (!aside) return std::unexpected(aside.error());
  std::printf("Cut there. What was is in %s.\n", aside->c_str());
  return {};
}

Checked<void> copy_all(os::Disk& disk, const StoreDirectory& from, NewStore& to,
                       const Until& until) {
  const auto places = to.begin();
  if (!places) return std::unexpected(places.error());
  for (std::uint16_t shard = 0; shard < from.manifest().shards; ++shard)
    if (auto copied = copy_log(disk, from.place_of(shard), (*places)[shard], until); !copied)
      return copied;
  return {};
}

// A broker may use the store meanwhile. Where it takes away a segment that is being read, or is in
// the middle of a write, the next attempt sees what came of it.
Checked<void> backup(os::Disk& disk, const std::string& source, const std::string& path) {
  constexpr int attempts = 10;
  auto from = StoreDirectory::open_to_read(disk, source);
  if (!from) return std::unexpected(from.error());
  auto to = NewStore::make(disk, path, from->manifest());
  if (!to) return std::unexpected(to.error());
  // What one log says that another has taken, the other had on disk before: all logs up to one
  // moment are a whole, whatever is written meanwhile.
  const Until now{.time = store::BatchTime{.wall = os::wall_now(), .mono = os::monotonic_now()}};
  Checked<void> copied;
  for (int i = 0; i < attempts; ++i) {
    copied = copy_all(disk, *from, *to, now);
    if (copied) break;
    from = StoreDirectory::open_to_read(disk, source);
    if (!from) return std::unexpected(from.error());
  }
  if (!copied) return copied;
  if (auto done = to->complete(); !done) return done;
  std::printf("%s is a copy of %s.\n", path.c_str(), source.c_str());
  return {};
}

Checked<void> export_all(os::Disk& disk, StoreDirectory& directory) {
  const store::Manifest& manifest = directory.manifest();
  std::printf("{\"sluice-export\": 1, \"shards\": %u, \"placement_key\": [%" PRIu64 ", %" PRIu64
              "]}\n",
              manifest.shards, manifest.placement_key.k0, manifest.placement_key.k1);
  for (std::uint16_t shard = 0; shard < manifest.shards; ++shard) {
    WholeLog log(disk, directory.place_of(shard));
    const auto end = log.read([shard](const store::Batch& batch) -> Result<void> {
      std::printf("{\"shard\": %u, \"wall_ns\": %" PRId64 ", \"mono_ns\": %" PRId64
                  ", \"records\": \"%s\"}\n",
                  shard, batch.time.wall.ns, batch.time.mono.ns, base64(batch.records).c_str());
      return {};
    });
    if (!end) return std::unexpected(end.error());
    if (auto whole = log.check(); !whole) return whole;
  }
  // Whoever reads it can tell that it is whole.
  std::printf("{\"end\": true}\n");
  return {};
}

std::unexpected<store::Problem> bad_import(std::uint64_t line) {
  return store::problem(
      store::Problem::Kind::foreign,
      "line " + std::to_string(line) + " is not what `sluice store export` writes");
}

Checked<void> import_lines(os::Disk& disk, std::span<const store::LogPlace> places,
                           std::istream& in) {
  std::vector<std::unique_ptr<store::LogCopy>> copies;
  for (const store::LogPlace& place : places) {
    auto copy = store::LogCopy::open(disk, place);
    if (!copy) return std::unexpected(copy.error());
    copies.push_back(std::move(*copy));
  }
  std::string text;
  for (std::uint64_t line = 2; std::getline(in, text); ++line) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object()) return bad_import(line);
    if (json.contains("end")) {
      for (const auto& copy : copies)
        if (const auto finished = copy->finish(); !finished)
          return store::disk_problem(places[0].directory, finished.error());
      return {};
    }
    const std::size_t shard = json.value("shard", copies.size());
    const auto records = bytes_of_base64(json.value("records", std::string("?")));
    if (shard >= copies.size() || !records) return bad_import(line);
    const store::BatchTime time{.wall = {json.value("wall_ns", std::int64_t{0})},
                                .mono = {json.value("mono_ns", std::int64_t{0})}};
    if (const auto added = copies[shard]->add(time, as_bytes(*records)); !added)
      return store::disk_problem(places[shard].directory, added.error());
  }
  return store::problem(store::Problem::Kind::foreign, "the input ends too early");
}

Checked<void> import_all(os::Disk& disk, const std::string& path) {
  std::string text;
  std::getline(std::cin, text);
  const auto head = nlohmann::json::parse(text, nullptr, false);
  if (!head.is_object() || head.value("sluice-export", 0) != 1 || !head.contains("placement_key"))
    return bad_import(1);
  store::Manifest manifest;
  manifest.shards = head.value("shards", std::uint16_t{0});
  const auto& key = head["placement_key"];
  if (manifest.shards == 0 || !key.is_array() || key.size() != 2 || !key[0].is_number() ||
      !key[1].is_number())
    return bad_import(1);
  manifest.placement_key = {key[0].get<std::uint64_t>(), key[1].get<std::uint64_t>()};
  auto made = NewStore::make(disk, path, manifest);
  if (!made) return std::unexpected(made.error());
  const auto places = made->begin();
  if (!places) return std::unexpected(places.error());
  if (auto imported = import_lines(disk, *places, std::cin); !imported) return imported;
  return made->complete();
}

Checked<void> run_verb(const std::vector<std::string>& words, os::Disk& disk) {
  const std::string& verb = words[0];
  if (verb == "import") return import_all(disk, words[1]);
  if (verb == "backup") return backup(disk, words[1], words[2]);
  auto directory = StoreDirectory::open_existing(disk, words[1]);
  if (!directory) return std::unexpected(directory.error());
  if (verb == "check") return check(disk, *directory);
  if (verb == "dump") return dump(disk, *directory);
  if (verb == "repair") return repair(disk, *directory);
  return export_all(disk, *directory);
}

}  // namespace

const FlagTable* store_flags() { return &table; }

int run_store(const Arguments& arguments) {
  const auto flags = parse_command_line(arguments, table);
  if (!flags) return flags.error();
  const auto& words = flags->words();
  const auto is_known = [&](const Verb& verb) { return !words.empty() && verb.name == words[0]; };
  const std::size_t wanted = !words.empty() && words[0] == "backup" ? 3 : 2;
  if (std::ranges::none_of(verbs, is_known) || words.size() != wanted)
    return complain(arguments,
                    "say: check, dump, repair, export or import DIR, or backup DIR NEW-DIR",
                    exit_usage);
  os::FileDisk disk;
  const auto done = run_verb(words, disk);
  if (!done) return complain(arguments, done.error().text, exit_failure);
  return std::fflush(stdout) == 0 ? exit_success : exit_failure;
}

}  // namespace sluice::cli
