# SPDX-License-Identifier: Apache-2.0
"""A power cut, played after a kill: takes back what a broker had written and not synced.

preload/disk_recorder.c, loaded into the broker, writes down each write with the bytes that were
there before. What no sync covers is lost here by chance: each 512 bytes of each write by
themselves, and the last few changes of names.
"""
import os
import subprocess
import tempfile
from pathlib import Path

from support.broker import missing_peer

SECTOR = 512
SOURCE = Path(__file__).resolve().parent.parent / "preload" / "disk_recorder.c"


class Recorder:
    """environment() for a broker whose writes below `data` are recorded; play() after its kill.

    `broken` is a way in which the disk does not keep what it says: sync, late."""

    def __init__(self, data, broken=""):
        self.folder = tempfile.TemporaryDirectory(prefix="sluice-power-")
        self.data, self.broken = os.path.realpath(data), broken
        self.library = f"{self.folder.name}/disk_recorder.so"
        self.lives, self.syncs, self.undone = 0, 0, 0
        try:
            subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", self.library, str(SOURCE),
                            "-ldl", "-lpthread"], check=True)
        except FileNotFoundError:
            missing_peer("a C compiler")

    def environment(self, kill_at=0):
        self.lives += 1
        return {"LD_PRELOAD": self.library, "SLUICE_DISK_DATA": self.data,
                "SLUICE_DISK_JOURNAL": self.journal(), "SLUICE_DISK_BROKEN": self.broken,
                "SLUICE_DISK_KILL_AT": str(kill_at)}

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
        """Makes the disk what a power cut may have left; `chance` is a random.Random."""
        writes, names = [], []
        for kind, what, offset, old in self.entries():
            if kind == "UNSEEN":
                raise AssertionError(f"the broker writes by {what}, which the recorder cannot see")
            if kind == "SYNC":
                self.syncs += 1
                writes = [each for each in writes if each[0] != what[0]]
                names = [each for each in names if os.path.dirname(each[1][0]) != what[0]]
            elif kind == "WRITE":
                writes.append((what[0], offset, old))
            else:
                names.append((kind, what if kind != "RENAME" else [what[1], what[0], what[2]]))
        # Which of what was not synced is lost: all, some, or nothing.
        share = chance.choice((1.0, 0.5, 0.0))
        for path, offset, old in reversed(writes):
            self.undo_write(path, offset, old, share, chance)
        for kind, what in reversed(names[chance.randrange(len(names) + 1):]):
            self.undo_name(kind, *what)

    def undo_write(self, path, offset, old, share, chance):
        if not os.path.exists(path):
            return
        with open(path, "r+b") as file:
            at = 0
            while at < len(old):
                size = min(SECTOR - (offset + at) % SECTOR, len(old) - at)
                if chance.random() < share:
                    file.seek(offset + at)
                    file.write(old[at:at + size])
                    self.undone += 1
                at += size

    @staticmethod
    def undo_name(kind, path, other, kept=""):
        if not os.path.isdir(os.path.dirname(path)):
            return      # went with its directory
        if kind == "CREATE" and os.path.exists(path):
            os.unlink(path)
        elif kind == "REMOVE" and not os.path.exists(path):
            os.link(other, path)
        elif kind == "RENAME" and os.path.exists(path):
            os.rename(path, other)
            if kept:
                os.link(kept, path)
