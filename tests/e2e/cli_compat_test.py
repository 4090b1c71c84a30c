# SPDX-License-Identifier: Apache-2.0
"""`sluice pub` and `sluice sub` under mosquitto's names beside the originals, on their broker: the
same flags give the same messages, the same output and the same exit codes."""
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

PATIENCE = 30.0
PEERS_REQUIRED = bool(os.environ.get("CI") or os.environ.get("SLUICE_REQUIRE_PEERS") == "1")
SLUICE = os.environ.get("SLUICE_BINARY", "")
FORMAT = "%t|%q|%r|%l|%x|%C|%E|%F|%R|%D|%P"


def find_peer(name):
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if path is None:
        if PEERS_REQUIRED:
            raise AssertionError(f"{name} is missing and peers are required")
        raise unittest.SkipTest(f"{name} is missing")
    return path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {PATIENCE} s: {what}")
        signal.sigtimedwait([], 0.01)


def can_connect(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class CliCase(unittest.TestCase):
    """One mosquitto broker for the class; programs by both names."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="sluice-cli-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        if not os.access(SLUICE, os.X_OK):
            raise AssertionError(f"SLUICE_BINARY must name the sluice program, not {SLUICE!r}")
        cls.theirs, cls.ours = {}, {}
        for name in ("mosquitto_pub", "mosquitto_sub"):
            cls.theirs[name] = find_peer(name)
            cls.ours[name] = os.path.join(cls.folder, name)
            os.symlink(SLUICE, cls.ours[name])
        cls.port, cls.socket = free_port(), os.path.join(cls.folder, "mqtt.sock")
        cls.log = os.path.join(cls.folder, "log")
        config = os.path.join(cls.folder, "mosquitto.conf")
        with open(config, "w", encoding="utf-8") as out:
            out.write(f"user root\nallow_anonymous true\nlog_type all\n"
                      f"max_queued_messages 0\nlistener {cls.port} 127.0.0.1\n"
                      f"listener 0 {cls.socket}\n")
        with open(cls.log, "wb") as log:
            cls.broker = subprocess.Popen([find_peer("mosquitto"), "-c", config], stdout=log,
                                          stderr=log)
        cls.addClassCleanup(cls.stop, cls.broker)
        wait_until(lambda: can_connect(cls.port), "mosquitto listens")

    @staticmethod
    def stop(process):
        process.kill()
        process.wait(PATIENCE)

    def environment(self, **more):
        return {"PATH": os.environ.get("PATH", ""), "HOME": self.folder, "TZ": "XYZ-1:30", **more}

    def run_one(self, program, flags, stdin=b"", **more):
        done = subprocess.run([program, *flags], input=stdin, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=PATIENCE, check=False,
                              env=self.environment(**more))
        return done.returncode, done.stdout, done.stderr

    def at_broker(self, flags):
        return [*flags, "-h", "127.0.0.1", "-p", str(self.port)]

    def wait_for_subscribers(self, *client_ids):
        def are_there():
            with open(self.log, encoding="utf-8", errors="replace") as log:
                text = log.read()
            return all(f"Sending SUBACK to {name}\n" in text for name in client_ids)
        wait_until(are_there, f"SUBACK to {client_ids}")

    def start(self, program, flags, **more):
        process = subprocess.Popen([program, *flags], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=self.environment(**more))
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(self.stop, process)
        return process


class Publishing(CliCase):
    """What arrives at a subscriber is the same, whoever published it."""

    def published(self, program, flags, count, stdin=b"", version="5"):
        name = f"rec-{self.id().rsplit('.', 1)[-1]}-{time.monotonic_ns()}"
        recorder = self.start(self.theirs["mosquitto_sub"], self.at_broker(
            ["-V", version, "-i", name, "-t", "p/#", "-q", "2", "-C", str(count), "-F", FORMAT]))
        self.wait_for_subscribers(name)
        code, _, error = self.run_one(program, flags, stdin)
        output, _ = recorder.communicate(timeout=PATIENCE)
        return code, output, error

    def compare(self, flags, count=1, stdin=b""):
        with self.subTest(flags=flags):
            flags = self.at_broker(flags) if "--unix" not in flags and "-L" not in flags else flags
            theirs = self.published(self.theirs["mosquitto_pub"], flags, count, stdin)
            ours = self.published(self.ours["mosquitto_pub"], flags, count, stdin)
            self.assertEqual(ours[:2], theirs[:2], ours[2])
            self.assertEqual(ours[1].count(b"\n"), count)

    def test_payload_sources(self):
        path = os.path.join(self.folder, "payload")
        with open(path, "wb") as out:
            out.write(b"two\nlines\0and more")
        self.compare(["-t", "p/m", "-m", "hello"])
        self.compare(["--topic", "p/m", "--message", "-5 [1,2]"])
        self.compare(["-t", "p/n", "-n"])
        self.compare(["-t", "p/n", "--null-message"])
        self.compare(["-t", "p/m", "-m", ""])
        self.compare(["-t", "p/f", "-f", path])
        self.compare(["-t", "p/f", "--file", path])
        self.compare(["-t", "p/s", "-s"], stdin=b"all\nof it\n")
        self.compare(["-t", "p/s", "--stdin-file"], stdin=b"x")
        self.compare(["-t", "p/l", "-l"], count=4, stdin=b"a\n\nb\r\nlast")
        self.compare(["-t", "p/l", "--stdin-line", "-q", "1"], count=2, stdin=b"a\nb\n")

    def test_qos_retain_version_and_repeat(self):
        for qos in "012":
            self.compare(["-t", "p/q", "-m", "x", "-q", qos])
            self.compare(["-t", "p/q", "-m", "x", "--qos", qos, "-V", "mqttv5"])
        for version in ("31", "mqttv31", "311", "mqttv311", "5"):
            self.compare(["-t", "p/v", "-m", "x", "-q", "1", "-V", version])
        self.compare(["-t", "p/rep", "-m", "x", "--repeat", "3", "-q", "2"], count=3)
        self.compare(["-t", "p/rep", "-m", "x", "--repeat", "3", "--repeat-delay", "0.05"], count=3)
        self.compare(["-t", "p/first", "-t", "p/last", "-m", "the last topic counts"])

    def test_retain(self):
        for number, program in enumerate((self.theirs, self.ours)):
            topic = f"retained/{number}"
            listen = self.at_broker(["-t", topic, "-C", "1", "-F", "%r %p"])
            for flags, expected in ((["-m", "x", "-r"], b"1 x\n"),
                                    (["-m", "y", "--retain"], b"1 y\n")):
                self.run_one(program["mosquitto_pub"], self.at_broker(["-t", topic, *flags]))
                self.assertEqual(self.run_one(self.theirs["mosquitto_sub"], listen)[1], expected)
            self.run_one(program["mosquitto_pub"], self.at_broker(["-t", topic, "-r", "-n"]))
            code, _, _ = self.run_one(self.theirs["mosquitto_sub"], [*listen, "-W", "1"])
            self.assertEqual(code, 27)

    def test_ways_to_the_broker_and_who_asks(self):
        self.compare(["--unix", self.socket, "-t", "p/u", "-m", "x"])
        self.compare(["-L", f"mqtt://127.0.0.1:{self.port}/p/url", "-m", "x"])
        self.compare(["-L", f"mqtt://name:word@127.0.0.1:{self.port}/p/url", "-m", "x", "-q", "2"])
        self.compare(["-t", "p/i", "-m", "x", "-i", "someone"])
        self.compare(["-t", "p/i", "-m", "x", "-I", "prefix-"])
        self.compare(["-t", "p/u", "-m", "x", "-u", "name", "-P", "word"])
        self.compare(["-t", "p/c", "-m", "x", "-c", "-i", "kept", "-q", "1"])
        self.compare(["-t", "p/x", "-m", "x", "-x", "5", "-V", "5"])
        self.compare(["-t", "p/a", "-m", "x", "-A", "127.0.0.1"])
        self.compare(["-t", "p/k", "-m", "x", "-k", "5", "--nodelay", "-M", "3", "--quiet"])

    def test_properties(self):
        self.compare(["-t", "p/d", "-m", "x", "-q", "1",
                      "-D", "publish", "content-type", "text/plain",
                      "-D", "PUBLISH", "correlation-data", "c d",
                      "-D", "publish", "message-expiry-interval", "4000000",
                      "-D", "publish", "payload-format-indicator", "1",
                      "-D", "publish", "response-topic", "a/b",
                      "-D", "publish", "user-property", "k", "v",
                      "--property", "publish", "user-property", "k", "w x"])
        self.compare(["-t", "p/d", "-m", "x", "-D", "publish", "topic-alias", "5"])
        self.compare(["-t", "p/d", "-m", "x", "-D", "connect", "user-property", "a", "b",
                      "-D", "connect", "receive-maximum", "5", "-D", "connect",
                      "maximum-packet-size", "1000", "-D", "disconnect", "user-property", "a", "b",
                      "-D", "subscribe", "user-property", "unused", "here"])

    def test_will_goes_out_when_the_client_is_killed(self):
        for program in (self.theirs["mosquitto_sub"], self.ours["mosquitto_sub"]):
            recorder = self.start(self.theirs["mosquitto_sub"], self.at_broker(
                ["-V", "5", "-i", f"will-{os.path.dirname(program)}", "-t", "p/#", "-q", "2", "-C",
                 "1", "-F", FORMAT]))
            dying = self.start(program, self.at_broker(
                ["-i", f"dying-{os.path.dirname(program)}", "-t", "none", "--will-topic", "p/will",
                 "--will-payload", "bye", "--will-qos", "1", "-V", "5", "-D", "will",
                 "content-type", "last words"]))
            self.wait_for_subscribers(f"will-{os.path.dirname(program)}",
                                      f"dying-{os.path.dirname(program)}")
            dying.kill()
            output, _ = recorder.communicate(timeout=PATIENCE)
            self.assertEqual(output, b"p/will|1|0|3|627965|last words|||||\n")

    def test_every_line_is_delivered_before_the_end(self):
        lines = [f"line {number}" for number in range(5000)]
        for qos in "012":
            with self.subTest(qos=qos):
                name = f"many-{qos}"
                recorder = self.start(self.ours["mosquitto_sub"], self.at_broker(
                    ["-i", name, "-t", "p/many", "-q", qos, "-C", str(len(lines))]))
                self.wait_for_subscribers(name)
                code, _, error = self.run_one(SLUICE, ["pub", *self.at_broker(
                    ["-t", "p/many", "-l", "-q", qos])], "\n".join(lines).encode())
                self.assertEqual(code, 0, error)
                output, _ = recorder.communicate(timeout=PATIENCE)
                self.assertEqual(output.decode().splitlines(), lines)


TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6}Z)?")


class Subscribing(CliCase):
    """The same messages are printed in the same way."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        pub = [cls.theirs["mosquitto_pub"], "-h", "127.0.0.1", "-p", str(cls.port), "-V", "5", "-r",
               "-q", "2"]
        for flags, payload in (
                (["-t", "s/json", "-D", "publish", "content-type", "application/json",
                  "-D", "publish", "user-property", "k", "v", "-D", "publish", "user-property",
                  "k2", 'v"2', "-D", "publish", "correlation-data", "cd", "-D", "publish",
                  "response-topic", "re/s", "-D", "publish", "payload-format-indicator", "1"],
                 b'{"a": [1, {"c": 2}, []], "d": {}, "e": "x\\"y"}'),
                (["-t", "s/bytes"], b'hi\x01\xff"\\/\n\x7f\xc3\xa9'),
                (["-t", "s/plain"], b"12.5")):
            subprocess.run([*pub, *flags, "-s"], input=payload, check=True, timeout=PATIENCE)

    def compare(self, flags, broker=True):
        with self.subTest(flags=flags):
            flags = self.at_broker(flags) if broker else flags
            results = []
            for program in (self.theirs, self.ours):
                code, output, error = self.run_one(program["mosquitto_sub"], flags)
                results.append((code, TIME.sub(b"TIME", output), error))
            self.assertEqual(results[1][:2], results[0][:2], results[1][2])
            return results[1]

    def test_plain_output(self):
        for more in ([], ["-v"], ["-N"], ["-N", "-v"], ["--verbose"], ["-v", "-F", "%p"]):
            self.compare(["-t", "s/#", "-C", "3", *more])
        self.compare(["-t", "s/#", "-C", "3", "-V", "5", "-q", "2", "-v"])
        self.compare(["-t", "s/#", "-W", "1", "-v"])

    def test_formats(self):
        everything = ("[%A|%C|%D|%E|%F|%P|%R|%S|%t|%l|%m|%q|%r|%x|%X|%p|%%|%I|@@|@Y-@m|\\\\|\\e|"
                      "\\n|\\t|\\a|\\v|\\r\\0]")
        # Not %8x, %8p: mosquitto_sub 2.0.11 cuts the payload there; we follow its manual.
        widths = ("[%20t|%-20t|%020t|%.2t|%5.2t|%010l|%-10l|%5m|%.2x|"
                  "%.3p|%30I|%.4I|%5q|%05r|%10C|%-10.4C|%10E|%-010l|%.2l|%3A|%03A|%5S|%5F|%05F|"
                  "%10R|%10D|%20P|%.20P|%5%|%10j]")
        for version in ("5", "311"):
            for text in (everything, widths, "%j", "%J", "é%té", "@!x", "", "@H:@M"):
                if text == "@H:@M" and version == "311":
                    continue
                self.compare(["-V", version, "-t", "s/#", "-C", "3", "-q", "2", "-F", text])
        self.compare(["-V", "5", "-t", "s/#", "-C", "3", "-F", "%j", "--pretty"])
        self.compare(["-V", "5", "-t", "s/json", "-C", "1", "-F", "%J", "--pretty"])
        for text in ("%y", "%", "@", "\\", "\\q", "%5", "%0-5m", "%-0-l", "%.y"):
            self.compare(["-t", "s/#", "-C", "1", "-F", text])

    def test_choice_of_messages(self):
        self.compare(["-t", "s/#", "-T", "s/plain", "-C", "2", "-v"])
        self.compare(["-t", "s/#", "--filter-out", "s/+", "-W", "1", "-v"])
        self.compare(["-t", "s/#", "-R", "-W", "1"])
        self.compare(["-t", "s/#", "-E"])
        self.compare(["-t", "s/#", "-U", "s/#", "-W", "1", "-v", "-i", "unsubscribing"])
        self.compare(["-t", "s/#", "-V", "5", "--retain-as-published", "-C", "3", "-v"])
        self.compare(["-t", "s/#", "-V", "311", "--retain-as-published", "-C", "3", "-v"])
        self.compare(["-t", "s/plain", "-D", "subscribe", "user-property", "a", "b", "-C", "1"])
        self.compare(["-t", "s/plain", "-V", "5", "-D", "subscribe", "subscription-identifier", "7",
                      "-F", "%S %p", "-C", "1"])

    def test_ways_to_the_broker(self):
        url = f"mqtt://127.0.0.1:{self.port}/s/plain"
        self.compare(["-L", url, "-C", "1"], broker=False)
        self.compare(["-L", url, "-t", "s/json", "-C", "2"], broker=False)
        self.compare(["--unix", self.socket, "-t", "s/plain", "-C", "1"], broker=False)
        self.compare(["-L", "http://127.0.0.1/x", "-C", "1"], broker=False)
        self.compare(["-p", "1", "-h", "127.0.0.1", "-t", "x"], broker=False)
        self.compare(["--unix", "/nonexistent/socket", "-t", "x"], broker=False)

    def live(self, program, flags, messages, name):
        """What a subscriber prints of messages that are published once it has subscribed."""
        process = self.start(program, self.at_broker(["-i", name, *flags]))
        self.wait_for_subscribers(name)
        for topic, payload, retain in messages:
            self.run_one(self.theirs["mosquitto_pub"], self.at_broker(
                ["-t", topic, "-m", payload, "-q", "1", *(["-r"] if retain else [])]))
        output, _ = process.communicate(timeout=PATIENCE)
        return process.returncode, output

    def compare_live(self, flags, messages):
        with self.subTest(flags=flags):
            tag = f"live-{time.monotonic_ns()}"
            theirs = self.live(self.theirs["mosquitto_sub"], flags, messages, tag + "-theirs")
            ours = self.live(self.ours["mosquitto_sub"], flags, messages, tag + "-ours")
            self.assertEqual(ours, theirs)

    def test_live_messages(self):
        self.compare_live(["-t", "l/#", "-C", "2", "-v", "-R"],
                          [("l/1", "a", False), ("l/2", "b", False)])
        self.compare_live(["-t", "l/#", "-q", "2", "-C", "1", "-F", "%q %r %m %p"],
                          [("l/1", "a", False)])
        self.compare_live(["-t", "s/plain", "-t", "l/#", "--retained-only", "-v"],
                          [("l/1", "ends it", False)])

    def test_remove_retained_clears_what_is_not_filtered_out(self):
        for program in (self.theirs["mosquitto_sub"], self.ours["mosquitto_sub"]):
            for topic in ("rm/1", "rm/2", "rm/spared"):
                self.run_one(self.theirs["mosquitto_pub"], self.at_broker(
                    ["-t", topic, "-m", "x", "-r", "-q", "1"]))
            code, output, _ = self.run_one(program, self.at_broker(
                ["-t", "rm/#", "--remove-retained", "-T", "rm/spared", "-W", "1", "-v"]))
            self.assertEqual((code, sorted(output.splitlines())), (
                27, [b"rm/1 (null)", b"rm/1 x", b"rm/2 (null)", b"rm/2 x"]))
            _, left, _ = self.run_one(self.theirs["mosquitto_sub"], self.at_broker(
                ["-t", "rm/#", "-C", "1", "-v"]))
            self.assertEqual(left, b"rm/spared x\n")

    def test_kept_session_gets_what_came_meanwhile(self):
        for number, program in enumerate((self.theirs, self.ours)):
            name = f"kept-{number}"
            flags = ["-i", name, "-c", "-q", "1", "-t", f"kept/{number}"]
            self.assertEqual(self.run_one(program["mosquitto_sub"],
                                          self.at_broker([*flags, "-E"]))[0], 0)
            self.run_one(self.theirs["mosquitto_pub"], self.at_broker(
                ["-t", f"kept/{number}", "-m", "meanwhile", "-q", "1"]))
            code, output, error = self.run_one(program["mosquitto_sub"],
                                               self.at_broker([*flags, "-C", "1"]))
            self.assertEqual((code, output), (0, b"meanwhile\n"), error)

    def test_message_behind_the_count_stays_with_the_kept_session(self):
        for qos in "12":
            flags = ["-i", f"counted-{qos}", "-c", "-q", qos, "-t", f"counted/{qos}"]
            self.assertEqual(self.run_one(SLUICE, ["sub", *self.at_broker([*flags, "-E"])])[0], 0)
            publish = self.at_broker(["-t", f"counted/{qos}", "-l", "-q", qos])
            self.run_one(SLUICE, ["pub", *publish], b"1\n2\n3\n")
            shown = [self.run_one(SLUICE, ["sub", *self.at_broker([*flags, "-C", "1"])])[1]
                     for _ in range(3)]
            self.assertEqual(shown, [b"1\n", b"2\n", b"3\n"])

    def test_packets_are_shown_by_d(self):
        for qos in "12":
            flags = self.at_broker(["-t", "d/1", "-m", "x", "-q", qos, "-i", "debugging", "-d"])
            results = [self.run_one(program["mosquitto_pub"], flags)[:2]
                       for program in (self.theirs, self.ours)]
            self.assertEqual(results[1], results[0])
        flags = self.at_broker(["-t", "s/plain", "-t", "none", "-E", "-i", "debugging", "-d"])
        results = [self.run_one(program["mosquitto_sub"], flags)[:2]
                   for program in (self.theirs, self.ours)]
        self.assertEqual(results[1], results[0])

    def test_reader_that_leaves_ends_the_subscriber(self):
        process = subprocess.Popen(
            ["sh", "-c", '"$@" | head -1', "sh", SLUICE, "sub", *self.at_broker(["s/plain"])],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=self.environment())
        output, error = process.communicate(timeout=PATIENCE)
        self.assertEqual((process.returncode, output, error), (0, b"12.5\n", b""))


# One command line each; the empty ones at the ends stand for no words at all.
WRONG_PUB = """
-t a
-m x
-t a -m x -m y -n
-t 'a/#' -m x
-t a -m x -q 3
-t a -m x -p
-t a -m x -p 70000
--bogus
foo -t a -m x
-t a -m x -V 7
-t a -m x -v
-t a -m x -C 3
-t a -m x -S
-t a -m x -D publish foo 1
-t a -m x -D foo foo 1
-t a -m x -D publish will-delay-interval 1
-t a -m x -D publish topic-alias 70000
-t a -m x -D publish topic-alias 0
-t a -m x -D publish subscription-identifier 1
-t a -m x -D auth user-property a b
-t a -m x -D connect
-t a -m x -D connect user-property a
-t a -m x -D connect user-property a b -V 311
-t a -m x -i a -I b
-t a -m x -c
-t a -m x -k 70000
-t a -m x -k 3
-t a -f /nonexistent
-t a -m x -P foo
-t a -m x -M 0
-t a -m x --repeat -1
-t a -m x --repeat-delay -1
-t a -m x -x foo
-t a -m x -V 5 -x '∞'
-t a -m x --will-payload x
-t a -m x --will-retain
-t a -m x --will-topic 'a/#'
-t a -m x --will-topic a --will-qos 7
-t a -m x --cafile /nonexistent
-t a -m x --psk abc
-t a -m x --cert x
-t a -m x -A 192.0.2.1
-t a -s
-L mqtt://127.0.0.1 -m x
--help
--version
"""
WRONG_SUB = """
-t 'a#'
-t a -T 'a#'
-t a -C 0
-t a -C x
-t a -W 0
-t a -q 5
-t a -m x
-U a -E
-t a -o
-t a -O x
-t a -F
--help
--version
"""


class ExitCodes(CliCase):
    def test_wrong_command_lines(self):
        for name, lines in (("mosquitto_pub", WRONG_PUB), ("mosquitto_sub", WRONG_SUB)):
            for line in lines.split("\n"):
                with self.subTest(program=name, flags=line):
                    flags = shlex.split(line)
                    flags = self.at_broker(flags) if flags and "-L" not in flags else flags
                    theirs = self.run_one(self.theirs[name], flags)
                    ours = self.run_one(self.ours[name], flags)
                    self.assertEqual(ours[0], theirs[0], ours[2])
                    self.assertNotEqual(ours[1] + ours[2], b"")

    def refuse(self, code):
        """A broker that refuses every CONNECT with this code, once for each program."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        port = listener.getsockname()[1]
        version = "5" if code >= 0x80 else "311"
        answer = bytes([0x20, 3, 0, code, 0] if code >= 0x80 else [0x20, 2, 0, code])
        for program in (self.theirs, self.ours):
            process = self.start(program["mosquitto_pub"],
                                 ["-h", "127.0.0.1", "-p", str(port), "-V", version, "-t", "a",
                                  "-m", "x"])
            listener.settimeout(PATIENCE)
            peer, _ = listener.accept()
            with peer:
                peer.settimeout(PATIENCE)
                self.assertNotEqual(peer.recv(4096), b"")
                peer.sendall(answer)
                yield process.wait(PATIENCE)

    def test_refusal_is_the_exit_code(self):
        for code in (1, 2, 3, 4, 5, 0x80, 0x84, 0x87, 0x89):
            with self.subTest(code=code):
                self.assertEqual(list(self.refuse(code)), [code, code])

    def test_native_exit_codes(self):
        port = str(free_port())
        self.assertEqual(self.run_one(SLUICE, ["pub", "-p", port, "a", "b"])[0], 3)
        self.assertEqual(self.run_one(SLUICE, ["pub", "a"])[0], 2)
        self.assertEqual(self.run_one(SLUICE, ["sub", *self.at_broker(["a", "-W", "1"])])[0], 27)
        self.assertEqual(self.run_one(SLUICE, ["nonsense"])[0], 2)
        code, _, error = self.run_one(SLUICE, ["sub", "-p", port, "a"])
        self.assertEqual(code, 3)
        self.assertIn(b"start a broker with: sluice serve", error)


class Native(CliCase):
    def test_falls_back_to_3_1_1_where_5_is_refused(self):
        for first in (bytes([0x20, 2, 0, 1]), bytes([0x20, 3, 0, 0x84, 0])):
            with self.subTest(first=first):
                listener = socket.create_server(("127.0.0.1", 0))
                self.addCleanup(listener.close)
                listener.settimeout(PATIENCE)
                process = self.start(SLUICE, ["pub", "-p", str(listener.getsockname()[1]), "-h",
                                              "127.0.0.1", "a", "x"])
                peer, _ = listener.accept()
                with peer:
                    peer.settimeout(PATIENCE)
                    self.assertEqual(peer.recv(4096)[8], 5)
                    peer.sendall(first)
                peer, _ = listener.accept()
                with peer:
                    peer.settimeout(PATIENCE)
                    self.assertEqual(peer.recv(4096)[8], 4)
                    peer.sendall(bytes([0x20, 2, 0, 0]))
                    received = b""
                    while not received.endswith(b"\xe0\0"):
                        more = peer.recv(4096)
                        self.assertNotEqual(more, b"", received)
                        received += more
                self.assertEqual(received, b"\x30\x04\0\x01ax\xe0\0")
                self.assertEqual(process.wait(PATIENCE), 0)

    def test_words_url_and_environment(self):
        url = f"mqtt://127.0.0.1:{self.port}"
        name = "native-words"
        recorder = self.start(SLUICE, ["sub", url, "w/#", "-i", name, "-C", "4", "--json"])
        self.wait_for_subscribers(name)
        for flags, more in ((["w/1", "one", "-p", str(self.port)], {}), ([url, "w/2", "-5"], {}),
                            ([url + "/w/3", "three", "-q", "2"], {}),
                            (["w/4", "four", "-r"], {"SLUICE_URL": url})):
            code, _, error = self.run_one(SLUICE, ["pub", *flags], **more)
            self.assertEqual(code, 0, error)
        output, _ = recorder.communicate(timeout=PATIENCE)
        shown = re.findall(rb'"topic":"([^"]*)".*"payload":"([^"]*)"', output)
        self.assertEqual(shown, [(b"w/1", b"one"), (b"w/2", b"-5"), (b"w/3", b"three"),
                                 (b"w/4", b"four")])

    def test_option_file_is_read_only_under_mosquittos_name(self):
        home = os.path.join(self.folder, "home")
        os.makedirs(home, exist_ok=True)
        with open(os.path.join(home, "mosquitto_pub"), "w", encoding="utf-8") as out:
            out.write(f"# defaults\n-p {self.port}\n-h 127.0.0.1\n-t o/file\n-q 1\n")
        for program, expected in ((self.theirs["mosquitto_pub"], 0),
                                  (self.ours["mosquitto_pub"], 0), (SLUICE, 2)):
            flags = ["pub", "-m", "x"] if program == SLUICE else ["-m", "x"]
            self.assertEqual(self.run_one(program, flags, XDG_CONFIG_HOME=home)[0], expected)

    def test_pub_takes_less_than_20_ms(self):
        if os.environ.get("SLUICE_E2E_SANITIZED"):
            self.skipTest("sanitizers take their own time")
        times = {SLUICE: [], self.theirs["mosquitto_pub"]: []}
        flags = self.at_broker(["-t", "a", "-m", "x", "-q", "1"])
        for program, taken in list(times.items()) * 20:
            begin = time.monotonic()
            code, _, _ = self.run_one(program, ["pub", *flags] if program == SLUICE else flags)
            self.assertEqual(code, 0)
            taken.append(time.monotonic() - begin)
        # On a machine that is busy everybody takes longer.
        ours, theirs = (min(taken) for taken in times.values())
        self.assertLess(ours, max(0.020, 2 * theirs))


if __name__ == "__main__":
    unittest.main(verbosity=2)
