# SPDX-License-Identifier: Apache-2.0
"""The broker under test as a process of its own: $SLUICE_BINARY, or Debian's mosquitto to try the
tests themselves (SLUICE_E2E_BROKER=mosquitto)."""
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.request

START_WITHIN = 60.0     # seconds, generous: sanitizers on a busy machine
STOP_WITHIN = 60.0
MOSQUITTO = os.environ.get("SLUICE_E2E_BROKER") == "mosquitto"
PEERS_REQUIRED = bool(os.environ.get("CI") or os.environ.get("SLUICE_REQUIRE_PEERS") == "1")


def missing_peer(what):
    """A peer that is not installed skips a test, and fails it where peers are required."""
    if PEERS_REQUIRED:
        raise AssertionError(f"{what} is missing and peers are required")
    raise unittest.SkipTest(f"{what} is missing")


def not_for_mosquitto(why):
    """Marks a test of what mosquitto rightly or by age does otherwise."""
    return unittest.skipIf(MOSQUITTO, f"mosquitto differs: {why}")


def sluice_binary():
    path = os.environ.get("SLUICE_BINARY", "")
    if not path or not os.access(path, os.X_OK):
        raise AssertionError(f"SLUICE_BINARY must name the sluice program, not {path!r}")
    return path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def loopback_addresses():
    """What localhost stands for here, as in a URL: 127.0.0.1, on most machines [::1] too."""
    found = socket.getaddrinfo("localhost", None, type=socket.SOCK_STREAM)
    return sorted({f"[{where[0]}]" if family == socket.AF_INET6 else where[0]
                   for family, _, _, _, where in found})


class Broker:
    """with Broker(threads=2, settings={"admin.port": 0}) as broker: … broker.port …

    On leaving, the broker gets SIGTERM and must exit 0.
    """

    def __init__(self, threads=2, settings=None, arguments=(), prefix=(), port=0, environment=None):
        self.threads, self.settings, self.arguments = threads, settings or {}, list(arguments)
        self.prefix, self.wanted_port = list(prefix), port
        self.environment = {**os.environ, **(environment or {})}
        self.process, self.lines, self.changed = None, [], threading.Condition()
        self.folder = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *unused):
        try:
            if self.process and self.process.poll() is None:
                if kind is None:
                    self.stop()
                else:
                    self.kill()
        finally:
            self.clean_up()

    def start(self):
        """Also again, after its end: with the same directory, on another port."""
        if self.folder is None:
            self.folder = tempfile.TemporaryDirectory(prefix="sluice-e2e-")
        if self.process:
            self.forget()
        self.process = subprocess.Popen(
            self.prefix + (self.mosquitto_command() if MOSQUITTO else self.sluice_command()),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            cwd=self.folder.name, env=self.environment, text=True, errors="replace")
        self.reader = threading.Thread(target=self.collect, args=(self.process,), daemon=True)
        self.reader.start()
        try:
            if MOSQUITTO:
                self.wait_for_line(r"mosquitto version \S+ running", START_WITHIN)
                return
            banner = self.wait_for_line(r"listening on [^ ]*:(\d+) \(mqtt\)", START_WITHIN)
            self.port = int(banner[1])
        except AssertionError:
            self.kill()
            self.clean_up()
            raise

    def sluice_command(self):
        settings = {"admin.port": 0, **self.settings}
        command = [sluice_binary(), "serve", "--port", str(self.wanted_port), "--bind", "127.0.0.1",
                   "--threads", str(self.threads), "--data", self.folder.name + "/data",
                   "--durability", os.environ.get("SLUICE_E2E_DURABILITY", "memory")]
        for key, value in settings.items():
            command += ["--set", f"{key}={value}"]
        return command + self.arguments

    def mosquitto_command(self):
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:" + os.environ.get("PATH", ""))
        if program is None:
            missing_peer("mosquitto")
        self.port = self.wanted_port or free_port()
        path = self.folder.name + "/mosquitto.conf"
        with open(path, "w", encoding="ascii") as file:
            file.write(f"listener {self.port} 127.0.0.1\nallow_anonymous true\nlog_dest stdout\n"
                       "log_type all\nmax_queued_messages 200000\nmax_inflight_messages 1000\n"
                       "set_tcp_nodelay true\nuser root\n")
        return ["stdbuf", "-oL", program, "-c", path]

    def collect(self, process):
        for line in process.stdout:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    def wait_for_line(self, pattern, within=20.0, since=0):
        """The match of the first line from `since` on that the pattern finds."""
        deadline = time.monotonic() + within
        with self.changed:
            while True:
                for line in self.lines[since:]:
                    found = re.search(pattern, line)
                    if found:
                        return found
                over = self.process.poll() is not None and not self.reader.is_alive()
                left = deadline - time.monotonic()
                if over or left <= 0:
                    how = f"exit {self.process.returncode}" if over else f"{within} s over"
                    raise AssertionError(f"no line like {pattern!r} ({how}); the broker said:\n"
                                         + "\n".join(self.lines[-40:]))
                self.changed.wait(min(left, 0.5))

    def output(self):
        with self.changed:
            return "\n".join(self.lines)

    def stop(self, number=signal.SIGTERM):
        """Ends the broker by a signal; it must exit 0."""
        self.process.send_signal(number)
        self.expect_exit(0)

    def expect_exit(self, code):
        try:
            got = self.process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still running {STOP_WITHIN} s after the signal; it said:\n"
                                 + self.output()[-4000:]) from None
        self.reader.join(5)
        assert got == code, f"exit {got}, not {code}; the broker said:\n{self.output()[-4000:]}"

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def forget(self):
        """A process that has ended, and what it said."""
        self.reader.join(20)
        self.process.stdout.close()
        self.process = None
        self.lines.clear()

    def clean_up(self):
        if self.process:
            self.reader.join(5)
            self.process.stdout.close()
        if self.folder:
            self.folder.cleanup()
            self.folder = None

    # The admin side

    def admin_url(self, path):
        found = self.wait_for_line(r"admin on (http://[^ ]*:\d+)")
        return found[1].rstrip("/") + path

    def fetch(self, path, within=20.0):
        with urllib.request.urlopen(self.admin_url(path), timeout=within) as answer:
            return answer.status, answer.read().decode()

    # Memory

    def memory_peak(self):
        """VmHWM, bytes."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
        raise AssertionError("no VmHWM")


class BrokerCase(unittest.TestCase):
    """One broker for a whole class of tests; each test uses topics and client ids of its own."""
    threads = 2
    settings = None
    broker = None

    @classmethod
    def setUpClass(cls):
        cls.broker = Broker(cls.threads, cls.settings)
        cls.broker.start()

    @classmethod
    def tearDownClass(cls):
        cls.broker.__exit__(None)

    def setUp(self):
        if self.broker.process.poll() is not None:
            self.broker.start()     # the test before is charged with its end, see tearDown
        self.topic_base = self.id().split(".", 1)[1].replace(".", "/")

    def tearDown(self):
        code = self.broker.process.poll()
        said = self.broker.output()[-2000:]
        self.assertIsNone(code, f"the broker ended: {code}; it said:\n{said}")

    @property
    def port(self):
        return self.broker.port

    def topic(self, rest=""):
        """A topic below this test's own name."""
        return f"{self.topic_base}/{rest}" if rest else self.topic_base

    def client_id(self, rest=""):
        return (self.id().split(".")[-1] + rest)[-120:]

    def raw(self, suffix="", version=4, **options):
        """A raw client, connected under a client id of this test; closed when the test ends."""
        from support.raw import connected
        client = connected(self.port, self.client_id(suffix), version, **options)
        self.addCleanup(client.close)
        return client
