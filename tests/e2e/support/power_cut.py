# SPDX-License-Identifier: Apache-2.0
"""A power cut, played after a kill: takes back what a broker had written and not synced.

shim/disk_recorder.c, loaded into the broker, writes down each write with the bytes that were there
before. What no sync covers is lost here by chance: each 512 bytes of each write by themselves, and
the last few changes of names.
"""
import os
import subprocess
import tempfile
from pathlib import Path

from support.broker import missing_peer

SECTOR = 512
SOURCE = Path(__file__).resolve().parent.parent / "shim" / "disk_recorder.c"


def build_recorder(folder):
    """The shim as a shared object in that folder."""
    path = f"{folder}/disk_recorder.so"
    try:
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", path, str(SOURCE), "-ldl",
                        "-lpthread"], check=True)
    except FileNotFoundError:
        missing_peer("a C compiler")
    return path


class Recorder:
    """environment for a broker whose writes below `data` are recorded; play() after its kill."""

    def __init__(self, data, broken=""):
        self.folder = tempfile.TemporaryDirectory(prefix="sluice-power-")
        self.data, self.broken = os.path.realpath(data), broken
        self.library = build_recorder(self.folder.name)
        self.lives, self.syncs, self.undone = 0, 0, 0

    def environment(self):
        self.lives += 1
        return {"LD_PRELOAD": self.library, "SLUICE_DISK_DATA": self.data,
                "SLUICE_DISK_JOURNAL": self.journal(), "SLUICE_DISK_BROKEN": self.broken}

    def trouble(self, **what):
        """The environment for a disk in trouble: eio=N, full=PATH, slow_ms=N."""
        more = {f"SLUICE_DISK_{name.upper()}": str(value) for name, value in what.items()}
        return {**self.environment(), **more}

    def journal(self):
        return f"{self.folder.name}/journal-{self.lives}"

    def close(self):
        self.folder.cleanup()

    def entries(self):
        with open(self.journal(), "rb") as file:
            data = file.read()
        at = 0
        while at < len(data):
            end = data.find(b"\n", at)
            if end < 0:
                return
            fields = data[at:end].decode().split("\t")
            size, offset = int(fields[-1]), int(fields[-2])
            if end + 1 + size > len(data):
                return      # cut by the kill: what it announces was not done
            yield fields[0], fields[1:-2], offset, data[end + 1:end + 1 + size]
            at = end + 1 + size

    def play(self, chance):
        """The state of the disk after the cut; `chance` is a random.Random."""
        writes, names = [], []
        for kind, what, offset, old in self.entries():
            assert kind != "UNSEEN", f"the broker writes by {what}, which the recorder cannot see"
            if kind == "SYNC":
                self.syncs += 1
                writes = [each for each in writes if each[0] != what[0]]
                names = [each for each in names if os.path.dirname(each[1][0]) != what[0]]
            elif kind == "WRITE":
                writes.append((what[0], offset, old))
            else:
                names.append((kind, what if kind != "RENAME" else [what[1], what[0], what[2]]))
        # Which of what was not synced is lost: all, nothing, or some.
        mood = chance.randrange(3)
        for path, offset, old in reversed(writes):
            self.undo_write(path, offset, old, mood, chance)
        for kind, what in reversed(names[chance.randrange(len(names) + 1):]):
            self.undo_name(kind, what)

    def undo_write(self, path, offset, old, mood, chance):
        try:
            file = open(path, "r+b")
        except FileNotFoundError:
            return
        with file:
            at = 0
            while at < len(old):
                size = min(SECTOR - (offset + at) % SECTOR, len(old) - at)
                if mood == 0 or (mood == 1 and chance.random() < 0.5):
                    file.seek(offset + at)
                    file.write(old[at:at + size])
                    self.undone += 1
                at += size

    @staticmethod
    def undo_name(kind, what):
        if kind == "CREATE" and os.path.exists(what[0]):
            os.unlink(what[0])
        elif kind == "REMOVE" and not os.path.exists(what[0]):
            os.link(what[1], what[0])
        elif kind == "RENAME" and os.path.exists(what[0]):
            os.rename(what[0], what[1])
            if what[2]:
                os.link(what[2], what[0])
