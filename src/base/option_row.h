// SPDX-License-Identifier: Apache-2.0
//
// An option is one row of the `options.def` of the folder that uses it. The row becomes a field of
// that folder's options struct and an OptionRow of its table; config/ parses, checks, prints and
// documents options from the tables alone, so a folder needs nothing of config/.
//
//   struct CoreOptions {
//   #define SLUICE_OPTIONS_AS_FIELDS                 or, for an array of OptionGroup or OptionRow:
//   #include "core/options.def"                      SLUICE_OPTIONS_AS_GROUPS
//   };                                               SLUICE_OPTIONS_AS_ROWS_OF CoreOptions
//
// The rows of an options.def, between base/option_begin.inc and base/option_end.inc:
//
//   SLUICE_OPTION_GROUP(group, Type, "sentence")
//   SLUICE_OPTION(group, name, type, default, min, max, "unit", reload, "since", "sentence")
//   SLUICE_OPTION_WORDS(group, name, Type, (enumerators), default, "words", reload, "since",
//                       "sentence")
//   SLUICE_OPTION_GROUP_END(group, Type)
//
// type: boolean, integer, decimal, bytes, duration, text, text_list. min and max bound the number,
// the length of a text, or the entries of a list (0, 0 for boolean). "words" are the spellings of
// the enumerators, parted by `|`, in their order. reload: live (a reload applies it) or restart. A
// default of several texts is written SLUICE_TEXTS("a", "b").
//
// Owner:   a row, the folder it stands in.    Thread: any (constants).
#pragma once

#include "base/time.h"

#include <chrono>
#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sluice {

enum class OptionType : std::uint8_t {
  boolean,
  integer,
  decimal,
  bytes,
  duration,
  text,
  text_list,
  words
};

/// live: a reload applies the new value; restart: it takes effect at the next start.
enum class OptionReload : std::uint8_t { live, restart };

/// The field of one option in a struct: integer and bytes are uint64_t, words the byte of an enum.
using OptionField = std::variant<bool*, std::uint64_t*, double*, Duration*, std::string*,
                                 std::vector<std::string>*, std::uint8_t*>;

/// An inclusive bound of a row: a number, a number of bytes or entries, or nanoseconds.
struct OptionBound {
  double number = 0;

  // NOLINTBEGIN(google-explicit-constructor): a row writes its bounds as plain numbers.
  template <class N>
    requires std::integral<N> || std::floating_point<N>
  constexpr OptionBound(N n) : number(static_cast<double>(n)) {}
  template <class R, class P>
  constexpr OptionBound(std::chrono::duration<R, P> d)
      : number(static_cast<double>(Duration(d).count())) {}
  // NOLINTEND(google-explicit-constructor)
};

struct OptionRow {
  std::string_view group;
  std::string_view name;
  OptionType type;
  OptionBound min;
  OptionBound max;
  std::string_view unit;   ///< of an integer: "messages"; empty if the type says it
  std::string_view words;  ///< of OptionType::words: the allowed spellings, parted by '|'
  OptionReload reload;
  std::string_view since;     ///< the version that brought it
  std::string_view sentence;  ///< what it does, for the reference and the commented file
  /// The field in the struct that this table belongs to.
  OptionField (*field)(void* options);
};

struct OptionGroup {
  std::string_view name;
  std::string_view sentence;
};

/// All the options of one folder.
struct OptionTable {
  std::span<const OptionGroup> groups;
  std::span<const OptionRow> rows;
};

/// An OptionTable that says which struct its rows are the fields of.
template <class Options>
struct OptionTableOf : OptionTable {};

inline constexpr std::uint64_t kib = 1024;
inline constexpr std::uint64_t mib = 1024 * kib;
inline constexpr std::uint64_t gib = 1024 * mib;
inline constexpr std::uint64_t tib = 1024 * gib;
inline constexpr Duration day = std::chrono::hours(24);

/// The C++ type of each OptionType, as base/option_begin.inc spells it.
namespace option_type {
// NOLINTBEGIN(readability-identifier-naming): the words of options.def.
using boolean = bool;
using integer = std::uint64_t;
using decimal = double;
using bytes = std::uint64_t;
using duration = Duration;
using text = std::string;
using text_list = std::vector<std::string>;
// NOLINTEND(readability-identifier-naming)
}  // namespace option_type

}  // namespace sluice

#define SLUICE_TEXTS(...) {__VA_ARGS__}
#define SLUICE_UNWRAP(...) __VA_ARGS__
