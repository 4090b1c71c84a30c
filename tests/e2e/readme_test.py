# SPDX-License-Identifier: Apache-2.0
"""What README.md tells a stranger to type: the device's program runs as it stands there, and each
command of its section does what is said."""
import os
import re
import subprocess
import sys
import tempfile
import unittest

from support.broker import Broker, sluice_binary
from support.case import main

PATIENCE = 60.0
README = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "README.md")


class Readme(unittest.TestCase):
    def setUp(self):
        with open(README, encoding="utf-8") as file:
            text = file.read()
        self.section = text.split("## One device, ten minutes", 1)[1].split("\n## ", 1)[0]

    def test_device_and_commands_of_the_ten_minutes(self):
        with Broker() as broker, tempfile.TemporaryDirectory() as folder:
            program = re.search(r"```python\n(.*?)```", self.section, re.S)[1]
            self.assertIn('"127.0.0.1", 1883', program)
            program = program.replace("1883", str(broker.port)).replace("sleep(3)", "sleep(0.1)")
            device = subprocess.Popen([sys.executable, "-c", program])
            self.addCleanup(device.wait)
            self.addCleanup(device.kill)
            shown = self.sluice(broker, folder, ["sub", "greenhouse/#", "-C", "3", "-v"])
            self.assertIn('greenhouse/temperature {"temperature": ', shown)
            command = re.compile(r"^build/release/sluice (\S+)(.*?)(?:  #.*)?$", re.M)
            for line in command.findall(self.section):
                with self.subTest(command=line):
                    self.run_line(broker, folder, *line)
            device.kill()
            device.wait(PATIENCE)
            shown = ""
            while shown != "offline\n":
                shown = self.sluice(broker, folder, ["sub", "greenhouse/state", "-C", "1"])

    def run_line(self, broker, folder, command, rest):
        words = [command, *re.findall(r"'([^']*)'|(\S+)", rest)]
        words = [word if isinstance(word, str) else word[0] or word[1] for word in words]
        words = ["2" if before == "-W" else word for before, word in zip(["", *words], words)]
        more = {"explore": ["--once", "1"], "sub": ["-C", "2"]}.get(command, [])
        expected = {"doctor": "All is well", "explore": "greenhouse", "sub": "temperature",
                    "clients": "greenhouse"}.get(command, "")
        self.assertIn(expected, self.sluice(broker, folder, [*words, *more]))

    def sluice(self, broker, folder, words):
        if words[0] == "clients":
            where = ["--admin", broker.admin_url("").removeprefix("http://")]
        else:
            where = ["-h", "127.0.0.1", "-p", str(broker.port)]
        done = subprocess.run([sluice_binary(), *words, *where], cwd=folder, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, (words, done.stderr))
        return done.stdout


if __name__ == "__main__":
    main()
