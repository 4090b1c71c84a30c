# SPDX-License-Identifier: Apache-2.0
"""Names of files, namespaces and public types; what every file must begin with."""
import re

from .source import Finding

SAYS_NOTHING = re.compile(r"(^|_)(utils?|helpers?|common|manager|misc)$")
SNAKE = re.compile(r"^[a-z][a-z0-9_]*$")
OTHER_SUFFIXES = {".cpp": ".cc", ".cxx": ".cc", ".c": ".cc", ".hxx": ".h", ".hh": ".h"}
README_LINES = 40
TYPE = re.compile(r"^\s*(?:template\s*<.*>\s*)?(?:class|struct|enum\s+class)\s+"
                  r"(?:\[\[\w+\]\]\s+)?(?:alignas\(.*?\)\s+)?(?:SLUICE_\w+(?:\(.*?\))?\s+)?"
                  r"(\w+)\s*(?:final\s*)?(?:(?!::)[:{]|$)")


def check_file_name(source):
    top = source.path.split("/")[0]
    if source.suffix in OTHER_SUFFIXES and top in ("src", "include", "tests", "bench"):
        yield Finding(source.path, 1, "file-name",
                      f"'{source.suffix}', use {OTHER_SUFFIXES[source.suffix]}")
    if not (source.is_cpp or source.suffix in (".def", ".py")):
        return
    if SAYS_NOTHING.search(source.stem):
        yield Finding(source.path, 1, "file-name",
                      f"'{source.stem}' says nothing, use the name of its one main type")
    if not SNAKE.match(source.stem.strip("_")):
        yield Finding(source.path, 1, "file-name", f"'{source.stem}', use snake_case")


def check_beginning(source):
    script = source.text.startswith("#!")
    marked = (source.is_cpp or script or source.suffix in (".def", ".inc", ".py", ".cmake", ".sh")
              or source.path.endswith("CMakeLists.txt"))
    if marked and not any("SPDX-License-Identifier:" in line for line in source.lines[:3]):
        yield Finding(source.path, 1, "spdx",
                      "no licence line, use 'SPDX-License-Identifier: Apache-2.0' at the top")
    if source.is_header and not re.search(r"^#pragma once$", source.code, re.MULTILINE):
        yield Finding(source.path, 1, "pragma-once", "no guard, use '#pragma once'")


def check_namespace(source):
    """A header of src/core/session opens sluice::core, or deeper; base is sluice itself."""
    if not (source.is_header and source.under("src")):
        return
    opened = re.findall(r"^\s*(?:inline\s+)?namespace\s+(sluice[\w:]*)\s*\{", source.code,
                        re.MULTILINE)
    folder = source.path.split("/")[1]
    wanted = "sluice" if folder == "base" else f"sluice::{folder}"
    if opened and not any(name == wanted or name.startswith(wanted + "::") for name in opened):
        yield Finding(source.path, 1, "namespace",
                      f"opens {', '.join(sorted(set(opened)))}, use {wanted}")


def check_type_names(source):
    public = source.under("include")
    for number, line in enumerate(source.code_lines, 1):
        if not (match := TYPE.match(line)):
            continue
        name = match.group(1)
        if public and not SNAKE.match(name):
            yield Finding(source.path, number, "type-name", f"'{name}', use snake_case in include/")
        if not public and not name[0].isupper():
            yield Finding(source.path, number, "type-name", f"'{name}', use PascalCase in src/")


def check_readme(tree):
    folders = {s.path.split("/")[1] for s in tree.sources
               if s.is_cpp and s.under("src") and s.path.count("/") > 1}
    for folder in sorted(folders):
        path = f"src/{folder}/README.md"
        text = tree.read(path)
        if text is None:
            yield Finding(path, 1, "readme", "missing, use at most 40 lines: what it owns, main "
                                             "types in reading order, what it never does")
        elif text.count("\n") > README_LINES:
            yield Finding(path, README_LINES + 1, "readme",
                          f"{text.count(chr(10))} lines, use at most {README_LINES}")


def check(tree):
    for source in tree.sources:
        yield from check_file_name(source)
        yield from check_beginning(source)
        yield from check_namespace(source)
        if source.is_header and source.under("src", "include"):
            yield from check_type_names(source)
    yield from check_readme(tree)
