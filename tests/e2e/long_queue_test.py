# SPDX-License-Identifier: Apache-2.0
"""Queues that are longer than memory: what waits is not in the broker's memory, and all of it comes
in its order, also after a kill -9."""
import os
import re
import socket
import struct
import time
import unittest

from support import case
from support.broker import MOSQUITTO, Broker

SANITIZED = bool(os.environ.get("SLUICE_E2E_SANITIZED"))
SESSIONS = 10 if SANITIZED else 50
EACH = 10_000
BODY = 100
AT_ONCE = 1000      # unacknowledged
GROWTH_MAX = 64 << 20
THREADS = 2
FILE_BYTES = 1 << 20
CHECKPOINT_BYTES = 1 << 20


def topic(n):
    return b"long/%04d" % n


def packet(kind, body):
    size, out = len(body), bytes([kind])
    while True:
        size, low = divmod(size, 128)
        out += bytes([low | (0x80 if size else 0)])
        if not size:
            return out + body


def connect(port, name):
    stream = socket.create_connection(("127.0.0.1", port), 60)
    stream.sendall(packet(0x10, b"\0\4MQTT\4\0" + struct.pack(">H", 0) +
                          struct.pack(">H", len(name)) + name))
    answer = exactly(stream, 4)
    assert answer[0] == 0x20 and answer[3] == 0, answer
    return stream


def exactly(stream, size):
    parts = []
    while size > 0:
        part = stream.recv(min(size, 1 << 18))
        if not part:
            raise AssertionError("the broker has closed the connection")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


@unittest.skipIf(MOSQUITTO, "it keeps them in memory")
class LongQueues(unittest.TestCase):
    def rss(self, broker):
        with open(f"/proc/{broker.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1]) * 1024

    def metric(self, broker, name):
        found = re.search(rf"^sluice_{name} (\S+)$", broker.fetch("/metrics")[1], re.M)
        return int(float(found[1]))

    def publish(self, port):
        """Number n of each session, then n + 1."""
        stream = connect(port, b"speaker")
        filling = bytes(BODY - 8)
        batch = []
        for number in range(EACH):
            for session in range(SESSIONS):
                name = topic(session)
                batch.append(packet(0x32, struct.pack(">H", len(name)) + name +
                                    struct.pack(">HQ", len(batch) + 1, number) + filling))
                if len(batch) < AT_ONCE:
                    continue
                stream.sendall(b"".join(batch))
                exactly(stream, 4 * len(batch))
                batch = []
        if batch:
            stream.sendall(b"".join(batch))
            exactly(stream, 4 * len(batch))
        stream.close()

    def drain(self, port, session, count):
        stream = connect(port, b"away-%d" % session)
        size = len(packet(0x32, bytes(2 + len(topic(session)) + 2 + BODY)))
        identifier = size - BODY - 2
        rest, seen = b"", 0
        while seen < count:
            part = stream.recv(1 << 16)
            self.assertTrue(part, "closed")
            rest += part
            whole = len(rest) // size * size
            acks = []
            for at in range(0, whole, size):
                packet_id, number = struct.unpack_from(">HQ", rest, at + identifier)
                self.assertEqual(number, seen)
                seen += 1
                acks.append(b"\x40\2" + struct.pack(">H", packet_id))
            stream.sendall(b"".join(acks))
            rest = rest[whole:]
        stream.sendall(b"\xe0\0")
        stream.close()

    def test_what_waits_is_on_the_disk_and_comes_in_its_order(self):
        broker = Broker(threads=THREADS, settings={
            "durability.mode": "fsync", "store.chunk_file_bytes": FILE_BYTES,
            "store.checkpoint_bytes_min": CHECKPOINT_BYTES})
        broker.start()
        self.addCleanup(broker.clean_up)
        self.addCleanup(broker.kill)
        for session in range(SESSIONS):
            stream = connect(broker.port, b"away-%d" % session)
            name = topic(session)
            stream.sendall(packet(0x82, b"\0\1" + struct.pack(">H", len(name)) + name + b"\1"))
            exactly(stream, 5)
            stream.sendall(b"\xe0\0")
            stream.close()
        before = self.rss(broker)
        self.publish(broker.port)
        self.assertEqual(self.metric(broker, "queue_messages"), SESSIONS * EACH)
        # The disk may be slow.
        deadline = time.monotonic() + 120
        while self.metric(broker, "queue_spilled_messages") < SESSIONS * EACH * 3 // 4:
            self.assertLess(time.monotonic(), deadline)
        if not SANITIZED:
            self.assertLess(self.rss(broker) - before, GROWTH_MAX)
        broker.kill()
        broker.start()
        self.assertEqual(self.metric(broker, "queue_messages"), SESSIONS * EACH)
        if not SANITIZED:
            self.assertLess(self.rss(broker) - before, GROWTH_MAX)
        for session in range(SESSIONS):
            self.drain(broker.port, session, EACH)
        self.assertEqual(self.metric(broker, "queue_messages"), 0)
        # What was read is not kept until much more is written: a thread keeps what makes no
        # checkpoint due yet, and its last file.
        kept_max = THREADS * (2 * CHECKPOINT_BYTES + FILE_BYTES)
        self.assertLess(kept_max, SESSIONS * EACH * BODY * 4 // 5)
        deadline = time.monotonic() + 60
        while self.metric(broker, "store_chunk_bytes") > kept_max:
            self.assertLess(time.monotonic(), deadline)
        broker.stop()


if __name__ == "__main__":
    case.main()
