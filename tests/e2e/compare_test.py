# SPDX-License-Identifier: Apache-2.0
"""bench/macro/compare measures Sluice and mosquitto under the same load and prints both."""
import os
import re
import subprocess
import unittest

from support import case
from support.broker import sluice_binary

COMPARE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../bench/macro/compare")
SANITIZED = bool(os.environ.get("SLUICE_E2E_SANITIZED"))


class Compare(unittest.TestCase):
    def compare(self, rows):
        done = subprocess.run(
            ["/usr/bin/python3", "-B", COMPARE, "--build", os.path.dirname(sluice_binary()),
             "--brokers", "mosquitto", "--rows", rows, "--time", "0.3"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_a_message_costs_something_in_each_broker(self):
        said = self.compare("1 to 1, 16 B, QoS 1")
        self.assertRegex(said, r"\| Sluice \| mosquitto \|")
        row = re.search(r"\| 1 to 1, 16 B, QoS 1 \| ([\d.,]+) ns \| [\d.,]+ (?:ns|µs) \(([\d.]+)\)",
                        said)
        self.assertTrue(row, said)
        if not SANITIZED:
            self.assertGreater(float(row[2]), 1)

    def test_a_stored_message_has_memory_and_time(self):
        said = self.compare("queued")
        self.assertRegex(said, r"queued of 64 B: memory \| [\d,]+ B \| [\d,]+ B")
        self.assertRegex(said, r"queued of 64 B: draining \| [\d,]+ ns \| [\d.,]+ (ns|µs)")


if __name__ == "__main__":
    case.main()
