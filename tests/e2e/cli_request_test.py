# SPDX-License-Identifier: Apache-2.0
"""Requests and replies: mosquitto_rr beside ours under its name, and `sluice request` and `sluice
reply` with each other and with paho."""
import os
import re
import shlex
import subprocess
import unittest

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from cli_compat_test import PATIENCE, SLUICE, TIME, CliCase, find_peer

SEEN = "%t|%q|%r|%p|%C|%D|%R|%P|%E"

# One command line each, wrong in one way.
WRONG_RR = """
-t a -m x
-t a -e b
-e b -m x
-t a -e 'b/#' -m x
-t 'a/+' -e b -m x
-t a -e b -m x -l
-t a -e b -m x -r
-t a -e b -m x -C 1
-t a -e b -m x -T c
-t a -e b -m x -E
-t a -e b -m x -U c
-t a -e b -m x --repeat 2
-t a -e b -m x --retained-only
-t a -e b -m x --remove-retained
-t a -e b -m x --random-filter 5
-t a -e b -m x -m y -n
-t a -e b -m x -W 0
-t a -e b -m x -q 3
-t a -e b -m x -V 4
-t a -e b -m x -k 3
-t a -e b -m x -i a -I b
-t a -e b -m x -D publish nonsense 1
-t a -e b -m x -F '%y'
-t a -e b -m x word
--help
--version
"""


class Rr(CliCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs["mosquitto_rr"] = find_peer("mosquitto_rr")
        cls.ours["mosquitto_rr"] = os.path.join(cls.folder, "mosquitto_rr")
        os.symlink(SLUICE, cls.ours["mosquitto_rr"])

    def asked(self, program, flags, version, stdin):
        """What a subscriber sees of the request, and what the requester prints of the answer."""
        name = f"{self.id().rsplit('.', 1)[-1]}-{os.path.dirname(program)}-{self.number}"
        recorder = self.start(self.theirs["mosquitto_sub"], self.at_broker(
            ["-V", "5", "-i", name, "-t", "rr/ask", "-q", "2", "-C", "1", "-F", SEEN]))
        self.wait_for_subscribers(name)
        responder = self.start(SLUICE, ["reply", *self.at_broker(
            ["-i", name + "-reply", "-V", version, "rr/ask", "-e", "rr/answer", "-q", "2",
             "-C", "1", "-m", '{"a": 1}'])])
        self.wait_for_subscribers(name + "-reply")
        code, output, error = self.run_one(program, self.at_broker(["-t", "rr/ask", "-e",
                                                                    "rr/answer", *flags]), stdin)
        request, _ = recorder.communicate(timeout=PATIENCE)
        self.assertEqual(responder.wait(PATIENCE), 0)
        return (code, TIME.sub(b"TIME", output), request), error

    def compare(self, flags, version="5", stdin=b""):
        with self.subTest(flags=flags):
            self.number = getattr(self, "number", 0) + 1
            theirs, _ = self.asked(self.theirs["mosquitto_rr"], flags, version, stdin)
            ours, error = self.asked(self.ours["mosquitto_rr"], flags, version, stdin)
            self.assertEqual(ours, theirs, error)
            self.assertEqual(ours[0], 0, error)

    def test_request_and_answer_are_the_same(self):
        self.compare(["-m", "hello"])
        self.compare(["--message", "x", "-q", "1", "-v"])
        self.compare(["-m", "x", "--qos", "2", "-N"])
        self.compare(["-m", "x", "-F", "%t|%q|%r|%p|%l|%x|%D|%R"])
        self.compare(["-m", "x", "-F", "%j", "--pretty"])
        self.compare(["-n"])
        self.compare(["-m", "x", "--retain-as-published"])
        self.compare(["-m", "x", "-V", "311"], version="311")
        self.compare(["-m", "x", "-V", "mqttv31"], version="311")
        self.compare(["-m", "x", "-R", "-W", "20", "--quiet"])
        self.compare(["-m", "x", "-D", "publish", "correlation-data", "abc", "-D", "publish",
                      "user-property", "k", "v", "-D", "publish", "content-type", "text/plain"])
        self.compare(["-m", "x", "-i", "asking", "-c", "-x", "5", "-k", "10", "-M", "5"])
        self.compare(["-m", "x", "-I", "asking-", "-u", "name", "-P", "word", "-A", "127.0.0.1",
                      "--nodelay", "--will-topic", "w", "--will-payload", "p", "--will-qos", "1",
                      "--will-retain"])

    def test_packets_are_shown_by_d(self):
        results = []
        for program in (self.theirs, self.ours):
            code, output, _ = self.run_one(program["mosquitto_rr"], self.at_broker(
                ["-t", "rr/loop", "-e", "rr/loop", "-m", "x", "-d", "-i", "debugging"]))
            # mosquitto_rr 2.0.11 leaves without a DISCONNECT, so that its will goes out.
            # Nor does it number what has no identifier, as its own library does.
            output = re.sub(rb" m\d+,", b" m,", output)
            lines = [line for line in output.splitlines(keepends=True)
                     if not line.startswith(b"Subscribed") and b"DISCONNECT" not in line]
            results.append((code, lines))
        self.assertEqual(results[1], results[0])

    def test_request_from_a_file_as_the_manual_says(self):
        path = os.path.join(self.folder, "request")
        with open(path, "wb") as out:
            out.write(b"from a file")
        for flags, stdin in ((["-f", path], b""), (["-s"], b"from a file")):
            _, output, error = self.run_one(self.ours["mosquitto_rr"], self.at_broker(
                ["-t", "rr/loop", "-e", "rr/loop", *flags]), stdin)
            self.assertEqual(output, b"from a file\n", error)

    def test_what_mosquitto_rr_2_0_11_waits_for_in_vain_is_refused(self):
        for flags in (["-f", "/nonexistent"],
                      ["-m", "x", "-V", "311", "-D", "publish", "content-type", "x"]):
            code, _, error = self.run_one(self.ours["mosquitto_rr"], self.at_broker(
                ["-t", "a", "-e", "b", *flags]))
            self.assertEqual(code, 1, error)

    def test_exit_codes(self):
        silence = ["-t", "rr/nobody", "-e", "rr/none", "-m", "x", "-W", "1"]
        lines = [shlex.split(line) for line in WRONG_RR.split("\n")] + [silence]
        for flags in lines:
            with self.subTest(flags=flags):
                flags = self.at_broker(flags) if flags else flags
                theirs = self.run_one(self.theirs["mosquitto_rr"], flags)
                ours = self.run_one(self.ours["mosquitto_rr"], flags)
                self.assertEqual(ours[0], theirs[0], ours[2])


class Native(CliCase):
    def reply(self, name, flags):
        process = self.start(SLUICE, ["reply", *self.at_broker(["-i", name, *flags])])
        self.wait_for_subscribers(name)
        return process

    def request(self, flags, stdin=b""):
        return self.run_one(SLUICE, ["request", *self.at_broker(flags)], stdin)

    def test_reply_gives_echo_or_what_a_command_prints(self):
        for name, flags, expected in (
                ("given", ["n/given", "fixed"], b"fixed\n"),
                ("echo", ["n/echo", "--echo"], b"two\nlines\n"),
                ("command", ["n/command", "--command", 'tr a-z A-Z; printf " %s" "$SLUICE_TOPIC"'],
                 b"TWO\nLINES n/command\n")):
            for qos in "012":
                with self.subTest(name=name, qos=qos):
                    process = self.reply(f"{name}-{qos}", [*flags, "-q", qos, "-C", "2"])
                    for _ in range(2):
                        code, output, error = self.request(["-t", f"n/{name}", "-q", qos, "-s"],
                                                           b"two\nlines")
                        self.assertEqual((code, output), (0, expected), error)
                    self.assertEqual(process.wait(PATIENCE), 0)

    def test_command_that_fails_or_hangs_answers_nothing(self):
        process = self.reply("failing", ["n/fail", "-C", "1", "--command-timeout", "0.2",
                                         "--command", "read x; case $x in fail) exit 3;; hang) "
                                         "sleep 600;; esac; echo well"])
        self.assertEqual(self.request(["n/fail", "fail", "-W", "1"])[0], 27)
        self.assertEqual(self.request(["n/fail", "hang", "-W", "1"])[0], 27)
        self.assertEqual(self.request(["n/fail", "good"])[1], b"well\n\n")
        _, error = process.communicate(timeout=PATIENCE)
        self.assertIn(b"failed with 3", error)
        self.assertIn(b"took too long", error)

    def test_several_answers_and_strange_ones(self):
        """Two responders answer; an answer with other correlation data is not taken."""
        self.reply("one", ["n/many", "1"])
        self.reply("two", ["n/many", "2"])
        code, output, error = self.request(["n/many", "x", "-C", "2"])
        self.assertEqual((code, sorted(output.split())), (0, [b"1", b"2"]), error)
        asked = []
        def on_message(client, _, message):
            asked.append(message.properties)
            for data, text in ((b"other", "wrong"), (message.properties.CorrelationData, "right")):
                properties = Properties(PacketTypes.PUBLISH)
                properties.CorrelationData = data
                client.publish(message.properties.ResponseTopic, text, 1, properties=properties)
        client = mqtt.Client("strange", protocol=mqtt.MQTTv5)
        client.on_message = on_message
        client.connect("127.0.0.1", self.port)
        client.subscribe("n/strange", 1)
        client.loop_start()
        self.addCleanup(client.loop_stop)
        self.wait_for_subscribers("strange")
        code, output, error = self.request(["n/strange", "x", "-q", "1"])
        self.assertEqual((code, output), (0, b"right\n"), error)
        self.assertTrue(asked[0].ResponseTopic.startswith("sluice/reply/"))

    def test_nobody_who_answers_is_said_at_once(self):
        code, _, error = self.request(["n/nobody", "x", "-q", "1"])
        self.assertEqual(code, 5, error)
        self.assertIn(b"nobody has subscribed to n/nobody", error)

    def test_terminal_shows_json_in_lines_and_escapes_control_bytes(self):
        flags = ["-h", "127.0.0.1", "-p", str(self.port)]
        payloads = ['{"name": "' + "x" * 80 + '", "list": [1, 2]}', "bell\a and \x1b[31mred"]
        for number, payload in enumerate(payloads):
            self.run_one(SLUICE, ["pub", *flags, "-r", f"tty/{number}", payload])
        command = shlex.join([SLUICE, "sub", *flags, "tty/#", "-C", "2"])
        done = subprocess.run([find_peer("script"), "-qec", command, "/dev/null"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=PATIENCE,
                              check=True, env=self.environment(TERM="xterm"))
        shown = done.stdout.decode().replace("\r\n", "\n")
        self.assertIn('{\n  "name": "' + "x" * 80 + '",\n  "list": [1, 2]\n}\n', shown)
        self.assertIn("bell\\x07 and \\x1b[31mred", shown)
        self.assertIn("\x1b[36mtty/0\x1b[0m", shown)
        code, plain, _ = self.run_one(SLUICE, ["sub", *flags, "tty/#", "-C", "2"])
        self.assertEqual((code, plain.decode()), (0, "\n".join(payloads) + "\n"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
