# SPDX-License-Identifier: Apache-2.0
"""./demo shows telemetry flowing and leaves nothing behind."""
import os
import signal
import subprocess
import time
import unittest

from support import case
from support.broker import MOSQUITTO, sluice_binary

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def group_is_gone(group, within=10):
    """Whether no process of the group is left; zombies of others' count as gone."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
    return False


@unittest.skipIf(MOSQUITTO, "it shows Sluice")
class Demo(unittest.TestCase):
    def start(self, *arguments):
        process = subprocess.Popen([f"{ROOT}/demo", "--binary", sluice_binary(), *arguments],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, start_new_session=True)
        self.addCleanup(process.stdout.close)
        return process

    def test_it_shows_temperatures_and_ends_by_itself(self):
        process = self.start("--seconds", "4")
        out, _ = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, out)
        self.assertRegex(out, r'sensors/floor\d/temperature/hvac\d +\{"temperature": \d+\.\d')
        self.assertNotIn('"humidity"', out)
        self.assertNotIn("\x1b", out, "no colours where there is no terminal")
        self.assertTrue(group_is_gone(process.pid), "processes are left")

    def test_ctrl_c_ends_it_cleanly(self):
        process = self.start("--forever")
        for line in process.stdout:
            if '"temperature"' in line:
                break
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, out)
        self.assertTrue(group_is_gone(process.pid), "processes are left")

    def test_unknown_options_are_refused(self):
        process = self.start("--foreever")
        out, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 2, out)
        self.assertIn("--forever", out)


if __name__ == "__main__":
    case.main()
