#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Flags of mosquitto 2.1's clients that those of Debian 12 (2.0.11) do not have, under both names
of the program."""
import json
import os
import re
import socket
import stat
import subprocess
import sys
import tempfile
import time
import unittest

from support.broker import Broker, sluice_binary
from support.certificates import Authority
from support.namespace import NetworkNamespace
from support.peers import PATIENCE


class NewerFlags(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="sluice-flags-"))
        authority = Authority(cls.folder + "/ca")
        cls.ca = authority.file
        certificate, key = authority.sign("server", "/CN=localhost", "DNS:localhost")
        tls = f"mqtts://127.0.0.1:0?cert={certificate}&key={key}"
        cls.broker = cls.enterClassContext(Broker(arguments=["--listen", tls]))
        cls.broker.wait_for_line("admin on ")
        cls.port = str(cls.broker.port)
        cls.secure = re.findall(r"^listening on 127\.0\.0\.1:(\d+) \(mqtts\)",
                                cls.broker.output(), re.M)[-1]
        for name in ("mosquitto_pub", "mosquitto_sub", "mosquitto_rr"):
            os.symlink(sluice_binary(), f"{cls.folder}/{name}")
        cls.pubs = ([f"{cls.folder}/mosquitto_pub"], [sluice_binary(), "pub"])
        cls.subs = ([f"{cls.folder}/mosquitto_sub"], [sluice_binary(), "sub"])

    def run_one(self, words, **more):
        return subprocess.run(words, capture_output=True, text=True, check=False, timeout=PATIENCE,
                              env={**os.environ, "XDG_CONFIG_HOME": self.folder + "/none"}, **more)

    def written(self, name, text):
        path = f"{self.folder}/{name}"
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path

    def test_message_rate_is_a_number_each_second(self):
        for number in range(5):
            done = self.run_one([sluice_binary(), "pub", "-p", self.port, "-t", f"rate/{number}",
                                 "-m", "x", "-r", "-q", "1"])
            self.assertEqual(done.returncode, 0, done.stderr)
        for sub in self.subs:
            counted, end = 0, time.monotonic() + PATIENCE
            with subprocess.Popen([*sub, "-p", self.port, "-t", "rate/#", "--message-rate"],
                                  stdout=subprocess.PIPE, text=True) as process:
                while counted < 5 and time.monotonic() < end:
                    line = process.stdout.readline()
                    self.assertRegex(line, r"^\d+\n$")
                    counted += int(line)
                process.kill()
            self.assertEqual(counted, 5)
        done = self.run_one([*self.subs[1], "-t", "a", "--rate", "--message-rate"])
        self.assertEqual(done.returncode, 2)

    def test_latency_of_an_answer_stands_behind_it(self):
        answering = [sluice_binary(), "reply", "-p", self.port, "ask", "--echo"]
        with subprocess.Popen(answering) as reply:
            try:
                for words in ([sluice_binary(), "request"],
                              [f"{self.folder}/mosquitto_rr", "-e", "answer"]):
                    words += ["-p", self.port, "-t", "ask", "-m", "x", "--latency", "-q", "1"]
                    done = self.run_one(words)
                    while done.returncode == 5:  # nobody has subscribed yet
                        done = self.run_one(words)
                    self.assertRegex(done.stdout, r"^x\nLatency: \d+\.?\d*(ns|µs|ms|)\n$")
            finally:
                reply.kill()

    def test_request_may_say_what_retained_messages_are_to_it(self):
        sluice, here = sluice_binary(), ["-p", self.port]
        requests = ([sluice, "request"], [f"{self.folder}/mosquitto_rr"])
        for number, request in enumerate(requests):
            ask, answer = f"retain/{number}/ask", f"retain/{number}/answer"
            old = self.run_one([sluice, "pub", *here, "-t", answer, "-m", "old", "-r", "-q", "1"])
            self.assertEqual(old.returncode, 0, old.stderr)
            asking = [*request, *here, "-e", answer, "-m", "new", "-F", "%r %p", "-V", "5", "-t"]
            # Nobody answers but the retained message; where that is not wanted, the request itself.
            for handling, topic, expected in (("always", ask, "1 old\n"), ("new", ask, "1 old\n"),
                                              ("never", answer, "0 new\n")):
                done = self.run_one([*asking, topic, "--retain-handling", handling])
                self.assertEqual((done.stdout, done.stderr), (expected, ""), handling)
            done = self.run_one([*asking, answer, "--retain-handling", "sometimes"])
            self.assertIn("one of always, new, never", done.stderr)
            # The answer is published retained, by who has seen the request.
            seeing = [sluice, "sub", *here, "-c", "-i", f"seer-{number}", "-q", "1", "-t", ask]
            self.assertEqual(self.run_one([*seeing, "-E"]).returncode, 0)
            flags = ["-q", "1", "--retain-handling", "never", "--retain-as-published"]
            with subprocess.Popen([*asking, ask, *flags], stdout=subprocess.PIPE,
                                  text=True) as asked:
                self.run_one([*seeing, "-C", "1"])
                self.run_one([sluice, "pub", *here, "-t", answer, "-m", "kept", "-r", "-q", "1"])
                self.assertEqual(asked.communicate(timeout=PATIENCE)[0], "1 kept\n")

    def test_flags_come_from_a_named_file_and_no_other(self):
        named = self.written("flags", f"# mine\n-p {self.port}\n-t file/a\n-q 1\n")
        os.mkdir(self.folder + "/usual")
        self.written("usual/mosquitto_pub", "--nonsense\n")
        for pub in self.pubs:
            for words in (["-o", named], ["--options-file", named]):
                done = subprocess.run([*pub, *words, "-m", "x"], capture_output=True, text=True,
                                      check=False, timeout=PATIENCE,
                                      env={**os.environ,
                                           "XDG_CONFIG_HOME": self.folder + "/usual"})
                self.assertEqual((done.returncode, done.stderr), (0, ""))
            done = self.run_one([*pub, "-o", named, "-m", "x", "-p", "1"])
            self.assertIn("nothing listens on localhost:1", done.stderr)
            done = self.run_one([*pub, "-o", self.folder + "/missing", "-t", "a", "-m", "x"])
            self.assertIn("missing' cannot be read", done.stderr)

    def test_no_tls_stands_above_what_asks_for_it(self):
        named = self.written("tls", f"--cafile {self.ca}\n--tls-version tlsv1.3\n")
        for pub in self.pubs:
            flags = ["-h", "localhost", "-t", "a", "-m", "x", "-q", "1"]
            done = self.run_one([*pub, "-o", named, "-p", self.secure, *flags])
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            done = self.run_one([*pub, "-o", named, "-p", self.port, *flags, "--no-tls"])
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            url = f"mqtts://localhost:{self.port}/a"
            done = self.run_one([*pub, "-L", url, "-m", "x", "-q", "1", "--no-tls"])
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_secrets_of_tls_are_appended_to_a_file_of_ones_own(self):
        path = self.folder + "/secrets"
        for number, version in enumerate(("tlsv1.2", "tlsv1.3"), 1):
            done = self.run_one([*self.pubs[number - 1], "-h", "localhost", "-p", self.secure,
                                 "--cafile", self.ca, "--tls-version", version, "-t", "a", "-m",
                                 "x", "-q", "1", "--tls-keylog", path])
            self.assertEqual((done.returncode, done.stderr), (0, ""))
        with open(path, encoding="ascii") as file:
            kinds = [line.split(" ")[0] for line in file]
        self.assertEqual(kinds[0], "CLIENT_RANDOM")
        self.assertIn("CLIENT_TRAFFIC_SECRET_0", kinds)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        done = self.run_one([*self.pubs[1], "-h", "localhost", "-p", self.secure, "--cafile",
                             self.ca, "-t", "a", "-m", "x", "--tls-keylog", self.folder])
        self.assertIn("cannot be written", done.stderr)

    def test_a_connection_of_several_networks_is_asked_for(self):
        try:
            socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_MPTCP).close()
        except OSError:
            self.skipTest("this kernel has no MPTCP")
        for sub in self.subs:
            with subprocess.Popen([*sub, "-p", self.port, "-t", "paths", "--mptcp", "-d"],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True) as process:
                while "SUBACK" not in (line := process.stdout.readline()):
                    self.assertTrue(line)
                with open(f"/proc/{process.pid}/net/protocols", encoding="ascii") as file:
                    counts = {row.split()[0]: int(row.split()[2]) for row in file.readlines()[1:]}
                self.assertGreater(counts["MPTCP"], 0)
                process.kill()


class Services(unittest.TestCase):
    """Where the broker is, asked of a name server; in a network of its own."""

    def setUp(self):
        self.namespace = NetworkNamespace()
        self.addCleanup(self.namespace.leave)
        if not self.namespace.enter():
            self.skipTest("no namespace of networks here")
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="sluice-srv-"))
        with open(folder + "/resolv.conf", "w", encoding="ascii") as file:
            file.write("nameserver 127.0.0.1\nsearch home.test\noptions timeout:1 attempts:2\n")
        # The program's own view: another /etc/resolv.conf, and no name service cache.
        script = f'mount --bind {folder}/resolv.conf /etc/resolv.conf && exec "$@"'
        self.inside = [*self.namespace.prefix, "unshare", "-m", "sh", "-c", script, "sh"]
        if subprocess.run([*self.inside, "true"], stderr=subprocess.DEVNULL,
                          check=False).returncode:
            self.skipTest("no namespace of mounts here")
        authority = Authority(folder + "/ca")
        certificate, key = authority.sign("server", "/CN=two.test", "DNS:two.test")
        self.ca = authority.file
        tls = f"mqtts://127.0.0.1:0?cert={certificate}&key={key}"
        self.broker = self.enterContext(
            Broker(prefix=self.namespace.prefix, arguments=["--listen", tls]))
        self.broker.wait_for_line("admin on ")
        secure = re.findall(r"^listening on 127\.0\.0\.1:(\d+) \(mqtts\)",
                            self.broker.output(), re.M)[-1]
        port = self.broker.port
        services = {"_mqtt._tcp.example.test": [[20, 0, port, "two.test"], [10, 5, 1, "one.test"]],
                    "_secure-mqtt._tcp.example.test": [[0, 0, int(secure), "two.test"]],
                    "_mqtt._tcp.home.test": [[0, 0, port, "two.test"]],
                    "_mqtt._tcp.none.test": [[0, 0, 0, ""]]}
        server = os.path.dirname(os.path.realpath(__file__)) + "/support/name_server.py"
        self.server = subprocess.Popen(
            [*self.namespace.prefix, sys.executable, server, json.dumps(services)],
            stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.server.stdout.close)
        self.addCleanup(self.server.wait)
        self.addCleanup(self.server.kill)
        self.assertEqual(self.server.stdout.readline(), "ready\n")

    def pub(self, *words):
        command = [sluice_binary(), "pub", "-t", "a", "-m", "x", "-q", "1"]
        return subprocess.run([*self.inside, *command, *words], capture_output=True, text=True,
                              check=False, timeout=PATIENCE)

    def test_the_hosts_of_a_domain_are_tried_in_their_order(self):
        done = self.pub("-S", "-h", "example.test")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        done = self.pub("-S")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_with_tls_it_is_another_service_and_the_certificate_is_that_of_the_host(self):
        done = self.pub("-S", "-h", "example.test", "--cafile", self.ca)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_a_domain_without_one_says_so(self):
        for domain in ("none.test", "unknown.test"):
            done = self.pub("-S", "-h", domain)
            self.assertEqual(done.returncode, 3)
            self.assertIn(f"_mqtt._tcp.{domain}: the name server knows no host", done.stderr)
        self.server.kill()
        done = self.pub("-S", "-h", "example.test")
        self.assertIn("no name server has answered", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
