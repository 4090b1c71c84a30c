# SPDX-License-Identifier: Apache-2.0
"""`sluice explore` and `sluice top` in a real terminal: tmux, and what is on its screen."""
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import time

from support.broker import BrokerCase, missing_peer, sluice_binary
from support.case import main

PATIENCE = 60.0


class Screens(BrokerCase):
    settings = {"sys.interval": "1s"}

    def setUp(self):
        super().setUp()
        self.tmux_program = shutil.which("tmux") or missing_peer("tmux")
        folder = tempfile.TemporaryDirectory(prefix="sluice-screen-")
        self.addCleanup(folder.cleanup)
        self.socket = folder.name + "/tmux"
        self.base = self.topic()

    def tmux(self, *words, check=True):
        done = subprocess.run([self.tmux_program, "-S", self.socket, *words], check=check,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              timeout=PATIENCE, env={**os.environ, "LC_ALL": "C.UTF-8"})
        return done.stdout

    def start(self, *words):
        command = shlex.join([sluice_binary(), *words, "-h", "127.0.0.1", "-p", str(self.port)])
        # The shell behind it shows that the terminal is as it was.
        self.tmux("-u", "-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30",
                  f"stty -a > {self.socket}.before; echo before; {command}; code=$?; "
                  f"stty -a > {self.socket}.after; echo exit $code; cat")
        self.addCleanup(self.tmux, "kill-server", check=False)

    def screen(self):
        return self.tmux("capture-pane", "-p")

    def wait_for(self, pattern):
        deadline = time.monotonic() + PATIENCE
        while True:
            text = self.screen()
            if re.search(pattern, text):
                return text
            self.assertLess(time.monotonic(), deadline, f"no {pattern!r} on the screen:\n{text}")

    def wait_until_gone(self, pattern):
        deadline = time.monotonic() + PATIENCE
        while re.search(pattern, text := self.screen()):
            self.assertLess(time.monotonic(), deadline, f"still {pattern!r} on:\n{text}")

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def publish(self, topic, payload, *flags):
        subprocess.run([sluice_binary(), "pub", "-h", "127.0.0.1", "-p", str(self.port), "-q", "1",
                        f"{self.base}/{topic}", payload, *flags], check=True, timeout=PATIENCE)

    def test_tree_opens_shows_values_and_a_plot(self):
        self.publish("house/kept", "always", "-r")
        self.start("explore", self.base + "/#", "--open")
        self.wait_for(r"kept .*R always")
        for value in ("10", "20", "15"):
            self.publish("house/temperature", value)
        self.publish("house/json", '{"deep": [1, 2], "text": "x"}')
        self.publish("house/evil", "\x1b[31mred\a")
        text = self.wait_for(r"evil .*\\x1b\[31mred\\x07")
        self.assertRegex(text, r"temperature .* 15")
        self.keys("End")
        text = self.wait_for(r"── \S*house/temperature")
        self.assertIn("▁█▅  10 … 20, now 15", text)
        self.assertIn("3 messages here", text)
        self.keys("Up", "Up")
        self.wait_for(r'── \S*house/json[\s\S]*"deep": \[1, 2\]')
        self.keys("Left", "Left")       # to the level above, and close it
        text = self.wait_for(r"▸ house \(4\)")
        self.assertNotIn("temperature ", text)
        self.keys("Enter")
        self.wait_for(r"temperature")
        self.keys("Space")
        self.wait_for("PAUSED")
        self.publish("house/unseen", "x")
        self.keys("Space")
        self.wait_until_gone("PAUSED")  # what comes before the key does is not shown either
        self.publish("house/seen", "x")
        text = self.wait_for(r"seen +\S* +x")
        self.assertNotIn("unseen", text)
        self.end()

    def end(self):
        self.keys("q")
        text = self.wait_for("exit 0")
        self.assertIn("before", text)           # what was on the screen is there again
        self.assertNotIn("sluice explore", text)
        with open(self.socket + ".before", encoding="utf-8") as before:
            with open(self.socket + ".after", encoding="utf-8") as after:
                self.assertEqual(after.read(), before.read())

    def test_top_shows_rates_topics_and_clients(self):
        admin = self.broker.admin_url("").removeprefix("http://")
        self.start("top", self.base + "/#", "--admin", admin, "-i", "the-top-itself")
        self.wait_for(r"CLIENT")
        for number in range(20):
            self.publish("busy", str(number))
        self.publish("calm", "x")
        self.wait_for(r"calm +\d+\.\d +1 ")
        self.wait_for(r"busy +\d+\.\d +20 ")
        self.wait_for(r"the-top-itself +127\.0\.0\.1:\d+ +2 ")
        self.wait_for(r"uptime \d+ seconds +clients [1-9]")
        self.end()

    def test_watch_keeps_each_topic_on_one_line(self):
        self.publish("b", "first", "-r")
        self.start("sub", self.base + "/#", "--watch")
        self.wait_for(r"/b +first")
        self.publish("a", "1")
        self.publish("b", "second")
        self.publish("e", "\x1b[31mred")
        text = self.wait_for(r"/e +\\x1b\[31mred")
        self.assertRegex(text, r"/a +1 *\n[0-9:.]+ +\S+/b +second *\n")
        self.assertNotIn("first", text)
        self.keys("C-c")
        self.wait_for("exit 0")
        for words, why in ((["--watch"], "needs a terminal"),
                           (["--watch", "--rate"], "exclude each other")):
            done = subprocess.run([sluice_binary(), "sub", "a", *words], check=False, text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=PATIENCE)
            self.assertEqual(done.returncode, 2)
            self.assertIn(why, done.stderr)

    def test_rate_says_each_second_what_came(self):
        for number in range(5):
            self.publish(f"r/{number}", "x" * 100, "-r")
        done = subprocess.run([sluice_binary(), "sub", self.base + "/r/#", "--rate", "-W", "3",
                               "-h", "127.0.0.1", "-p", str(self.port)], check=False, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=PATIENCE)
        self.assertEqual(done.returncode, 27)
        lines = done.stdout.splitlines()
        self.assertGreaterEqual(len(lines), 2, done.stdout)
        for line in lines[:-1]:
            self.assertRegex(line, r"^\d\d:\d\d:\d\d  \d+ messages/s  [\d.]+ B/s$")
        self.assertRegex(lines[-1], r"^total     5 messages  500 B in [\d.]+ s$")

    def test_without_a_terminal_one_picture_is_printed(self):
        self.publish("once", "42", "-r")
        at = ["-h", "127.0.0.1", "-p", str(self.port)]
        for name in ("explore", "top"):
            done = subprocess.run([sluice_binary(), name, self.base + "/#", "--once", "1.5", *at],
                                  check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  text=True, timeout=PATIENCE)
            self.assertIn("once", done.stdout)
            done = subprocess.run([sluice_binary(), name, *at], check=False, timeout=PATIENCE,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True)
            self.assertEqual(done.returncode, 1)
            self.assertIn("--once", done.stderr)


if __name__ == "__main__":
    main()
