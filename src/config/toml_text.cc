// SPDX-License-Identifier: Apache-2.0
#include "config/toml_text.h"

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <algorithm>
#include <utility>

namespace sluice::config {
namespace {

TomlValue list_value(const toml::array& array) {
  std::vector<std::string> texts;
  for (const toml::node& node : array) {
    const auto* text = node.as_string();
    if (text == nullptr) return OtherKind{"a list of something other than texts"};
    texts.push_back(text->get());
  }
  return texts;
}

TomlValue value_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::string: return node.as_string()->get();
    case toml::node_type::integer: return node.as_integer()->get();
    case toml::node_type::floating_point: return node.as_floating_point()->get();
    case toml::node_type::boolean: return node.as_boolean()->get();
    case toml::node_type::array: return list_value(*node.as_array());
    case toml::node_type::table: return OtherKind{"a table"};
    default: return OtherKind{"a date or time"};
  }
}

struct Pending {
  std::string prefix;
  const toml::table* table;
  std::size_t depth;
};

/// A table that is empty, or deeper than an option can be, is an entry itself: nothing is ignored.
void read_table(const Pending& from, std::vector<TomlEntry>& entries, std::vector<Pending>& work) {
  for (const auto& [key, node] : *from.table) {
    std::string path = from.prefix.empty() ? std::string(key.str())
                                           : from.prefix + "." + std::string(key.str());
    const toml::table* table = node.as_table();
    if (table != nullptr && !table->empty() && from.depth < file_depth_max) {
      work.push_back({std::move(path), table, from.depth + 1});
      continue;
    }
    entries.push_back({std::move(path), key.source().begin.line, value_of(node)});
  }
}

char hex_digit(unsigned value) { return "0123456789abcdef"[value & 15U]; }

}  // namespace

std::expected<std::vector<TomlEntry>, TomlError> read_toml(std::string_view text) {
  if (text.size() > file_bytes_max) return std::unexpected(TomlError{1, "larger than 16 MiB"});
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return std::unexpected(
        TomlError{error.source().begin.line, std::string(error.description())});
  }
  std::vector<TomlEntry> entries;
  std::vector<Pending> work{{"", &parsed.table(), 1}};
  while (!work.empty()) {
    const Pending next = std::move(work.back());
    work.pop_back();
    read_table(next, entries, work);
  }
  std::ranges::stable_sort(entries, {}, &TomlEntry::line);
  return entries;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out += hex_digit(byte >> 4U);
      out += hex_digit(byte);
    } else {
      out += c;
    }
  }
  return out += '"';
}

std::string quoted_list(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) out += ", ";
    out += quoted(texts[i]);
  }
  return out += ']';
}

}  // namespace sluice::config
