# SPDX-License-Identifier: Apache-2.0
"""Clients that mean harm, or are broken: the broker stays up, small, and serves the others."""
import os
import random
import struct
import time
import unittest

from support import case, wire
from support.broker import Broker, BrokerCase, not_for_mosquitto
from support.raw import RawClient, connected
from support.wire import V5, V311

MIB = 1 << 20
SANITIZED = bool(os.environ.get("SLUICE_E2E_SANITIZED"))    # their shadow memory counts too


class Abuse(BrokerCase):
    def setUp(self):
        super().setUp()
        self.good = self.raw("-good", V5)
        self.good.subscribe(self.topic("good"), qos=1)

    def tearDown(self):
        """Another client is served as before."""
        super().tearDown()
        self.good.publish(self.topic("good"), b"served", 1)
        self.good.receive(payload=b"served")

    def ends(self, client):
        """Reads to the end of the stream; the last packet's reason, if there was one."""
        reason = None
        while (found := client.read()) is not None:
            reason = found.reason
        return reason

    @not_for_mosquitto("2.0.11 closes without saying why")
    def test_topics_of_thousands_of_levels_are_refused(self):
        for version in (V311, V5):
            for data in (wire.publish("/" * 65535, b"x", version),
                         wire.publish("a/" * 30000, b"x", version, retain=True),
                         wire.subscribe(1, [("+/" * 30000 + "#", 0)], version)):
                client = self.raw(f"-{version}", version)
                client.send(data)
                found = client.read()
                if found is not None and found.kind == "SUBACK":
                    self.assertIn(found.reasons[0], (0x80, 0x8F, 0x97))
                else:
                    self.assertEqual(found is None, version == V311)
                    self.assertIn(found.reason if found else 0, (0, 0x8F, 0x90, 0x97))
                client.close()

    def test_a_flood_of_user_properties_costs_little_time(self):
        pairs = [("k", "v")] * 30000
        begin = time.monotonic()
        for data in (wire.publish("a", b"x", V5, props={"user_property": pairs}),
                     wire.subscribe(1, [("a", 0)], V5, {"user_property": pairs}),
                     wire.ack("PUBACK", 1, V5, 0, {"user_property": pairs})):
            client = self.raw("", V5)
            client.send(data, wire.PINGREQ)
            client.read()       # refused or answered, as its limits say; but soon
            client.close()
        self.assertLess(time.monotonic() - begin, 10)

    @not_for_mosquitto("2.0.11 closes at the second one")
    def test_one_qos_2_identifier_published_for_ever_is_one_message(self):
        hear = self.raw("-hear", V311)
        hear.subscribe(self.topic(), qos=2)
        client = self.raw("", V311)
        one = wire.publish(self.topic(), b"once", V311, 2, 7, dup=True)
        for _ in range(20):
            client.send(one * 500)
            for _ in range(500):
                client.expect("PUBREC", packet_id=7)
        client.send(wire.ack("PUBREL", 7))
        client.expect("PUBCOMP", packet_id=7)
        client.publish(self.topic(), b"fence", 2)
        self.assertEqual([m.payload for m in hear.receive_all(2)], [b"once", b"fence"])

    def test_random_bytes_end_connections_and_nothing_else(self):
        seed = random.randrange(1 << 32)
        print(f"  seed {seed}", flush=True)
        chance = random.Random(seed)
        for number in range(300):
            version = chance.choice((V311, V5))
            client = RawClient(self.port, version)
            data = chance.randbytes(chance.randrange(1, 200))
            if number % 3:
                # Behind a good CONNECT, and with a header and a length that are right.
                head = wire.packet(chance.randrange(16, 256), data)
                data = wire.connect(self.client_id(str(number)), version) + head
            client.send(data)
            client.close()

    def test_bits_flipped_in_good_packets_end_connections_and_nothing_else(self):
        seed = random.randrange(1 << 32)
        print(f"  seed {seed}", flush=True)
        chance = random.Random(seed)
        props = {"user_property": [("k", "v")], "content_type": "t", "message_expiry": 9}
        good = [wire.publish(self.topic("x"), b"y" * 20, V5, 1, 5, props=props),
                wire.subscribe(9, [("a/+/b", 1), ("$share/g/#", 2)], V5, {"subscription_id": 3}),
                wire.unsubscribe(9, ["a/+/b"], V5), wire.ack("PUBREL", 3, V5, 0x92),
                wire.disconnect(V5, 4, {"session_expiry": 5})]
        for number in range(400):
            data = bytearray(b"".join(chance.sample(good, 3)))
            for _ in range(chance.randrange(1, 4)):
                data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            client = RawClient(self.port, V5)
            client.send(wire.connect(self.client_id(str(number)), V5), bytes(data))
            client.close()

    def test_a_storm_of_connections_that_say_nothing_leaves_room_for_others(self):
        silent = [RawClient(self.port) for _ in range(1500)]
        connected(self.port, self.client_id("-other")).disconnect()
        for client in silent:
            client.close()


class Memory(unittest.TestCase):
    def assert_small(self, broker, limit):
        peak = broker.memory_peak()
        print(f"  peak {peak >> 20} MiB of {limit >> 20} allowed", flush=True)
        if not SANITIZED:
            self.assertLess(peak, limit)

    def test_announced_lengths_take_no_memory(self):
        with Broker() as broker:
            clients = []
            for number in range(200):
                client = connected(broker.port, f"c{number}", V311, keep_alive=0)
                client.send(b"\x30" + wire.varint(268_435_455) + wire.text("a") + b"x" * 1000)
                clients.append(client)
            connected(broker.port, "other").disconnect()
            self.assert_small(broker, 64 * MIB)
            for client in clients:
                client.close()

    @not_for_mosquitto("2.0.11 knows no limit before CONNECT")
    def test_half_a_connect_is_bounded_and_times_out(self):
        with Broker(settings={"limits.connect_timeout": "2s"}) as broker:
            clients = []
            for _ in range(300):
                client = RawClient(broker.port)
                client.send(b"\x10" + wire.varint(130_000) + b"\0\4MQTT\4\2\0\0" + b"x" * 100_000)
                clients.append(client)
            for client in clients:
                client.expect_closed()
                client.close()
            self.assert_small(broker, 128 * MIB)

    @not_for_mosquitto("2.0.11 queues without a bound here")
    def test_a_reader_that_stops_loses_qos_0_and_costs_a_bounded_buffer(self):
        with Broker() as broker:
            slow = RawClient(broker.port, V311, receive_buffer=4096)
            slow.connect("slow", keep_alive=0)
            slow.subscribe("a", "fence")
            speaker = connected(broker.port, "speaker")
            for number in range(2000):
                speaker.publish("a", struct.pack("!I", number) + b"x" * 65532)
            speaker.publish("fence-here", b"", 1)
            self.assert_small(broker, 48 * MIB)
            # It is still connected, gets what was kept, in order, and then what is new.
            speaker.publish("b", b"", 1)
            numbers, deadline = [], time.monotonic() + 30
            slow.send(wire.PINGREQ)
            while (found := slow.read()).kind != "PINGRESP":
                numbers.append(struct.unpack("!I", found.payload[:4])[0])
                self.assertLess(time.monotonic(), deadline)
            self.assertEqual(numbers, sorted(set(numbers)))
            self.assertLess(len(numbers), 2000)
            speaker.publish("a", b"live")
            slow.receive(payload=b"live")
            slow.close()
            speaker.close()


if __name__ == "__main__":
    case.main()
