# SPDX-License-Identifier: Apache-2.0
"""Reads the tree once: every source with its lines, its code without comments, its includes."""
import os
import re
from dataclasses import dataclass, field

ROOTS = ("src", "include", "tests", "bench", "tools", "cmake")
CPP = (".h", ".cc", ".hpp")
TABLES = (".def", ".inc")
SKIPPED = {"build", "node_modules", "__pycache__", "corpus"}

TOKEN = re.compile(
    r'//(?:\\\n|[^\n])*|/\*.*?\*/'                      # comments
    r'|R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"'     # raw strings
    r'|"(?:\\.|[^"\\\n])*"'                              # strings
    r"|(?<![0-9a-zA-Z_])'(?:\\.|[^'\\\n])+'",            # characters, not digit separators
    re.DOTALL)
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')


@dataclass
class Finding:
    path: str
    line: int
    rule: str
    text: str
    error: bool = True
    subject: str = ""  # what an exception may name besides the path, e.g. a function

    def __str__(self):
        kind = "" if self.error else "warning: "
        return f"{self.path}:{self.line}: {kind}{self.rule}: {self.text}"


def blank(match):
    """A comment or literal becomes as many lines of nothing; literals keep their quotes."""
    text = match.group(0)
    if text.startswith("/"):
        return "\n" * text.count("\n") or " "
    return text[-1] + "\n" * text.count("\n") + text[-1]


def strip(text):
    """The code of a C++ text: comments and the insides of literals removed, lines kept."""
    return TOKEN.sub(blank, text)


@dataclass
class Source:
    path: str   # from the root of the tree, with /
    text: str
    lines: list = field(default_factory=list)
    code: str = ""
    includes: list = field(default_factory=list)  # (line, quote, name)

    def __post_init__(self):
        self.lines = self.text.split("\n")
        if self.lines and not self.lines[-1]:
            self.lines.pop()
        if self.is_cpp or self.suffix in TABLES:
            self.code = strip(self.text)
            for number, line in enumerate(self.lines, 1):
                if match := INCLUDE.match(line):
                    self.includes.append((number, match.group(1), match.group(2)))

    @property
    def code_lines(self):
        return self.code.split("\n")

    @property
    def suffix(self):
        return os.path.splitext(self.path)[1]

    @property
    def stem(self):
        return os.path.splitext(os.path.basename(self.path))[0]

    @property
    def is_cpp(self):
        return self.suffix in CPP

    @property
    def is_header(self):
        return self.suffix in (".h", ".hpp")

    def under(self, *folders):
        return any(self.path == f or self.path.startswith(f + "/") for f in folders)


class Tree:
    def __init__(self, root):
        self.root = root
        self.sources = []
        for top in ROOTS:
            for folder, folders, files in os.walk(os.path.join(root, top)):
                folders[:] = sorted(f for f in folders if f not in SKIPPED and f[0] != ".")
                for name in sorted(files):
                    self._add(os.path.join(folder, name))
        for name in ("CMakeLists.txt", "CMakePresets.json"):
            if os.path.isfile(os.path.join(root, name)):
                self._add(os.path.join(root, name))

    def _add(self, full):
        path = os.path.relpath(full, self.root).replace(os.sep, "/")
        try:
            with open(full, encoding="utf-8") as file:
                text = file.read()
        except (UnicodeDecodeError, OSError):
            return  # test data
        self.sources.append(Source(path, text))

    @property
    def cpp(self):
        return [s for s in self.sources if s.is_cpp]

    def exists(self, path):
        return os.path.exists(os.path.join(self.root, path))

    def read(self, path):
        full = os.path.join(self.root, path)
        if not os.path.isfile(full):
            return None
        with open(full, encoding="utf-8") as file:
            return file.read()
