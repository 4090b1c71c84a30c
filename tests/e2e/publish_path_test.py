# SPDX-License-Identifier: Apache-2.0
"""A warm publish path calls nothing: a million messages at each QoS without heap, map, lock, futex.

The release program runs with a library in front of the C library that counts such calls for each
thread (preload/call_counter.cc). `sluice bench` sends; once the broker is warm, the counts of the
shards' threads must stand still while a million messages go by. With two shards no lock is taken;
what crosses between them may be allocated.
"""
import contextlib
import mmap
import os
import signal
import struct
import subprocess
import tempfile
import time
import unittest

from support import case
from support.broker import Broker, sluice_binary

LIBRARY = os.environ.get("SLUICE_CALL_COUNTER", "")
COLUMNS = ("thread", "received_bytes", "allocate", "release", "map", "lock", "futex")
LOCKS = ("lock", "futex")
WATCHED = ("allocate", "release", "map", *LOCKS)
ROWS, WORDS = 256, 8
TOPIC_BYTES, PAYLOAD = 19, 64
# What the broker reads of a message: PUBLISH, and its acknowledgements from both sides.
MESSAGE_BYTES = {0: 2 + 2 + TOPIC_BYTES + PAYLOAD, 1: 2 + 2 + TOPIC_BYTES + 2 + PAYLOAD + 4,
                 2: 2 + 2 + TOPIC_BYTES + 2 + PAYLOAD + 12}
MESSAGES = int(os.environ.get("SLUICE_E2E_PUBLISHES", "1000000"))
WARM, STRETCHES = 200_000, 20
WITHIN = 120.0


class Counts:
    """The table that call_counter.cc fills."""

    def __init__(self):
        self.file = tempfile.NamedTemporaryFile(prefix="sluice-calls-")
        self.file.truncate(ROWS * WORDS * 8)
        self.view = mmap.mmap(self.file.fileno(), ROWS * WORDS * 8, prot=mmap.PROT_READ)

    def of_threads(self, wanted):
        """The sums over the threads of these ids."""
        sums = dict.fromkeys(COLUMNS, 0)
        for row in struct.iter_unpack(f"={WORDS}Q", self.view[:]):
            if row[0] in wanted:
                for name, value in zip(COLUMNS[1:], row[1:], strict=False):
                    sums[name] += value
        return sums

    def of_all(self):
        rows = list(struct.iter_unpack(f"={WORDS}Q", self.view[:]))
        return {name: sum(row[i] for row in rows) for i, name in enumerate(COLUMNS)}

    def close(self):
        self.view.close()
        self.file.close()


def shards_of(process):
    """The ids of the broker's threads that serve clients."""
    found = set()
    for task in os.listdir(f"/proc/{process}/task"):
        with contextlib.suppress(FileNotFoundError):
            with open(f"/proc/{process}/task/{task}/comm", encoding="utf-8") as file:
                if file.read().startswith("shard-"):
                    found.add(int(task))
    return found


@unittest.skipUnless(LIBRARY, "no library counts calls in this build (sanitizers have their own)")
class PublishPath(unittest.TestCase):
    counts = None

    def broker(self, threads):
        self.counts = Counts()
        self.addCleanup(self.counts.close)
        return Broker(threads=threads, settings={"sys.interval": "0s"},
                      environment={"LD_PRELOAD": LIBRARY, "CALL_COUNTS": self.counts.file.name})

    def wait_for_shards(self, process, threads):
        """A thread gets its name a little after it has begun."""
        deadline = time.monotonic() + WITHIN
        while len(found := shards_of(process)) < threads:
            self.assertLess(time.monotonic(), deadline, f"{found} are not {threads} shards")
            os.sched_yield()
        return found

    def wait_for_bytes(self, shards, least):
        deadline = time.monotonic() + WITHIN
        while (seen := self.counts.of_threads(shards))["received_bytes"] < least:
            self.assertLess(time.monotonic(), deadline, f"only {seen} in {WITHIN} s")
            os.sched_yield()
        return seen

    def calls_while(self, shards, messages, qos):
        """What the shards call while that many messages go by, from now on."""
        before = self.counts.of_threads(shards)
        more = messages * MESSAGE_BYTES[qos]
        after = self.wait_for_bytes(shards, before["received_bytes"] + more)
        return {name: after[name] - before[name] for name in WATCHED}

    def calls_of_a_million(self, threads, qos, pairs, must_be_zero):
        """What the shards called of these while MESSAGES went by, once they were warm."""
        with self.broker(threads) as broker:
            shards = self.wait_for_shards(broker.process.pid, threads)
            load = subprocess.Popen(
                [sluice_binary(), "bench", "pairs", "-n", str(pairs), "-q", str(qos), "-s",
                 str(PAYLOAD), "-h", "127.0.0.1", "-p", str(broker.port), "-t", "600", "--quiet"],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            try:
                calls = self.calls_while(shards, WARM, qos)
                # A window may still grow to a depth that it has not had yet; each does so three
                # times at most, when the machine's other work lets it. What a message costs, every
                # million shows.
                for _ in range(STRETCHES):
                    calls = self.calls_while(shards, MESSAGES, qos)
                    if not any(calls[name] for name in must_be_zero):
                        break
            finally:
                load.send_signal(signal.SIGTERM)
                load.wait(30)
        self.assertGreater(self.counts.of_all()["allocate"], 100, "the library counts nothing")
        self.assertEqual(load.returncode, 0, "the load was not delivered whole")
        return {name: calls[name] for name in must_be_zero}

    def test_a_million_messages_of_one_pair_call_nothing(self):
        for qos in (0, 1, 2):
            with self.subTest(qos=qos):
                self.assertEqual(self.calls_of_a_million(1, qos, 1, WATCHED),
                                 dict.fromkeys(WATCHED, 0))

    def test_a_million_messages_of_forty_pairs_call_nothing(self):
        for qos in (0, 1, 2):
            with self.subTest(qos=qos):
                self.assertEqual(self.calls_of_a_million(1, qos, 40, WATCHED),
                                 dict.fromkeys(WATCHED, 0))

    def test_between_two_shards_no_lock_is_taken(self):
        for qos in (0, 1, 2):
            with self.subTest(qos=qos):
                self.assertEqual(self.calls_of_a_million(2, qos, 20, LOCKS),
                                 dict.fromkeys(LOCKS, 0))


if __name__ == "__main__":
    case.main(seconds=880)
