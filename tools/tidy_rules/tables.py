# SPDX-License-Identifier: Apache-2.0
"""Tables (*.def) in the order that they promise, and headers and tables that nobody includes."""
import os
import re

from .source import TABLES, Finding

ROW = re.compile(r"^([A-Z][A-Z0-9_]*)\((.*)")
PROMISE = re.compile(r"\bsorted by (\w+)", re.IGNORECASE)
CELL = re.compile(r'\s*("(?:\\.|[^"\\])*"|[^,()]+(?:\([^()]*\))?)\s*(?:,|\)|$)')


def columns(text):
    """The column names of '// MACRO(name, kind, …)' for each macro that a comment describes."""
    found = {}
    for match in re.finditer(r"^//.*?\b([A-Z][A-Z0-9_]*)\(([^()]*)\)", text, re.MULTILINE):
        found.setdefault(match.group(1), [name.strip() for name in match.group(2).split(",")])
    return found


def key_of(cell):
    cell = cell.strip().strip('"')
    try:
        return (0, int(cell.rstrip("uU"), 0), "")
    except ValueError:
        return (1, 0, cell)


def check_order(source):
    promise = PROMISE.search("\n".join(line for line in source.lines if line.startswith("//")))
    if not promise:
        return
    wanted, named, last = promise.group(1), columns(source.text), {}
    for number, line in enumerate(source.lines, 1):
        if not (row := ROW.match(line)):
            continue
        names = named.get(row.group(1), [])
        if wanted not in names:
            yield Finding(source.path, number, "table-order",
                          f"sorted by '{wanted}', no column of {row.group(1)}, use one of: "
                          f"{', '.join(names) or 'name them in a comment: // MACRO(column, …)'}")
            return
        cells = CELL.findall(row.group(2))
        position = names.index(wanted)
        if position >= len(cells):
            continue
        key = key_of(cells[position])
        before = last.get(row.group(1))
        if before is not None and key <= before:
            what = "stands twice" if key == before else "is out of order"
            yield Finding(source.path, number, "table-order",
                          f"{cells[position].strip()} {what}, use the order of '{wanted}'")
        last[row.group(1)] = max(key, before) if before else key


def check_dead(tree):
    included = set()
    for source in tree.sources:
        for _, _, name in source.includes:
            included.add(name)
            included.add(os.path.normpath(os.path.join(os.path.dirname(source.path), name)))
    for source in tree.sources:
        if not source.under("src") or not (source.is_header or source.suffix in TABLES):
            continue
        if source.path not in included and source.path[len("src/"):] not in included:
            yield Finding(source.path, 1, "dead", "nobody includes it, use it or remove it")


def check(tree):
    for source in tree.sources:
        if source.suffix == ".def":
            yield from check_order(source)
    yield from check_dead(tree)
