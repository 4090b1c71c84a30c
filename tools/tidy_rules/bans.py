# SPDX-License-Identifier: Apache-2.0
"""Banned names, each with where it is allowed and what to use instead."""
import re
from dataclasses import dataclass

from .source import Finding

EVERYWHERE = ("src", "include", "tests", "bench")
PRODUCT = ("src", "include")


@dataclass
class Ban:
    rule: str
    pattern: str
    instead: str
    where: tuple = EVERYWHERE
    allowed: tuple = ()
    raw: bool = False  # look at comments too

    def __post_init__(self):
        self.pattern = re.compile(self.pattern)


THREAD_HEADERS = ("thread|mutex|atomic|condition_variable|shared_mutex|future|semaphore|barrier|"
                  "latch|stop_token")

OWNED_NEW = re.compile(r"unique_ptr<[^;]*>(?:\s+\w+)?[({]\s*new\b")  # owned at once

BANS = [
    Ban("clock", r"\b\w*_clock::now\b|(?<![\w.>])(?:std::|::)?time\((?:nullptr|NULL|0|&\w+)\)"
        r"|\bgettimeofday\b|\bclock_gettime\b|\bstd::clock\(",
        "the Instant handed in; os/clock.h reads it", allowed=("src/os/clock.cc", "bench")),
    Ban("chance", r"\bstd::(random_device|mt19937\w*|default_random_engine|\w+_distribution)\b"
        r"|(?<![\w.>:])s?rand\(|\bgetrandom\b|\bgetentropy\b",
        "the injected Rng (base/rng.h), or os entropy for secrets", allowed=("src/os",)),
    Ban("threads", r"^\s*#\s*include\s+<(?:" + THREAD_HEADERS + r")>"
        r"|\bstd::(?:jthread|thread|\w*mutex|atomic\w*|condition_variable\w*|async)\b",
        "one owner on one thread; what crosses goes through os/ (Mailbox, Shared)",
        where=PRODUCT, allowed=("src/os", "src/server")),
    Ban("thread-local", r"\bthread_local\b", "a member of the object that needs it"),
    Ban("shared-ptr", r"\bstd::(?:shared_ptr|make_shared|weak_ptr|enable_shared_from_this)\b",
        "unique_ptr with one owner, or a handle of slot and generation", where=PRODUCT),
    Ban("new", r"(?<!operator )(?<!<)\bnew\b(?!\s*\()|\bnew\s*\(\s*std::nothrow",
        "std::make_unique (or unique_ptr<T>(new T…) where the constructor is private)",
        where=PRODUCT),
    Ban("delete", r"(?<!operator )(?<!= )(?<!=)\bdelete\b", "a destructor of the owner",
        where=PRODUCT),
    Ban("malloc", r"(?<![\w.>:])(?:std::|::)?(?:malloc|calloc|realloc|free)\(",
        "a container or std::make_unique", where=PRODUCT),
    Ban("throw", r"\bthrow\b", "Result<T> of base/result.h", where=("src",)),
    Ban("assert", r"(?<![\w])assert\(|#\s*include\s+<(?:cassert|assert\.h)>",
        "SLUICE_ASSERT of base/assert.h", where=PRODUCT),
    Ban("print", r"\bstd::(?:cout|cerr|clog)\b|(?<![\w.>])(?:std::)?(?:printf|puts)\(",
        "the injected Log, or the output that the command was given", where=PRODUCT,
        allowed=("src/cli", "src/server")),
    Ban("strcmp", r"\b(?:strcmp|strcasecmp)\(", "std::string_view and ==", where=PRODUCT),
    Ban("endl", r"\bstd::endl\b", "'\\n'"),
    Ban("enum", r"\benum\s+(?!class\b)\w", "enum class", where=PRODUCT),
    Ban("sleep", r"\bsleep_(?:for|until)\b|(?<![\w.>])(?:std::|::)?(?:u|nano)?sleep\(",
        "a fake clock, or a condition with a deadline", allowed=("bench",)),
    Ban("disabled-test", r"\bDISABLED_\w+", "a test that runs, or none", where=("tests",)),
    Ban("platform", r"^\s*#\s*(?:el)?if.*\b(?:__linux__|__APPLE__|_WIN32|__FreeBSD__|__x86_64__"
        r"|__aarch64__|__SSE\w*|__AVX\w*)\b", "a function of os/", where=PRODUCT,
        allowed=("src/os",)),
    Ban("fixme", r"\bFIXME\b", "TODO(soon): sentence, or mend it now", raw=True,
        where=EVERYWHERE + ("cmake",)),
    Ban("todo", r"\bTODO\b(?!\((?:soon|someday|perf|cleanup)\): \w)",
        "TODO(kind): sentence, with kind soon, someday, perf or cleanup", raw=True,
        where=EVERYWHERE + ("cmake",)),
]
HEADER_BANS = [
    Ban("using-namespace", r"\busing\s+namespace\s+(?!\S*literals\b)",
        "using-declarations in a .cc"),
]
PYTHON_BANS = [
    Ban("sleep", r"\btime\.sleep\(", "a condition with a deadline", where=("tests",),
        allowed=("tests/e2e/seed",)),  # programs as their authors printed them
]
BUILD_BANS = [
    Ban("march", r"-m(?:arch|cpu|tune)=", "a function chosen at run time; a build runs everywhere",
        where=("CMakeLists.txt", "CMakePresets.json", "cmake", "src", "tests", "bench")),
]


def matches(ban, source):
    if not source.under(*ban.where) or source.under(*ban.allowed):
        return
    lines = source.lines if ban.raw or not source.code else source.code_lines
    if ban.rule == "new":
        lines = OWNED_NEW.sub(lambda m: "\n" * m.group(0).count("\n"), source.code).split("\n")
    for number, line in enumerate(lines, 1):
        if match := ban.pattern.search(line):
            found = match.group(0).strip()
            yield Finding(source.path, number, ban.rule, f"'{found}', use {ban.instead}")


def check(tree):
    for source in tree.sources:
        bans = []
        if source.is_cpp:
            bans = BANS + (HEADER_BANS if source.is_header else [])
        elif source.suffix == ".py":
            bans = PYTHON_BANS
        elif source.suffix in (".def", ".cmake", ".txt", ".json"):
            bans = [ban for ban in BANS if ban.raw] + BUILD_BANS * (source.suffix != ".def")
        for ban in bans:
            yield from matches(ban, source)
