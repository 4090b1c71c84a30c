# SPDX-License-Identifier: Apache-2.0
"""A disk in trouble, as a broker meets it: preload/disk_trouble.c, built and loaded into it."""
import os
import subprocess
import tempfile
from pathlib import Path

from support.broker import missing_peer

SOURCE = Path(__file__).resolve().parent.parent / "preload" / "disk_trouble.c"


class DiskTrouble:
    """environment for a broker whose files below `data` are in trouble: eio=N, full=PATH,
    slow_ms=N."""

    def __init__(self, data, **what):
        self.folder = tempfile.TemporaryDirectory(prefix="sluice-disk-")
        library = f"{self.folder.name}/disk_trouble.so"
        try:
            subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, str(SOURCE), "-ldl"],
                           check=True)
        except FileNotFoundError:
            missing_peer("a C compiler")
        self.environment = {"LD_PRELOAD": library, "SLUICE_DISK_DATA": os.path.realpath(data)}
        for name, value in what.items():
            self.environment[f"SLUICE_DISK_{name.upper()}"] = str(value)

    def close(self):
        self.folder.cleanup()
