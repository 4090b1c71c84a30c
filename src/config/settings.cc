// SPDX-License-Identifier: Apache-2.0
#include "config/settings.h"

#include "base/assert.h"

#include <algorithm>
#include <utility>

namespace sluice::config {
namespace {

/// A file may be named anything; a comment must end with its line.
std::string one_line(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = '?';
  }
  return text;
}

}  // namespace

std::string to_string(const Origin& origin) {
  return origin.source == Source::built_in ? "default" : origin.place;
}

Settings::Settings(const Schema& schema) {
  for (const Schema::Option& option : schema.options()) {
    settings_.push_back({option.row, option.default_value, {}});
  }
}

void Settings::set(std::size_t index, OptionValue value, Origin origin) {
  SLUICE_ASSERT(index < settings_.size());
  settings_[index].value = std::move(value);
  settings_[index].origin = std::move(origin);
}

ListEntry& Settings::add_entry(const Schema::List& list, Origin origin) {
  ListEntry& entry = entries_.emplace_back(list.group.name, std::move(origin));
  for (const Schema::Option& option : list.options)
    entry.settings.push_back({option.row, option.default_value, {}});
  return entry;
}

ListEntry& Settings::entry(std::string_view group, std::size_t n) {
  auto found = entries_.begin();
  for (; found != entries_.end(); ++found)
    if (found->group == group && n-- == 0) break;
  SLUICE_ASSERT(found != entries_.end());
  return *found;
}

bool Settings::has_same_entries(const Settings& other) const {
  const auto is_same = [](const ListEntry& a, const ListEntry& b) {
    return a.group == b.group &&
           std::ranges::equal(a.settings, b.settings, {}, &Setting::value, &Setting::value);
  };
  return std::ranges::equal(entries_, other.entries_, is_same);
}

void Settings::store(const std::vector<Setting>& settings, const OptionTable& table,
                     void* options) {
  std::size_t stored = 0;
  const OptionRow* const end = table.rows.data() + table.rows.size();
  for (const Setting& setting : settings) {
    if (setting.row < table.rows.data() || setting.row >= end) continue;
    store_option(*setting.row, options, setting.value);
    ++stored;
  }
  SLUICE_ASSERT(stored == table.rows.size());
}

std::vector<Change> Settings::changes(const Settings& after) const {
  SLUICE_ASSERT(settings_.size() == after.settings_.size());
  std::vector<Change> changes;
  for (std::size_t i = 0; i < settings_.size(); ++i) {
    const Setting& now = settings_[i];
    const Setting& then = after.settings_[i];
    SLUICE_ASSERT(now.row == then.row);
    if (now.value != then.value) changes.push_back({now.row, now.value, then.value});
  }
  return changes;
}

Settings Settings::reloaded(const Settings& after) const {
  SLUICE_ASSERT(settings_.size() == after.settings_.size());
  Settings result = *this;
  for (std::size_t i = 0; i < settings_.size(); ++i) {
    const bool same = settings_[i].value == after.settings_[i].value;
    if (same || settings_[i].row->reload == OptionReload::live) {
      result.settings_[i] = after.settings_[i];
    }
  }
  result.entries_ = after.entries_;
  return result;
}

namespace {

void append_line(std::string& text, const Setting& setting) {
  text.append(setting.row->name).append(" = ");
  text.append(format_option(*setting.row, setting.value));
  text.append("  # ").append(one_line(to_string(setting.origin))).append("\n");
}

}  // namespace

std::string Settings::effective_file() const {
  std::string text;
  std::string_view group;
  for (const Setting& setting : settings_) {
    if (setting.row->group != group) {
      if (!group.empty()) text += '\n';
      group = setting.row->group;
      text.append("[").append(group).append("]\n");
    }
    append_line(text, setting);
  }
  for (const ListEntry& entry : entries_) {
    text.append("\n[[").append(entry.group).append("]]  # ");
    text.append(one_line(to_string(entry.origin))).append("\n");
    for (const Setting& setting : entry.settings) append_line(text, setting);
  }
  return text;
}

std::string to_string(const Change& change) {
  std::string text = option_path(*change.row) + ": " + format_option(*change.row, change.before) +
                     " -> " + format_option(*change.row, change.after);
  if (change.needs_restart()) text += " (needs a restart)";
  return text;
}

}  // namespace sluice::config
