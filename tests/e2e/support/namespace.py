# SPDX-License-Identifier: Apache-2.0
"""A network of its own, where port 1883 is free whatever the machine runs."""
import os
import shutil
import subprocess
import sys

# Brings `lo` up (SIOCSIFFLAGS with IFF_UP), says so, and lives until its standard input ends.
HOLD = """
import fcntl, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    fcntl.ioctl(s, 0x8914, struct.pack('16sH14x', b'lo', 1))
print('ready', flush=True)
sys.stdin.read()
"""


class NetworkNamespace:
    """enter() once; `prefix` before a command runs it inside. It ends with this process at last."""

    def __init__(self):
        self.holder, self.prefix = None, []

    def enter(self):
        """True if the machine lets us have one."""
        if not (shutil.which("unshare") and shutil.which("nsenter")):
            return False
        user = [] if os.geteuid() == 0 else ["-r"]
        self.holder = subprocess.Popen(["unshare", *user, "-n", sys.executable, "-c", HOLD],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL)
        if self.holder.stdout.readline() != b"ready\n":
            self.leave()
            return False
        inside = ["-U", "--preserve-credentials"] if user else []
        self.prefix = ["nsenter", "-t", str(self.holder.pid), *inside, "-n"]
        return subprocess.run([*self.prefix, "true"], stderr=subprocess.DEVNULL,
                              check=False).returncode == 0

    def leave(self):
        if self.holder:
            self.holder.stdin.close()
            self.holder.wait(20)
            self.holder.stdout.close()
            self.holder = None
