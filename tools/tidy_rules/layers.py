# SPDX-License-Identifier: Apache-2.0
"""The one-way arrow: who may include whom, by tools/layers.txt."""
import re

from .source import TABLES, Finding

LAYERS = "tools/layers.txt"
PUBLIC = "include/sluice"

STANDARD = set("""
algorithm any array atomic barrier bit bitset cassert cctype cerrno cfenv cfloat charconv chrono
cinttypes climits clocale cmath compare complex concepts condition_variable coroutine csetjmp
csignal cstdarg cstddef cstdint cstdio cstdlib cstring ctime cuchar cwchar cwctype deque exception
execution expected filesystem format forward_list fstream functional future generator
initializer_list iomanip ios iosfwd iostream istream iterator latch limits list locale map
memory memory_resource mutex new numbers numeric optional ostream print queue random ranges ratio
regex scoped_allocator semaphore set shared_mutex source_location span spanstream sstream stack
stacktrace stdexcept stop_token streambuf string string_view syncstream system_error thread tuple
type_traits typeindex typeinfo unordered_map unordered_set utility valarray variant vector version
""".split())
POSIX = re.compile(r"^(sys|net|netinet|arpa|linux|asm|bits)/|^[a-z0-9_]+\.h$")


class Layers:
    """Parsed layers.txt. A folder may include itself and the folders of its line."""

    def __init__(self, text):
        self.allowed = {}
        self.third_party = {}
        self.findings = []
        for number, line in enumerate(text.split("\n"), 1):
            line = line.split("#")[0].strip()
            if line:
                self._row(number, line)

    def _row(self, number, line):
        folder, colon, rest = line.partition(":")
        folder = folder.strip()
        if not colon or not folder or " " in folder:
            self._fail(number, f"'{line}' is no row, use 'folder : folders | prefixes'")
            return
        names, _, prefixes = rest.partition("|")
        if folder in self.allowed:
            self._fail(number, f"'{folder}' stands twice, keep one line a folder")
        for name in names.split():
            if name not in self.allowed:
                self._fail(number, f"'{folder}' names '{name}', which is not earlier in the list, "
                                   "use only folders of earlier lines")
        self.allowed[folder] = set(names.split()) | {folder}
        self.third_party[folder] = prefixes.split()

    def _fail(self, number, text):
        self.findings.append(Finding(LAYERS, number, "layers", text))

    def folder_of(self, path):
        """The longest folder of the list that holds a path below src/, or None."""
        parts = path.split("/")[:-1]
        for count in range(len(parts), 0, -1):
            if (name := "/".join(parts[:count])) in self.allowed:
                return name
        return None


def included_folder(layers, name):
    if name.startswith("sluice/"):
        return PUBLIC
    return layers.folder_of(name)


def check_project_include(layers, source, folder, line, name):
    target = included_folder(layers, name)
    if target is None:
        return Finding(source.path, line, "include-path",
                       f"\"{name}\" names no folder of src/, use \"folder/file.h\"")
    if target not in layers.allowed[folder]:
        may = " ".join(sorted(layers.allowed[folder] - {folder})) or "nothing else"
        return Finding(source.path, line, "arrow",
                       f"{folder} includes \"{name}\" of {target} against the arrow, "
                       f"use what {LAYERS} allows: {may}")
    return None


def check_system_include(layers, source, folder, line, name):
    if name in STANDARD or name.startswith("sluice/"):
        if name.startswith("sluice/"):
            return check_project_include(layers, source, folder, line, name)
        return None
    allowed = layers.third_party[folder]
    if any(name.startswith(prefix) for prefix in allowed):
        return None
    if POSIX.match(name):
        if "posix" in allowed:
            return None
        return Finding(source.path, line, "system-header",
                       f"<{name}> in {folder}, use a function of os/ (or <c…> for standard C)")
    may = " ".join(allowed) or "none"
    return Finding(source.path, line, "third-party",
                   f"<{name}> is not allowed in {folder} ({LAYERS} allows: {may}), "
                   "use the folder that wraps the library")


def check_includes(layers, source, folder):
    for line, quote, name in source.includes:
        if quote == '"' and name.split("/")[0] in ("tests", "bench", ".."):
            yield Finding(source.path, line, "arrow",
                          f"src/ includes \"{name}\", use nothing from outside src/")
            continue
        rule = check_project_include if quote == '"' else check_system_include
        wraps = quote == '"' and layers.folder_of(name) is None
        if wraps and any(name.startswith(p) for t in layers.third_party.values() for p in t):
            rule = check_system_include
        if finding := rule(layers, source, folder, line, name):
            yield finding


def check_cmake(layers, text):
    """The link lines of CMakeLists.txt must not say more than the list."""
    for number, line in enumerate(text.split("\n"), 1):
        match = re.match(r"\s*sluice_(module|program)\(([^)]*)\)", line)
        if not match:
            continue
        folder, *names = match.group(2).split()
        names = names[1:] if match.group(1) == "program" else names
        if folder not in layers.allowed:
            yield Finding("CMakeLists.txt", number, "layers",
                          f"'{folder}' has no line in {LAYERS}, add one")
            continue
        for name in names:
            if name not in layers.allowed[folder]:
                yield Finding("CMakeLists.txt", number, "layers",
                              f"'{folder}' links '{name}', which its line in {LAYERS} does not "
                              "name, use only what stands there")


def check(tree):
    text = tree.read(LAYERS)
    if text is None:
        yield Finding(LAYERS, 1, "layers", "the list is missing, use 'folder : folders | prefixes'")
        return
    layers = Layers(text)
    yield from layers.findings
    yield from check_cmake(layers, tree.read("CMakeLists.txt") or "")
    for source in tree.sources:
        if not (source.is_cpp or source.suffix in TABLES):
            continue
        if source.under("src"):
            folder = layers.folder_of(source.path[len("src/"):])
            if folder is None:
                yield Finding(source.path, 1, "layers",
                              f"its folder has no line in {LAYERS}, add one")
                continue
        elif source.under(PUBLIC) and PUBLIC in layers.allowed:
            folder = PUBLIC
        else:
            continue
        yield from check_includes(layers, source, folder)
