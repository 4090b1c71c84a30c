# SPDX-License-Identifier: Apache-2.0
"""The marked statements of a source file, and what disables them: see tools/mutate.

A change is a list of insertions (place, order, text); `@` in the text stands for its number.
Nothing is ever taken away, so the changes of one file stand side by side.
"""
import re
from collections import namedtuple

HEADER = """// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <concepts>
#include <cstdlib>
#include <type_traits>
#include <utility>
#pragma GCC diagnostic ignored "-Wparentheses"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wunused"
#pragma GCC diagnostic ignored "-Wimplicit-fallthrough"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wmisleading-indentation"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wreturn-type"
namespace sluice_mutant {
inline const int chosen = [] {
  const char* text = std::getenv("SLUICE_MUTANT");
  return text != nullptr ? std::atoi(text) : 0;
}();
constexpr bool on(int number) {
  if consteval {
    return false;
  } else {
    return chosen == number;
  }
}
template <class Call>
constexpr auto skipped(int number, Call&& call) {
  using Plain = std::remove_cvref_t<decltype(call())>;
  return on(number) ? Plain{} : Plain(call());
}
template <class Value>
constexpr bool opposite(int number, Value&& value) {
  return static_cast<bool>(std::forward<Value>(value)) != on(number);
}
template <class Value>
constexpr std::decay_t<Value> changed(int number, Value&& value) {
  using Plain = std::decay_t<Value>;
  if (!on(number)) return std::forward<Value>(value);
  if constexpr (std::same_as<Plain, bool>)
    return !value;
  else if constexpr (std::integral<Plain>)
    return value == 0 ? Plain{1} : Plain{0};
  else if constexpr (std::default_initializable<Plain>)
    return Plain{};
  else
    return std::forward<Value>(value);
}
}  // namespace sluice_mutant
"""
INCLUDE = '#include "base/mutant.h"\n'
Site = namedtuple("Site", "line ids begin end changes")
CONTROL = re.compile(r"(?:\}\s*)?(?:else\s+)?(if|while|for|switch)\b(?:\s+constexpr)?\s*\(")
LABEL = re.compile(r"(case [\w:]+|default|public|private|protected)$")
OPEN, CLOSE = "([{", ")]}"


def masked(text):
    """The text with comments, strings and directives blanked; places stay what they are."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|R"\((?:.*?)\)"|"(?:\\.|[^"\\\n])*"|'
                         r"(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'|^[ \t]*#[^\n]*", re.S | re.M)

    def blank(found):
        kept = found[0]
        if kept[0] in "\"'R":
            return kept[0] + re.sub(r"[^\n]", "_", kept[1:-1]) + kept[-1]
        return re.sub(r"[^\n]", " ", kept)
    return pattern.sub(blank, text)


def closing(code, at):
    """The place of what closes the bracket at `at`."""
    depth = 0
    for i in range(at, len(code)):
        if code[i] in OPEN:
            depth += 1
        elif code[i] in CLOSE:
            depth -= 1
            if depth == 0:
                return i
    return len(code) - 1


def begin_of(code, at):
    """Where the statement begins that `at` lies in: behind what ends the one before."""
    depth, i = 0, at - 1
    while i >= 0:
        letter = code[i]
        if letter in ")]":
            depth += 1
        elif letter in "([":
            depth = max(0, depth - 1)
        elif depth == 0 and letter in ";{}":
            if letter == "{" and re.search(r"[\w>=,(]\s*$", code[:i]) and not is_block(code, i):
                i -= 1
                continue
            break
        elif depth == 0 and letter == ":" and LABEL.search(code[max(0, i - 80):i]):
            break
        i -= 1
    begin = i + 1
    return begin + len(code[begin:]) - len(code[begin:].lstrip())


def is_block(code, brace):
    """Whether this brace opens a block, not a value."""
    before = code[:brace].rstrip()
    ends = (")", "else", "const", "noexcept", "override", "do", "{", "}", ";", ":")
    return before.endswith(ends) \
        or re.search(r"(namespace[\w: ]*|struct \w+|class \w+)$", before) is not None


def end_of(code, at):
    """Behind the `;` that ends the statement at `at`, or at the `{` of a function's body."""
    i = at
    while i < len(code):
        if code[i] == ";":
            return i + 1
        if code[i] == "{" and is_block(code, i):
            return i
        if code[i] in OPEN:
            i = closing(code, i)
        i += 1
    return len(code)


def sites_of(text, wanted, mark):
    """The marked statements that carry one of these ids; several marks of one are one."""
    code, places = masked(text), {}
    lines, at = text.split("\n"), 0
    starts = []
    for line in lines:
        starts.append(at)
        at += len(line) + 1
    for number, line in enumerate(lines):
        ids = set(mark.findall(line)) & wanted
        if not ids:
            continue
        below = number
        while below < len(lines) and \
                not code[starts[below]:starts[below] + len(lines[below])].strip():
            below += 1
        if below == len(lines):
            continue
        first = starts[below] + len(lines[below]) - len(lines[below].lstrip())
        if re.match(r"\}\s*else", code[first:]):
            first = code.index("else", first)
        begin = first if re.match(r"(else|case|default)\b", code[first:]) else begin_of(code, first)
        places.setdefault(begin, [number + 1, set()])[1].update(ids)
    return [Site(line, ids, begin, end_of(code, begin), changes_of(code, begin))
            for begin, (line, ids) in sorted(places.items())]


def numbers_at(text, line):
    """The numbers of the changes that a fault of the compiler at that line may come of."""
    lines = text.split("\n")
    for at in range(line, max(0, line - 12), -1):
        numbers = re.findall(r"sluice_mutant::\w+\((\d+)", lines[at - 1])
        if numbers:
            return [int(number) for number in numbers]
    return []


def around(begin, end, before, after):
    return [(begin, begin, before), (end, -begin, after)]


def changes_of(code, begin):
    rest = code[begin:]
    control = CONTROL.match(rest)
    if control:
        return changes_of_control(code, begin, control)
    if re.match(r"else\b", rest):
        brace = code.index("{", begin)
        return [("the block is left out", around(brace + 1, closing(code, brace),
                                                 " if (!sluice_mutant::on(@)) {", "} "))]
    label = re.match(r"(case [\w:]+|default)\s*:(?!:)\s*\{?", rest)
    if label:
        at = begin + label.end()
        return [("nothing is done in this case", [(at, at, " if (sluice_mutant::on(@)) break; ")]),
                ("an empty value is returned in this case",
                 [(at, at, " if (sluice_mutant::on(@)) return {}; ")])]
    end = end_of(code, begin)
    if end < len(code) and code[end] == "{":
        return changes_of_function(code, begin, end)
    if rest.startswith("return"):
        return changes_of_return(code, begin, end)
    if re.match(r"(using|namespace|template|static constexpr|constexpr|struct|class|enum)\b", rest):
        return []
    return changes_of_statement(code, begin, end)


def changes_of_control(code, begin, control):
    opening = begin + control.end() - 1
    close = closing(code, opening)
    inside = code[opening + 1:close]
    start = opening + 1 + (inside.rfind(";") + 1 if ";" in inside else 0)
    word = control[1]
    declares = re.match(r"\s*(const\s+)?(auto|[\w:<>]+)\s*[*&]*\s+\w+\s*=[^=]", code[start:close])
    if word in ("for", "switch") or declares:
        first = begin + control[0].index(word)
        after = close + 1 + len(code[close + 1:]) - len(code[close + 1:].lstrip())
        end = closing(code, after) + 1 if code[after] == "{" else end_of(code, after)
        if re.match(r"\s*else\b", code[end:]):
            return []
        return [("the statement is left out", around(first, end, "{ if (!sluice_mutant::on(@)) ",
                                                     "}"))]
    given = re.match(r"\s*(?:\[\[\w+\]\]\s*)?return\s+(?=[^\s{;])", code[close + 1:])
    answer = []
    if given:
        first = close + 1 + given.end()
        answer = [("its answer is the opposite",
                   around(first, end_of(code, first) - 1, "sluice_mutant::changed(@, ", ")"))]
    return answer + [("the condition is false", around(start, close, "!sluice_mutant::on(@) && (",
                                                       ")")),
            ("the condition is its opposite", around(start, close, "sluice_mutant::opposite(@, ",
                                                     ")"))]


def changes_of_function(code, begin, brace):
    head = code[begin:brace]
    name = re.search(r"([\w:~]+)\s*\(", head)
    if name is None or re.match(r"(class|struct|namespace|enum)\b", head):
        return []
    kind = head[:name.start()].strip()
    is_empty = kind == "" or re.search(r"\bvoid$", kind)
    value = "" if is_empty else "{}"
    changes = [("the function returns at once",
                [(brace + 1, 0, f" if (sluice_mutant::on(@)) return {value}; ")])]
    if re.search(r"\b(size_t|u?int\d*_t|int|unsigned)$", kind):
        changes.append(("the function returns 1",
                        [(brace + 1, 1, " if (sluice_mutant::on(@)) return 1; ")]))
    if re.search(r"\bbool$", kind):
        changes.append(("the function returns true",
                        [(brace + 1, 1, " if (sluice_mutant::on(@)) return true; ")]))
    return changes


def changes_of_return(code, begin, end):
    value = code[begin + 6:end - 1].strip()
    if value == "":
        return []
    changes = [("an empty value is returned",
                around(begin, end, "{ if (sluice_mutant::on(@)) return {}; ", "}"))]
    if not value.startswith("{"):
        changes.append(("the opposite is returned",
                        around(begin + 6, end - 1, " sluice_mutant::changed(@, ", ")")))
    return changes


def changes_of_statement(code, begin, end):
    statement = code[begin:end]
    fields = [m for m in re.finditer(r"[{,]\s*\.\w+ = ", statement)]
    kind = r"(?:const\s+)?(?:auto|[\w:]+(?:<[^=;]*?>)?)\s*[&*]*\s+\w+\s*"
    given = re.match(kind + r"=(?!=)\s*", statement)
    is_definition = given or re.match(kind + r"[({;]", statement)
    changes = []
    assigned = re.match(r"[\w.:>\[\]()*-]+\s*=(?!=)\s*(?![{\s])", statement)
    if assigned:
        changes.append(("the value is another", around(begin + assigned.end(), end - 1,
                                                       "sluice_mutant::changed(@, ", ")")))
    if given and "(" in statement[given.end():] and not re.search(r"[&*]\s*\w+\s*=", given[0]):
        changes.append(("its call is left out", around(
            begin + given.end(), end - 1, "sluice_mutant::skipped(@, [&] { return ", "; })")))
    if given and not statement[given.end():].startswith("{"):
        changes.append(("the value is another", around(begin + given.end(), end - 1,
                                                       "sluice_mutant::changed(@, ", ")")))
    for field in fields[:6]:
        start = begin + field.end()
        stop = field_end(code, start)
        changes.append((f"the field {re.search(r'[.][a-z_0-9]+', field[0])[0]} is empty",
                        around(start, stop, "sluice_mutant::changed(@, ", ")")))
    if not is_definition:
        changes.insert(0, ("the statement is left out",
                           around(begin, end, "{ if (!sluice_mutant::on(@)) {", "}}")))
    return changes


def field_end(code, at):
    depth = 0
    for i in range(at, len(code)):
        if code[i] in OPEN:
            depth += 1
        elif code[i] in CLOSE:
            depth -= 1
            if depth < 0:
                return i
        elif code[i] == "," and depth == 0:
            return i
    return len(code)


def apply(text, edits):
    """Of what is inserted at one place, what closes comes first, the innermost at once: of two that
    begin at one place too, the later."""
    out, at = [], 0
    turns = [(place, order, -turn if order < 0 else turn, piece)
             for turn, (place, order, piece) in enumerate(edits)]
    for place, _, _, piece in sorted(turns):
        out += [text[at:place], piece]
        at = place
    out.append(text[at:])
    whole = "".join(out)
    first = re.search(r"^#include", whole, re.M)
    return whole[:first.start()] + INCLUDE + whole[first.start():] if first else whole
