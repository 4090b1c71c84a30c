# SPDX-License-Identifier: Apache-2.0
"""`record`, `replay`, `retained` and `simulate` against the broker."""
import json
import os
import subprocess
import tempfile
import time

from support.broker import BrokerCase, sluice_binary
from support.case import main

PATIENCE = 60.0


class Recordings(BrokerCase):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory(prefix="sluice-recording-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.file = self.folder + "/file"

    def command(self, words):
        name, *rest = words
        return [sluice_binary(), name, *rest, "-h", "127.0.0.1", "-p", str(self.port)]

    def run_one(self, *words, code=0, stdin=b""):
        done = subprocess.run(self.command(words), input=stdin, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=PATIENCE, check=False,
                              env={**os.environ, "HOME": self.folder})
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr.decode()

    def start(self, *words):
        """A subscriber in the background; returns once the broker has confirmed it."""
        process = subprocess.Popen([*self.command(words), "-d"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env={**os.environ, "HOME": self.folder})
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        while b"SUBACK" not in process.stderr.readline():
            self.assertIsNone(process.poll())
        return process

    def publish(self, topic, payload, *flags):
        self.run_one("pub", "-t", topic, "-s", "-q", "1", *flags, stdin=payload)

    def test_replay_publishes_what_was_recorded(self):
        for form in ([], ["--json"]):
            with self.subTest(form=form):
                recorder = self.start("record", self.topic("in/#"), "-o", self.file, "-C", "3",
                                      *form)
                self.publish(self.topic("in/1"), b"one", "-D", "publish", "content-type", "text/x",
                             "-D", "publish", "user-property", "k", "v")
                self.publish(self.topic("in/2"), b"\xff\x00\n", "-q", "2")
                self.publish(self.topic("in/3"), b'{"a": 1}', "-r", "-q", "0")
                self.assertEqual(recorder.wait(PATIENCE), 0)
                seen = self.start("sub", "-q", "2", "-C", "3", "-F", "%t %q %r %x %C %P",
                                  "--retain-as-published", self.topic("out/#"))
                self.run_one("replay", self.file, "--topic-prefix", self.topic("out/"))
                output, _ = seen.communicate(timeout=PATIENCE)
                base = self.topic("out/") + self.topic("in/")
                self.assertEqual(output.decode().splitlines(),
                                 [f"{base}1 1 0 6f6e65 text/x k:v", f"{base}2 2 0 ff000a  ",
                                  f"{base}3 0 1 7b2261223a20317d  "])
                self.run_one("retained", "rm", self.topic("#"))

    def write_lines(self, *messages):
        with open(self.file, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(message) + "\n" for message in messages)

    def test_replay_keeps_the_time_between_messages_and_changes_its_speed(self):
        self.write_lines(*({"topic": self.topic(str(n)), "payload": str(n),
                            "time_ns": 10**18 + n * 200_000_000} for n in range(6)))
        for speed, least, most in (("1", 1.0, 30), ("4", 0.25, 30), ("0", 0, 30)):
            begin = time.monotonic()
            self.run_one("replay", self.file, "--speed", speed)
            took = time.monotonic() - begin
            self.assertGreaterEqual(took, least)
            self.assertLess(took, most)

    def test_replay_is_repeated_and_reads_standard_input(self):
        self.write_lines({"topic": self.topic("a"), "payload": 7, "qos": 1})
        seen = self.start("sub", "-C", "4", self.topic("a"))
        self.run_one("replay", self.file, "--repeat", "3", "-q", "0")
        with open(self.file, "rb") as file:
            self.run_one("replay", "-", stdin=file.read())
        self.assertEqual(seen.communicate(timeout=PATIENCE)[0], b"7\n" * 4)

    def test_damaged_file_is_replayed_up_to_the_damage(self):
        recorder = self.start("record", self.topic("#"), "-o", self.file, "-C", "3")
        for number in range(3):
            self.publish(self.topic(str(number)), b"x" * 100)
        self.assertEqual(recorder.wait(PATIENCE), 0)
        with open(self.file, "r+b") as file:
            file.seek(-5, os.SEEK_END)
            file.write(b"!")
        seen = self.start("sub", "-v", "-C", "2", self.topic("#"))
        error = self.run_one("replay", self.file, "--speed", "0", code=1)
        self.assertIn("the checksum of a message is wrong, behind message 2", error)
        self.assertEqual(len(seen.communicate(timeout=PATIENCE)[0].splitlines()), 2)
        self.assertIn("cannot be opened", self.run_one("replay", "/nonexistent", code=2))

    def test_retained_messages_are_listed_exported_removed_and_imported(self):
        for name, payload in (("1", b"21.5"), ("2", b"\xff\x00"), ("spared", b"x" * 100)):
            self.publish(self.topic(name), payload, "-r", "-q", "2", "-D", "publish",
                         "content-type", "c/" + name)
        listed = self.run_one("retained", "ls", self.topic("#")).decode().splitlines()
        self.assertEqual(sorted(listed), [f"{self.topic('1')}  4 B  21.5",
                                          f"{self.topic('2')}  2 B  \\xff\\x00",
                                          f"{self.topic('spared')}  100 B  " + "x" * 60 + "…"])
        exported = self.run_one("retained", "export", self.topic("#"))
        with open(self.file, "wb") as file:
            file.write(exported)
        lines = [json.loads(line) for line in exported.splitlines()]
        self.assertEqual({line["topic"]: (line["qos"], line["properties"]["content_type"])
                          for line in lines},
                         {self.topic(n): (2, "c/" + n) for n in ("1", "2", "spared")})

        would = self.run_one("retained", "rm", self.topic("#"), "--dry-run").decode()
        self.assertEqual(would.count("would remove"), 3)
        self.run_one("retained", "rm", self.topic("#"), "-T", self.topic("spared"))
        self.assertEqual(self.run_one("retained", "ls", self.topic("#")).count(b"\n"), 1)

        would = self.run_one("retained", "import", self.file, "--dry-run").decode()
        self.assertEqual(would.count("would publish"), 3)
        self.assertEqual(self.run_one("retained", "ls", self.topic("#")).count(b"\n"), 1)
        self.run_one("retained", "import", self.file)
        again = self.run_one("retained", "export", self.topic("#"))
        def keys(text):
            return sorted({**json.loads(line), "time_ns": 0}.items() for line in text.splitlines())
        self.assertEqual([dict(one) for one in keys(again)], [dict(one) for one in keys(exported)])

    def test_ten_thousand_retained_messages_go_in_one_call(self):
        self.write_lines(*({"topic": self.topic(str(n)), "payload": "x", "qos": n % 3}
                           for n in range(10_000)))
        self.run_one("retained", "import", self.file)
        self.assertEqual(self.run_one("retained", "ls", self.topic("#"), "--json").count(b"\n"),
                         10_000)
        self.run_one("retained", "rm", self.topic("#"))
        self.assertEqual(self.run_one("retained", "ls", self.topic("#")), b"")

    def test_simulated_building_publishes_as_its_scene_says(self):
        seen = self.start("sub", "-v", "-C", "200", self.topic("sensors/#"))
        self.run_one("simulate", "building", "--topic-prefix", self.topic() + "/", "--speed", "50",
                     "-C", "250", "--seed", "1")
        lines = seen.communicate(timeout=PATIENCE)[0].decode().splitlines()
        topics = {line.split(" ", 1)[0] for line in lines}
        self.assertLessEqual({self.topic(f"sensors/floor{n}/temperature/hvac-2")
                              for n in range(1, 11)}, topics)
        for line in lines:
            topic, payload = line.split(" ", 1)
            if "temperature" in topic:
                self.assertTrue(18 <= json.loads(payload)["temperature"] <= 25, line)
        dry = [self.run_one("simulate", "fleet", "--dry-run", "--seed", "5", "-C", "50")
               for _ in range(2)]
        self.assertEqual(dry[0], dry[1])
        self.assertEqual(dry[0].count(b"\n"), 50)

    def test_scene_is_printed_changed_and_given_back(self):
        scene = json.loads(self.run_one("simulate", "fleet", "--print-scene"))
        scene["names"]["van"]["count"] = 1
        scene["streams"] = scene["streams"][:1]
        with open(self.file, "w", encoding="utf-8") as file:
            json.dump(scene, file)
        shown = self.run_one("simulate", self.file, "--dry-run", "-C", "3").decode().splitlines()
        self.assertTrue(all("fleet/van-1/position {" in line for line in shown), shown)
        scene["streams"][0]["intervall_s"] = 1
        with open(self.file, "w", encoding="utf-8") as file:
            json.dump(scene, file)
        self.assertIn("has no 'intervall_s'", self.run_one("simulate", self.file, code=2))


if __name__ == "__main__":
    main()
