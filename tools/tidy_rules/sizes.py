# SPDX-License-Identifier: Apache-2.0
"""Sizes: files, functions, lines, folders, and the median file."""
import re
import statistics
from collections import defaultdict

from .source import Finding

FILE_LINES, FILE_LOOK_AGAIN, MEDIAN = 800, 400, 200
FUNCTION_LINES, FUNCTION_LOOK_AGAIN = 70, 40
COLUMNS, FOLDER_SOURCES = 100, 25

SCOPES = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")
ROW = re.compile(r"^[A-Z][A-Z0-9_]*\(.*\)")


def without_preprocessor(code):
    """Directives become empty lines, and so does every branch but the first of an #if."""
    out, skipping, going_on = [], [], False
    for line in code.split("\n"):
        directive = going_on or line.lstrip().startswith("#")
        if directive and not going_on:
            word = line.lstrip()[1:].strip()
            if word.startswith("if"):
                skipping.append(False)
            elif word.startswith("el") and skipping:
                skipping[-1] = True
            elif word.startswith("endif") and skipping:
                skipping.pop()
        going_on = directive and line.rstrip().endswith("\\")
        out.append("" if directive or any(skipping) else line)
    return "\n".join(out)


def drop_angles(head):
    """Template parameter lists do not count when a head is read."""
    while (start := head.find("template")) >= 0 and "<" in head[start:]:
        depth, parens, i = 0, 0, head.index("<", start)
        for i in range(i, len(head)):
            parens += {"(": 1, ")": -1}.get(head[i], 0)
            if parens == 0 and head[i - 1] not in "-=":
                depth += {"<": 1, ">": -1}.get(head[i], 0)
            if depth == 0:
                break
        head = head[:start] + " " + head[i + 1:]
    return head


def flatten(head):
    """The text with every parenthesis emptied: 'f(int (*g)()) const' becomes 'f() const'."""
    out, depth = [], 0
    for char in head:
        depth -= char == ")"
        if depth == 0:
            out.append(char)
        depth += char == "("
    return "".join(out)


def name_of(head):
    match = re.search(r"(operator\s*[^\s\w]+|[\w:~]+)\s*\(", head)
    return match.group(1) if match else "?"


def kind_of(head):
    """What a '{' after `head`, at scope level, opens: a scope, a function or something other."""
    outside = flatten(drop_angles(head))
    before = outside.split("(")[0]
    if "operator" in before:
        return "function"
    if SCOPES.search(outside):
        returned = re.search(r"\b(class|struct|union|enum)\s+[\w:]+[\s*&]+[\w:~]+\s*\(\)", outside)
        linkage = before.lstrip().startswith("extern") and "(" in outside
        return "function" if returned or linkage else "scope"
    if "(" not in outside or re.search(r"(?<![=!<>])=(?!=)", before):
        return "other"
    if re.search(r"\)[^?]*?(?<!:):(?!:)", outside) and re.search(r"[\w>]\s*$", outside):
        return "other"  # a braced member initializer
    return "function"


class FunctionFinder:
    """Walks the braces of one file; what stands inside a function or an initializer is skipped."""

    def __init__(self):
        self.found = []  # (name, line, lines)
        self.stack = []  # (kind, name, line)
        self.head = ""
        self.deep = 0    # entries of the stack that are no scopes
        self.parens = 0

    def open(self, line):
        kind = "other" if self.deep or self.parens else kind_of(self.head)
        self.stack.append((kind, name_of(drop_angles(self.head)), line))
        self.deep += kind != "scope"
        if kind == "scope":
            self.head = ""

    def close(self, line):
        if not self.stack:
            return
        kind, name, start = self.stack.pop()
        self.deep -= kind != "scope"
        if kind == "function":
            self.found.append((name, start, line - start + 1))
        if kind != "other":
            self.head = ""

    def other(self, char):
        self.head += char
        self.parens += {"(": 1, ")": -1}.get(char, 0)
        if char == ";" and self.parens <= 0:
            self.head, self.parens = "", 0
        elif char == ":" and re.search(r"\b(public|private|protected)\s*:$", self.head):
            self.head = ""


def functions(code):
    """(name, line of the opening brace, lines of the body) of each function of a file."""
    finder, line = FunctionFinder(), 1
    for part in re.split(r"([{}();:\n])", without_preprocessor(code)):
        line += part == "\n"
        if part == "{":
            finder.open(line)
        elif part == "}":
            finder.close(line)
        elif part and not finder.deep:
            if len(part) == 1 and part in "();:":
                finder.other(part)
            else:
                finder.head += part
    return finder.found


def check_file(source):
    count = len(source.lines)
    if count > FILE_LINES:
        yield Finding(source.path, count, "file-size",
                      f"{count} lines, use at most {FILE_LINES}: split it by what it owns")
    elif count > FILE_LOOK_AGAIN:
        yield Finding(source.path, count, "file-size",
                      f"{count} lines, look again at what it owns", error=False)
    for number, line in enumerate(source.lines, 1):
        if len(line) > COLUMNS and not (source.suffix == ".def" and ROW.match(line)):
            if not re.search(r"https?://\S+$", line):
                yield Finding(source.path, number, "columns",
                              f"{len(line)} columns, use at most {COLUMNS}")


def check_functions(source):
    for name, line, count in functions(source.code):
        if count > FUNCTION_LINES:
            yield Finding(source.path, line, "function-size",
                          f"{name}() has {count} lines, use at most {FUNCTION_LINES}: "
                          "keep the control flow, move the rest into functions", subject=name)
        elif count > FUNCTION_LOOK_AGAIN:
            yield Finding(source.path, line, "function-size",
                          f"{name}() has {count} lines, look again", error=False, subject=name)


def check_folders(tree):
    folders = defaultdict(set)
    for source in tree.cpp:
        folder, _, name = source.path.rpartition("/")
        folders[folder].add(name.rpartition(".")[0])
    for folder, stems in sorted(folders.items()):
        if len(stems) > FOLDER_SOURCES:
            yield Finding(folder, 1, "folder-size",
                          f"{len(stems)} sources (a header with its .cc is one), "
                          f"use at most {FOLDER_SOURCES}: make a folder of what belongs together")


def measured(tree):
    return [s for s in tree.cpp if s.under("src", "include", "tests", "bench")]


def median(tree):
    sizes = [len(s.lines) for s in measured(tree)]
    return int(statistics.median(sizes)) if sizes else 0


def check(tree):
    for source in tree.sources:
        script = source.under("tools") and source.suffix in ("", ".py")
        if source.is_cpp or source.suffix in (".def", ".inc", ".py") or script:
            yield from check_file(source)
        if source.is_cpp:
            yield from check_functions(source)
    yield from check_folders(tree)
    if (middle := median(tree)) >= MEDIAN:
        yield Finding("src", 1, "median", f"the median file has {middle} lines, use under {MEDIAN}")
