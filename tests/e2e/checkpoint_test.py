# SPDX-License-Identifier: Apache-2.0
"""A store holds what there is to keep, and not all that ever was; a start reads no more."""
import contextlib
import os
import re
import unittest

from support import case
from support.broker import MOSQUITTO, Broker
from support.raw import connected, durable
from support.wire import V311

SETTINGS = {"durability.mode": "fsync", "store.checkpoint_bytes_min": "1MiB",
            "store.segment_bytes_min": "256KiB", "store.segment_bytes_max": "1MiB",
            "log.level": "debug"}
PAYLOAD = 16 * 1024
ROUNDS = 100
TOPICS = 20


def directory_bytes(path):
    """What a user sees with du."""
    total = 0
    for folder, _, files in os.walk(path):
        for name in files:
            with contextlib.suppress(FileNotFoundError):  # a checkpoint made it needless
                total += os.stat(os.path.join(folder, name)).st_blocks * 512
    return total


@unittest.skipIf(MOSQUITTO, "it keeps no log")
class Checkpoints(unittest.TestCase):
    def metric(self, broker, name):
        found = re.search(rf"^sluice_{name} (\S+)$", broker.fetch("/metrics")[1], re.M)
        return int(float(found[1]))

    def client(self, broker, name):
        client = connected(broker.port, name, V311, **durable(V311))
        self.addCleanup(client.close)
        return client

    def broker(self, threads):
        broker = Broker(threads=threads, settings=SETTINGS)
        broker.start()
        self.addCleanup(broker.clean_up)
        self.addCleanup(broker.kill)
        return broker

    def fill(self, broker):
        """Much traffic: what is left of it is a payload for each topic, and one old queue."""
        waiting = self.client(broker, "waiting")
        waiting.subscribe("q", qos=1)
        waiting.close()
        speaker = self.client(broker, "speaker")
        for n in range(10):
            speaker.publish("q", b"%d" % n, 1)
        for n in range(ROUNDS):
            for topic in range(TOPICS):
                speaker.publish(f"r/{topic}", b"%08d" % n + bytes(PAYLOAD), 1, retain=True)
        return ROUNDS * TOPICS * PAYLOAD

    def check(self, broker):
        reader = connected(broker.port, "reader", V311)
        self.addCleanup(reader.close)
        reader.subscribe("r/#", qos=1)
        for message in reader.receive_all(TOPICS):
            self.assertEqual(int(message.payload[:8]), ROUNDS - 1)
        reader.disconnect()
        waiting = self.client(broker, "waiting")
        self.assertEqual(waiting.connack.session_present, 1)
        self.assertEqual([int(m.payload) for m in waiting.receive_all(10)], list(range(10)))
        waiting.close()

    def test_the_directory_stays_small_and_a_start_reads_little(self):
        for threads in (1, 2):
            with self.subTest(threads=threads):
                broker = self.broker(threads)
                written = self.fill(broker)
                self.assertGreater(self.metric(broker, "store_bytes_total"), written)
                self.assertGreater(self.metric(broker, "checkpoints_total"), 10)
                broker.wait_for_line("Checkpoint of thread")
                kept = directory_bytes(broker.folder.name + "/data")
                self.assertLess(kept, written / 3)
                broker.kill()
                broker.start()
                read = self.metric(broker, "store_replayed_bytes_total")
                self.assertLess(read, 6 * 1024 * 1024)
                self.check(broker)

    def test_a_stop_leaves_little_to_read(self):
        broker = self.broker(1)
        self.fill(broker)
        broker.stop()
        broker.start()
        # The state, and what was changed while it was written.
        self.assertLess(self.metric(broker, "store_replayed_bytes_total"), 2 * TOPICS * PAYLOAD
                        + 1024 * 1024)
        broker.stop()
        broker.start()
        self.check(broker)


if __name__ == "__main__":
    case.main()
