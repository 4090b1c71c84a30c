# SPDX-License-Identifier: Apache-2.0
"""Exceptions: 'rule path [function] : reason', a line each; one not needed is an error."""
from .source import Finding

EXCEPTIONS = "tools/tidy_exceptions.txt"


def parse(text):
    rows, findings = [], []
    for number, line in enumerate(text.split("\n"), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        what, colon, reason = line.partition(" : ")
        words = what.split()
        if not colon or not reason.strip() or len(words) not in (2, 3):
            findings.append(Finding(EXCEPTIONS, number, "exceptions",
                                    f"'{line}', use 'rule path [function] : reason'"))
            continue
        rows.append((number, words[0], words[1], words[2] if len(words) == 3 else ""))
    return rows, findings


def apply(tree, findings):
    """The findings that no exception excuses, and one for each exception that is not needed."""
    rows, kept = parse(tree.read(EXCEPTIONS) or "")
    used = set()
    for finding in findings:
        excuses = [number for number, rule, path, subject in rows
                   if rule == finding.rule and path == finding.path
                   and subject in ("", finding.subject)]
        used.update(excuses)
        if not excuses:
            kept.append(finding)
    for number, rule, path, _ in rows:
        if number not in used:
            kept.append(Finding(EXCEPTIONS, number, "exceptions",
                                f"{rule} {path} excuses nothing any more, use one line less"))
    return kept
