# SPDX-License-Identifier: Apache-2.0
"""Topics and listeners that are kept less safely than the rest, and a `kill -9` that shows it."""
import os
import re
import subprocess
import time
import unittest

from store_test import StoredBroker, sluice
from support.broker import MOSQUITTO, sluice_binary
from support.case import main
from support.disk_trouble import DiskTrouble
from support.peers import Paho
from support.raw import connected
from support.wire import V5

SLOW_S = 0.6
TOPICS = ["telemetry/safe/#=fsync", "telemetry/#=memory"]


@unittest.skipIf(MOSQUITTO, "mosquitto promises the same for all topics")
class Durability(unittest.TestCase):
    def broker(self, threads, topics=tuple(TOPICS), more=(), environment=None):
        broker = StoredBroker(threads=threads, arguments=[
            "--set", "durability.topics=" + ",".join(topics), *more])
        self.addCleanup(broker.clean_up)
        self.addCleanup(broker.kill)
        if environment:
            broker.environment = {**os.environ, **environment(broker)}
        broker.start()
        return broker

    def begin_again(self, broker):
        """On the same data."""
        broker.kill()
        broker.start()

    def paho(self, broker, name, **options):
        client = Paho(broker.port, name, V5, **options)
        self.addCleanup(client.lose)
        return client

    def test_after_a_kill_the_safe_topics_are_there_and_the_others_are_not(self):
        for threads in (1, 2):
            with self.subTest(threads=threads):
                broker = self.broker(threads)
                with connected(broker.port, "keeper", clean=False) as keeper:
                    keeper.subscribe("#", qos=1)
                speaker = self.paho(broker, "speaker")
                for number in range(20):
                    for topic in ("telemetry/t", "telemetry/safe/t", "billing"):
                        speaker.publish(topic, str(number).encode(), 1)
                for topic in ("telemetry/state", "telemetry/safe/state", "state"):
                    speaker.publish(topic, b"kept", 1, retain=True)
                speaker.close()
                # Who comes back before that has all of it.
                with connected(broker.port, "late") as late:
                    late.subscribe("telemetry/state", qos=1)
                    self.assertEqual(late.receive().payload, b"kept")
                self.begin_again(broker)
                got = {}
                with connected(broker.port, "keeper", clean=False) as keeper:
                    for _ in range(42):
                        message = keeper.receive()
                        got.setdefault(message.topic, []).append(message.payload)
                    keeper.expect_quiet()
                numbers = [str(number).encode() for number in range(20)]
                self.assertEqual(got, {"telemetry/safe/t": numbers, "billing": numbers,
                                       "telemetry/safe/state": [b"kept"], "state": [b"kept"]})
                with connected(broker.port, "later") as later:
                    later.subscribe("+/state", "telemetry/safe/state", "state", qos=1)
                    topics = {later.receive().topic for _ in range(2)}
                    self.assertEqual(topics, {"telemetry/safe/state", "state"})
                    later.expect_quiet()
                broker.stop()

    def test_what_is_in_memory_alone_never_reaches_the_disk(self):
        broker = self.broker(1)
        with connected(broker.port, "keeper", clean=False) as keeper:
            keeper.subscribe("#", qos=2)
        speaker = self.paho(broker, "speaker")
        for qos in (1, 2):
            speaker.publish("telemetry/t", b"not for the disk", qos, retain=True)
            speaker.publish("billing", b"for the disk", qos, retain=True)
        speaker.close()
        broker.stop()
        self.assertIn("is in order", sluice("store", "check", broker.data).stdout)
        dump = sluice("store", "dump", broker.data).stdout
        self.assertIn("for the disk", dump)
        self.assertNotIn("not for the disk", dump)

    def on_a_slow_disk(self, **options):
        if os.environ.get("SLUICE_E2E_SANITIZED"):
            self.skipTest("a sanitizer must be loaded first")

        def slow(broker):
            trouble = DiskTrouble(broker.data, slow_ms=int(SLOW_S * 1000))
            self.addCleanup(trouble.close)
            return trouble.environment
        return self.broker(1, environment=slow, **options)

    def test_what_is_for_the_operating_system_does_not_wait_for_the_disk(self):
        broker = self.on_a_slow_disk(topics=["os/#=os"])
        with connected(broker.port, "keeper", clean=False) as keeper:
            keeper.subscribe("#", qos=1)
        with connected(broker.port, "quick") as quick, connected(broker.port, "late") as late:
            late.publish("safe", b"1", 1, finish=False)
            quick.publish("os/a", b"2", 1)
            # Its commit is on its way to the disk now, or waits for the one before it.
            quick.publish("os/a", b"3", 1)
            broker.environment = dict(os.environ)
            self.begin_again(broker)
        with connected(broker.port, "keeper", clean=False) as keeper:
            payloads = [keeper.receive().payload for _ in range(3)]
            self.assertEqual(payloads, [b"1", b"2", b"3"])
        broker.stop()

    def test_a_listener_says_what_its_clients_wait_for(self):
        broker = self.on_a_slow_disk(topics=["safe/#=fsync"], more=[
            "--listen", "mqtt://127.0.0.1:0?durability=memory&name=quick"])
        broker.wait_for_line("admin on ")
        port = int(re.findall(r"^listening on [^ ]*:(\d+)", broker.output(), re.M)[-1])
        self.assertNotEqual(port, broker.port)
        begin = time.monotonic()
        with connected(port, "quick", clean=False) as quick:
            quick.subscribe("#", qos=1)
            quick.publish("a", b"1", 1)
            quick.receive()
            # CONNACK, SUBACK and PUBACK, and the disk took longer for one of them.
            self.assertLess(time.monotonic() - begin, 3 * SLOW_S)
            begin = time.monotonic()
            quick.publish("safe/a", b"2", 1)
            self.assertGreater(time.monotonic() - begin, SLOW_S)
        broker.stop()

    def test_rules_that_cannot_be_are_told(self):
        for mode, rule, words in (
                ("fsync", "telemetry/#", "write it as telemetry/#=memory"),
                ("fsync", "telemetry/#=safe", "'safe' must be fsync, os or memory"),
                ("fsync", "a/#/b=memory", "does not begin with a topic filter"),
                ("fsync", "$share/g/a=memory", "does not begin with a topic filter"),
                ("fsync", "=memory", "does not begin with a topic filter"),
                ("fsync", "a=memory,a=fsync", "the same filter stands before it"),
                ("os", "a=fsync", "is safer than durability.mode, which is os"),
                ("memory", "a=fsync", "is safer than durability.mode, which is memory")):
            with self.subTest(rule=rule, mode=mode):
                done = subprocess.run(
                    [sluice_binary(), "serve", "--check", "--durability", mode, "--set",
                     f"durability.topics={rule}"], capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn("durability.topics", done.stderr)
                self.assertIn(words, done.stderr)
        sluice("serve", "--check", "--set", "durability.topics=a=b/#=memory,c/+=fsync")
        listen = ["--listen", "mqtt://127.0.0.1:1999?durability=fsync"]
        for mode in ("os", "memory"):
            done = sluice("serve", "--check", "--durability", mode, *listen, code=1)
            self.assertIn(f"is safer than durability.mode, which is {mode}", done.stderr)
        sluice("serve", "--check", *listen)


if __name__ == "__main__":
    main()
