# SPDX-License-Identifier: Apache-2.0
"""QoS 2 with the connection cut at each packet of its exchange, in both directions, with and
without a `kill -9` of the broker between: every message comes exactly once.

A row of the table says what the client has done when the connection is cut. What it has to say on
the next connection follows from what it had received by then, as the standard has it (4.3.3, 4.4).
"""
import collections
import itertools
import unittest

from support import wire
from support.broker import Broker
from support.case import main
from support.raw import RawClient, connected, durable
from support.wire import V311, V5

# To the broker. What is done before the cut; what a client that has seen this sends again.
PUBLISHING = [
    ("half of PUBLISH is sent", "PUBLISH"),
    ("PUBLISH is sent", "PUBLISH"),
    ("PUBREC comes and is lost", "PUBLISH"),
    ("half of PUBREL is sent", "PUBREL"),
    ("PUBREL is sent", "PUBREL"),
    ("PUBCOMP comes and is lost", "PUBREL"),
    ("PUBCOMP comes", None),
]
# To the client. What is done before the cut; what the broker may begin with on the next connection.
RECEIVING = [
    ("PUBLISH is not read", {"PUBLISH"}),
    ("PUBLISH comes", {"PUBLISH"}),
    ("half of PUBREC is sent", {"PUBLISH"}),
    ("PUBREC is sent", {"PUBLISH", "PUBREL"}),
    ("PUBREL comes", {"PUBREL"}),
    ("half of PUBCOMP is sent", {"PUBREL"}),
    ("PUBCOMP is sent", {"PUBREL", "nothing"}),
]
VERSIONS = {V311: "3.1.1", V5: "5.0"}
Case = collections.namedtuple("Case", "done next version is_killed name")


class LastingBroker(Broker):
    """Killed, it starts again with what it had on the disk."""

    def kill_and_start(self):
        self.kill()
        self.start()


class Receiver:
    """An MQTT client that takes each message once: it remembers identifiers until PUBREL."""

    def __init__(self, table, name, version):
        self.table, self.name, self.version = table, name, version
        self.known, self.taken, self.begun_with = set(), [], None
        self.client = None
        self.connect(is_first=True)

    def connect(self, is_first=False):
        self.client = connected(self.table.broker.port, self.name, self.version,
                                **durable(self.version))
        self.table.assertEqual(self.client.connack.session_present, 0 if is_first else 1)
        self.begun_with = None

    def on_publish(self, found):
        if found.packet_id in self.known:
            self.table.assertTrue(found.dup, "sent again without DUP")
            return
        self.known.add(found.packet_id)
        self.taken.append(found.payload)

    def read_until(self, payload):
        """Takes part in exchanges until the one of this message is over."""
        last = None
        while True:
            found = self.client.read()
            self.table.assertIsNotNone(found, "the broker closed the connection")
            is_last = found.kind == "PUBLISH" and found.payload == payload
            self.begun_with = self.begun_with or ("nothing" if is_last else found.kind)
            if found.kind == "PUBLISH":
                self.on_publish(found)
                last = found.packet_id if is_last else last
                self.client.send(wire.ack("PUBREC", found.packet_id))
            elif found.kind == "PUBREL":
                self.known.discard(found.packet_id)
                self.client.send(wire.ack("PUBCOMP", found.packet_id))
                if found.packet_id == last:
                    return


class Qos2Cut(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = LastingBroker(arguments=["--durability", "fsync"])
        cls.broker.__enter__()
        cls.addClassCleanup(cls.broker.__exit__, None)
        cls.numbers = itertools.count()

    def cut(self, client, is_killed):
        client.abort()
        if is_killed:
            self.broker.kill_and_start()

    def for_each(self, rows, run):
        for (done, following), version, is_killed in itertools.product(rows, VERSIONS,
                                                                       (False, True)):
            ending = ", the broker is killed" if is_killed else ""
            case = Case(done, following, version, is_killed, f"{run.__name__}-{next(self.numbers)}")
            with self.subTest(f"MQTT {VERSIONS[version]}: {done}, the connection is cut{ending}"):
                run(case)

    def test_client_publishes(self):
        self.for_each(PUBLISHING, self.publish_and_be_cut)

    def publish_and_be_cut(self, case):
        receiver = Receiver(self, case.name + "-receiver", case.version)
        receiver.client.subscribe(case.name, qos=2)
        sender = connected(self.broker.port, case.name, case.version, **durable(case.version))
        self.publish_until(sender, case)
        self.cut(sender, case.is_killed)
        if case.is_killed:
            receiver.connect()
        sender = connected(self.broker.port, case.name, case.version, **durable(case.version))
        self.assertEqual(sender.connack.session_present, 1)
        self.send_again(sender, case)
        # The identifier is free now: with it comes another message.
        self.exchange(sender, wire.publish(case.name, b"last", case.version, 2, 7))
        receiver.read_until(b"last")
        self.assertEqual(receiver.taken, [b"once", b"last"])
        sender.disconnect()
        receiver.client.disconnect()

    @staticmethod
    def publish_until(sender, case):
        """Goes through the exchange of the message until the row's step."""
        done, pubrel = case.done, wire.ack("PUBREL", 7)
        publish = wire.publish(case.name, b"once", case.version, 2, 7)
        if done == "half of PUBLISH is sent":
            return sender.send(publish[:len(publish) // 2])
        sender.send(publish)
        if done == "PUBLISH is sent":
            return None
        sender.expect("PUBREC", packet_id=7)
        if done == "PUBREC comes and is lost":
            return None
        if done == "half of PUBREL is sent":
            return sender.send(pubrel[:2])
        sender.send(pubrel)
        if done == "PUBREL is sent":
            return None
        return sender.expect("PUBCOMP", packet_id=7)

    def send_again(self, sender, case):
        if case.next == "PUBLISH":
            again = wire.publish(case.name, b"once", case.version, 2, 7, dup=True)
            self.exchange(sender, again)
        elif case.next == "PUBREL":
            sender.send(wire.ack("PUBREL", 7))
            sender.expect("PUBCOMP", packet_id=7)

    @staticmethod
    def exchange(sender, publish):
        sender.send(publish)
        sender.expect("PUBREC", packet_id=7, reason=0)
        sender.send(wire.ack("PUBREL", 7))
        sender.expect("PUBCOMP", packet_id=7, reason=0)

    def test_client_receives(self):
        self.for_each(RECEIVING, self.receive_and_be_cut)

    def receive_and_be_cut(self, case):
        receiver = Receiver(self, case.name, case.version)
        receiver.client.subscribe(case.name, qos=2)
        self.publish_from_elsewhere(case.name, b"once")
        self.receive_until(receiver, case.done)
        self.cut(receiver.client, case.is_killed)
        self.publish_from_elsewhere(case.name, b"last")
        receiver.connect()
        receiver.read_until(b"last")
        self.assertEqual(receiver.taken, [b"once", b"last"])
        self.assertIn(receiver.begun_with, case.next)
        receiver.client.disconnect()

    def publish_from_elsewhere(self, topic, payload):
        with RawClient(self.broker.port, V5) as publisher:
            publisher.connect("")
            publisher.publish(topic, payload, qos=2)
            publisher.disconnect()

    @staticmethod
    def receive_until(receiver, done):
        """Goes through the exchange of the message until the row's step."""
        if done == "PUBLISH is not read":
            return None
        client = receiver.client
        found = client.expect("PUBLISH", qos=2, dup=False)
        receiver.on_publish(found)
        pubrec, pubcomp = wire.ack("PUBREC", found.packet_id), wire.ack("PUBCOMP", found.packet_id)
        if done == "PUBLISH comes":
            return None
        if done == "half of PUBREC is sent":
            return client.send(pubrec[:2])
        client.send(pubrec)
        if done == "PUBREC is sent":
            return None
        client.expect("PUBREL", packet_id=found.packet_id)
        receiver.known.discard(found.packet_id)
        if done == "PUBREL comes":
            return None
        return client.send(pubcomp[:2] if done == "half of PUBCOMP is sent" else pubcomp)


if __name__ == "__main__":
    main()
