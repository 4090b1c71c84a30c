# SPDX-License-Identifier: Apache-2.0
"""The C and C++ clients of Eclipse Paho, as Debian has them, over TCP and WebSocket: the programs
of tests/peers/paho, compiled here."""
import functools
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import case
from support.broker import MOSQUITTO, Broker, missing_peer
from support.peers import PATIENCE
from support.raw import connected
from support.wire import V5

SOURCES = Path(__file__).resolve().parents[1] / "peers/paho"
LIBRARIES = {"paho_c": ["-lpaho-mqtt3c"], "paho_cpp": ["-lpaho-mqttpp3", "-lpaho-mqtt3as"]}
WAYS = [(scheme, version) for scheme in ("tcp", "ws") for version in (3, 4, 5)]


def every_way(test):
    @functools.wraps(test)
    def run(self):
        for scheme, version in WAYS:
            with self.subTest(scheme=scheme, version=version):
                test(self, self.uris[scheme], version, f"{test.__name__[-40:]}-{scheme}{version}")
    return run


def by_qos(lines):
    """The payloads of each QoS in the order they came."""
    found = {"0": [], "1": [], "2": []}
    for line in lines:
        if line.startswith("message "):
            _, qos, text = line.split(" ", 2)
            found[qos].append(text)
    return found


@unittest.skipIf(MOSQUITTO, "another way to open a listener")
class PahoC(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if shutil.which("g++") is None or not os.path.exists("/usr/include/MQTTClient.h") \
                or not os.path.exists("/usr/include/mqtt/async_client.h"):
            missing_peer("libpaho-mqtt-dev or libpaho-mqttpp-dev")
        cls.folder = tempfile.TemporaryDirectory()
        for name, libraries in LIBRARIES.items():
            subprocess.run(["g++", "-std=c++20", "-o", f"{cls.folder.name}/{name}",
                            SOURCES / f"{name}.cc", *libraries], check=True, timeout=200)
        cls.broker = Broker(arguments=["--listen", "ws://127.0.0.1:0"])
        cls.broker.start()
        cls.broker.wait_for_line("admin on ")
        found = re.search(r"listening on 127\.0\.0\.1:(\d+) \(ws\)", cls.broker.output())
        cls.uris = {"tcp": f"tcp://127.0.0.1:{cls.broker.port}", "ws": f"ws://127.0.0.1:{found[1]}"}

    @classmethod
    def tearDownClass(cls):
        cls.broker.__exit__(None)
        cls.folder.cleanup()

    def run_c(self, *words, expect=0):
        done = subprocess.run([f"{self.folder.name}/paho_c", *map(str, words)], text=True,
                              timeout=2 * PATIENCE, capture_output=True, check=False)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done.stdout.splitlines()

    @every_way
    def test_the_c_client_gets_what_it_publishes_in_the_order_of_each_qos(self, uri, version, name):
        wanted = [str(n) for n in range(10)]
        lines = self.run_c(uri, version, name, name, 10)
        self.assertEqual(by_qos(lines), {"0": wanted, "1": wanted, "2": wanted})

    @every_way
    def test_the_c_client_finds_what_waited_for_its_session(self, uri, version, name):
        self.run_c(uri, version, name, name, 0, "keep")
        say = connected(self.broker.port, f"{name}-say", V5)
        for number in range(60):
            say.publish(name, str(number).encode(), 1 + number % 2)
        lines = self.run_c(uri, version, name, name, 60, "keep")
        self.assertEqual(lines[0], "connected 0 properties 1" if version == 5 else
                         "connected 0 present 1" if version == 4 else "connected 0 present 0")
        self.assertEqual(by_qos(lines)["1"], [str(n) for n in range(0, 60, 2)])
        self.assertEqual(by_qos(lines)["2"], [str(n) for n in range(1, 60, 2)])
        say.close()

    def start_cpp(self, uri, version, name, count):
        process = subprocess.Popen([f"{self.folder.name}/paho_cpp", uri, str(version), name, name,
                                    str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   text=True)
        self.addCleanup(lambda: (process.kill(), process.wait(), process.stdin.close(),
                                 process.stdout.close()))
        return process

    @staticmethod
    def lines_until(process, *wanted):
        """Lines up to when each of these has come."""
        missing, lines = list(wanted), []
        while missing:
            line = process.stdout.readline().rstrip("\n")
            assert line, f"it ended without {missing}: {lines[-5:]}"
            lines.append(line)
            if line in missing:
                missing.remove(line)
        return lines

    @every_way
    def test_the_cpp_client_pipelines_at_each_qos(self, uri, version, name):
        client = self.start_cpp(uri, version, name, 100)
        self.lines_until(client, "ready")
        client.stdin.write("go\n")
        client.stdin.flush()
        lines = self.lines_until(client, "delivered", *(f"message {q} 99" for q in range(3)))
        wanted = [str(n) for n in range(100)]
        self.assertEqual(by_qos(lines), {"0": wanted, "1": wanted, "2": wanted})
        client.stdin.close()
        self.assertEqual(client.wait(PATIENCE), 0)

    def test_the_cpp_client_comes_back_by_itself_when_its_name_was_taken(self):
        client = self.start_cpp(self.uris["tcp"], 4, "cpp-again", 3)
        self.lines_until(client, "ready")
        thief = connected(self.broker.port, "cpp-again")
        self.lines_until(client, "lost", "again")
        thief.expect_closed()
        client.stdin.write("go\n")
        client.stdin.flush()
        self.lines_until(client, "delivered", *(f"message {q} 2" for q in range(3)))


if __name__ == "__main__":
    case.main()
