# SPDX-License-Identifier: Apache-2.0
"""Retained messages: kept last, given at once, cleared by an empty one."""
import time
import unittest

from support import case, wire
from support.broker import Broker, BrokerCase
from support.peers import Message, listen, say, with_every_client
from support.raw import connected
from support.wire import V5, V311

BOTH = (V311, V5)
NO_LOCAL, AS_PUBLISHED, IF_NEW, NEVER = 4, 8, 16, 32      # bits of the subscription options


class Retained(BrokerCase):
    def both(self):
        for version in BOTH:
            with self.subTest(version=version):
                yield self.raw(str(version), version), self.topic(str(version))

    def test_each_qos_is_retained_and_delivered_at_the_lower(self):
        for client, topic in self.both():
            for stored in (0, 1, 2):
                client.publish(f"{topic}/{stored}", b"%d" % stored, stored, retain=True)
            for granted in (0, 1, 2):
                hear = self.raw(f"h{client.version}{granted}", client.version)
                hear.subscribe(f"{topic}/+", qos=granted)
                got = {m.topic: (m.payload, m.qos, m.retain) for m in hear.receive_all(3)}
                self.assertEqual(got, {f"{topic}/{stored}": (b"%d" % stored, min(stored, granted),
                                                            True) for stored in (0, 1, 2)})
                hear.expect_quiet()

    def test_only_the_last_is_kept(self):
        for client, topic in self.both():
            for number in range(50):
                client.publish(topic, b"%d" % number, number % 3, retain=True)
            client.subscribe(topic, qos=2)
            client.receive(payload=b"49", retain=True)
            client.expect_quiet()

    def test_messages_without_retain_change_nothing(self):
        for client, topic in self.both():
            client.publish(topic, b"kept", 1, retain=True)
            client.publish(topic, b"passing", 1)
            client.publish(topic, b"", 1)
            client.subscribe(topic)
            client.receive(payload=b"kept", retain=True)

    def test_empty_payload_clears_and_is_not_kept_itself(self):
        for client, topic in self.both():
            client.publish(topic, b"kept", 1, retain=True)
            hear = self.raw(f"h{client.version}", client.version)
            hear.subscribe(topic)
            hear.receive(payload=b"kept")
            client.publish(topic, b"", 1, retain=True)
            hear.receive(payload=b"", retain=False)
            client.subscribe(topic)
            client.expect_quiet()

    def test_established_subscriptions_see_it_without_the_flag(self):
        for client, topic in self.both():
            client.subscribe(topic, qos=1)
            client.publish(topic, b"x", 1, retain=True)
            client.receive(payload=b"x", retain=False)

    def test_subscribing_again_brings_it_again(self):
        for client, topic in self.both():
            client.publish(topic, b"x", 1, retain=True)
            for _ in range(3):
                client.subscribe(topic, qos=1)
                client.receive(payload=b"x", retain=True)
            client.expect_quiet()

    def test_it_outlives_its_publisher(self):
        for client, topic in self.both():
            client.publish(topic, b"x", 1, retain=True)
            client.disconnect()
            hear = self.raw(f"h{client.version}", client.version)
            hear.subscribe(topic)
            hear.receive(payload=b"x", retain=True)

    def test_wildcards_find_all_and_leave_dollar_topics_out(self):
        for client, topic in self.both():
            for number in range(500):
                client.publish(f"{topic}/{number % 10}/{number}", b"%d" % number, 1, retain=True)
            client.publish(f"${topic}", b"hidden", 1, retain=True)
            hear = self.raw(f"h{client.version}", client.version)
            hear.subscribe(f"{topic}/#", qos=1)
            self.assertEqual(sorted(int(m.payload) for m in hear.receive_all(500)),
                             list(range(500)))
            hear.subscribe(f"{topic}/3/+", qos=1)
            self.assertEqual(sorted(int(m.payload) for m in hear.receive_all(50)),
                             list(range(3, 500, 10)))
            hear.subscribe("+/#")
            hear.send(wire.PINGREQ)
            got = [hear.read()]
            while got[-1].kind != "PINGRESP":
                got.append(hear.read())
            self.assertNotIn(b"hidden", [m.payload for m in got[:-1]])
            for number in range(500):
                client.publish(f"{topic}/{number % 10}/{number}", b"", 1, retain=True)

    def test_a_storm_of_retained_messages_after_one_subscribe_arrives_whole(self):
        client, topic = self.raw("storm"), self.topic()
        for number in range(5000):
            client.send(wire.publish(f"{topic}/{number}", b"v" * 200, V311, 0, retain=True))
        client.publish(f"{topic}/last", b"", 1)
        hear = self.raw("hear")
        hear.subscribe(f"{topic}/#", qos=1)
        self.assertEqual({m.topic for m in hear.receive_all(5000)},
                         {f"{topic}/{number}" for number in range(5000)})
        hear.expect_quiet()

    @with_every_client
    def test_each_client_gets_the_status_at_once(self, peer, name, base):
        for number in range(5):
            say(peer, self.port, f"{base}/{number}", b"%d" % number, 1, retain=True)
        listener = listen(peer, self.port, name, [f"{base}/#"], 1)
        self.assertEqual(sorted(listener.take(5)),
                         [Message(f"{base}/{n}", b"%d" % n, 1, True) for n in range(5)])
        listener.close()


class Options(BrokerCase):
    def setUp(self):
        super().setUp()
        self.client = self.raw("", V5)

    def test_retain_handling_decides_what_a_subscribe_brings(self):
        client, topic = self.client, self.topic()
        client.publish(topic, b"x", 1, retain=True)
        client.subscribe(topic, options=NEVER)
        client.expect_quiet()
        client.subscribe(topic, options=IF_NEW)
        client.expect_quiet()
        client.subscribe(topic, options=0)
        client.receive(payload=b"x", retain=True)
        client.unsubscribe(topic)
        client.subscribe(topic, options=IF_NEW)
        client.receive(payload=b"x", retain=True)
        client.expect_quiet()

    def test_retain_as_published_keeps_the_flag(self):
        client, topic = self.client, self.topic()
        client.subscribe(topic, options=AS_PUBLISHED)
        for retain in (True, False):
            client.publish(topic, b"x", 1, retain=retain)
            client.receive(payload=b"x", retain=retain)

    def test_properties_are_kept_with_the_message(self):
        client, topic = self.client, self.topic()
        props = {"content_type": "t", "payload_format": 1, "response_topic": "r",
                 "correlation_data": b"c", "user_property": [("k", "v"), ("k", "w")]}
        client.publish(topic, b"x", 1, retain=True, props=props)
        client.subscribe(topic, props={"subscription_id": 7})
        message = client.receive(payload=b"x", retain=True)
        self.assertEqual(message.props, {**props, "subscription_id": [7]})

    def test_expiry_counts_while_it_is_kept(self):
        client, topic = self.client, self.topic()
        client.publish(topic, b"short", 1, retain=True, props={"message_expiry": 1})
        client.publish(topic + "/long", b"long", 1, retain=True, props={"message_expiry": 100})
        with self.assertRaisesRegex(AssertionError, "nothing arrived"):
            client.read(within=2.5)
        client.subscribe(topic + "/#")
        message = client.receive(payload=b"long", retain=True)
        self.assertTrue(95 <= message.props["message_expiry"] <= 99, message.props)
        client.expect_quiet()


class TimeMax(unittest.TestCase):
    @staticmethod
    def is_kept(port):
        with connected(port, "late", V5) as late:
            late.subscribe("t")
            try:
                return late.read(within=3).kind == "PUBLISH"
            except AssertionError:
                return False

    def test_retained_messages_go_after_a_while(self):
        with Broker(settings={"retained.time_max": "5s"}) as broker:
            client = connected(broker.port, "c", V5)
            begin = time.monotonic()
            client.publish("t", b"x", 1, retain=True)
            self.assertTrue(self.is_kept(broker.port))
            while self.is_kept(broker.port):
                self.assertLess(time.monotonic(), begin + 30)
            self.assertGreaterEqual(time.monotonic(), begin + 5)
            client.publish("t", b"y", 1, retain=True)
            self.assertTrue(self.is_kept(broker.port))


class BetweenThreads(BrokerCase):
    """What one client was told is done, every other finds done, whatever thread serves it."""
    threads = 4

    def setUp(self):
        super().setUp()
        self.clients = [self.raw(str(number), V5) for number in range(8)]

    def test_a_retained_message_is_found_as_soon_as_it_is_acknowledged(self):
        for number in range(400):
            topic = self.topic(str(number))
            self.clients[number % 8].publish(topic, b"%d" % number, 1, retain=True)
            hear = self.clients[number * 3 % 8]
            hear.subscribe(topic)
            hear.receive(payload=b"%d" % number)
            hear.unsubscribe(topic)

    def test_the_last_one_acknowledged_is_the_one_retained(self):
        for number in range(400):
            topic = self.topic(str(number))
            for turn in range(4):
                self.clients[(number + 3 * turn) % 8].publish(topic, b"%d" % turn, 1, retain=True)
            hear = self.clients[(number + 1) % 8]
            hear.subscribe(topic)
            hear.receive(payload=b"3")
            hear.unsubscribe(topic)

    def test_a_cleared_message_is_gone_as_soon_as_that_is_acknowledged(self):
        for number in range(400):
            topic = self.topic(str(number))
            self.clients[number % 8].publish(topic, b"x", 1, retain=True)
            self.clients[(number + 5) % 8].publish(topic, b"", 1, retain=True)
            hear = self.clients[(number + 2) % 8]
            hear.subscribe(topic)
            hear.expect_quiet()
            hear.unsubscribe(topic)


if __name__ == "__main__":
    case.main()
