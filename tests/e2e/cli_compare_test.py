# SPDX-License-Identifier: Apache-2.0
"""`sluice compare http`: the table of HTTP against MQTT, measured, and what it must show."""
import json
import os
import subprocess
import unittest

from support.broker import sluice_binary
from support.case import main

PATIENCE = 120.0


def compare(*flags):
    return subprocess.run([sluice_binary(), "compare", "http", "--samples", "20", "--pushes", "6",
                           "--messages", "200", "--poll-interval", "100", *flags], check=True,
                          stdout=subprocess.PIPE, text=True, timeout=PATIENCE).stdout


class CompareHttp(unittest.TestCase):
    def test_figures_stand_in_the_relation_that_the_protocols_have(self):
        before = self.servers()
        result = json.loads(compare("--json"))
        self.assertLessEqual(self.servers(), before)    # what was started is gone
        ways = {way["way"]: way for way in result["ways"]}
        self.assertEqual(len(ways), 5)
        qos0, qos1, qos2 = (ways[f"MQTT, QoS {qos}"] for qos in range(3))
        kept, each = ways["HTTP, kept open"], ways["HTTP, a connection each"]
        # A PUBLISH of QoS 0 in MQTT 5: two bytes, the topic with its length, no properties; then a
        # share of CONNECT, CONNACK and DISCONNECT.
        exact = 2 + 2 + len("sensors/floor3/temperature/hvac-7") + 1
        self.assertTrue(exact < qos0["header_bytes"] < exact + 30, qos0)
        for cheap, dear in ((qos0, qos1), (qos1, qos2), (qos2, kept), (kept, each)):
            self.assertLess(cheap["header_bytes"], dear["header_bytes"])
        # With few messages the share of the connection weighs most.
        self.assertLess(qos0["wire_bytes"], kept["wire_bytes"])
        self.assertGreaterEqual(each["packets"], 8)  # SYN, SYN-ACK, ACK, data, two FINs, …
        self.assertLess(qos0["wire_bytes"] * 2, each["wire_bytes"])
        # A command waits for the next poll on average half an interval; a push does not.
        self.assertTrue(10 < kept["push_median_ms"] < 200, kept)
        self.assertLess(qos1["push_median_ms"], kept["push_median_ms"] / 2)
        self.assertLess(qos0["idle_hour_bytes"] * 100, kept["idle_hour_bytes"])
        for way in ways.values():
            self.assertGreater(way["device_cpu_us"], 0)
            self.assertGreater(way["server_cpu_us"], 0)

    def servers(self):
        """Processes of this program that serve."""
        found = set()
        for process in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{process}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
            except OSError:
                continue
            if words[0] == sluice_binary().encode() and b"serve-http" in words:
                found.add(process)
        return found

    def test_table_is_printed(self):
        text = compare()
        for word in ("MQTT,", "QoS 2", "a connection each", "packets, each message",
                     "Delivery assurance", "Header size", "exactly once"):
            self.assertIn(word, text)

    def test_wrong_words_are_refused(self):
        for words in ([], ["gopher"], ["http", "-t", "a/#"], ["http", "-m", ""]):
            done = subprocess.run([sluice_binary(), "compare", *words], check=False,
                                  stderr=subprocess.PIPE, timeout=PATIENCE)
            self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    main()
