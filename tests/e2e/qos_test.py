# SPDX-License-Identifier: Apache-2.0
"""Quality of service on the wire: each exchange packet by packet, re-delivery, windows, order."""
from support import case, wire
from support.broker import BrokerCase, not_for_mosquitto
from support.peers import Paho, listen, with_every_client
from support.raw import connected, durable
from support.wire import V5, V311

BOTH = (V311, V5)


class Exchange(BrokerCase):
    def both(self):
        for version in BOTH:
            yield version, f"-{version}", self.topic(str(version))

    def test_publish_is_answered_as_its_qos_says(self):
        for version, suffix, topic in self.both():
            client = self.raw(suffix, version)
            client.send(wire.publish(topic, b"0", version))
            client.expect_quiet()
            client.send(wire.publish(topic, b"1", version, 1, 77))
            client.expect("PUBACK", packet_id=77)
            client.send(wire.publish(topic, b"2", version, 2, 65535))
            client.expect("PUBREC", packet_id=65535)
            client.send(wire.ack("PUBREL", 65535))
            client.expect("PUBCOMP", packet_id=65535, reason=0)

    @not_for_mosquitto("2.0.11 closes at a repetition on the same connection")
    def test_a_repeated_qos_2_publish_is_routed_once(self):
        for version, suffix, topic in self.both():
            client, hear = self.raw(suffix, version), self.raw(suffix + "h", version)
            hear.subscribe(topic, qos=2)
            for dup in (False, True, True):
                client.send(wire.publish(topic, b"once", version, 2, 9, dup=dup))
                client.expect("PUBREC", packet_id=9)
            client.send(wire.ack("PUBREL", 9))
            client.expect("PUBCOMP", packet_id=9)
            client.publish(topic, b"fence", 2)
            self.assertEqual([m.payload for m in hear.receive_all(2)], [b"once", b"fence"])

    def test_a_packet_identifier_is_free_again_after_pubcomp(self):
        for version, suffix, topic in self.both():
            client, hear = self.raw(suffix, version), self.raw(suffix + "h", version)
            hear.subscribe(topic, qos=2)
            for payload in (b"a", b"b", b"c"):
                client.send(wire.publish(topic, payload, version, 2, 5))
                client.expect("PUBREC", packet_id=5)
                client.send(wire.ack("PUBREL", 5))
                client.expect("PUBCOMP", packet_id=5)
            self.assertEqual([m.payload for m in hear.receive_all(3)], [b"a", b"b", b"c"])

    def test_qos_1_with_dup_after_its_puback_is_a_new_message(self):
        for version, suffix, topic in self.both():
            client, hear = self.raw(suffix, version), self.raw(suffix + "h", version)
            hear.subscribe(topic, qos=1)
            for dup in (False, True):
                client.send(wire.publish(topic, b"x", version, 1, 5, dup=dup))
                client.expect("PUBACK", packet_id=5)
            for message in hear.receive_all(2):
                self.assertFalse(message.dup, "DUP of an outgoing PUBLISH is its own")

    def test_pubrel_of_an_unknown_identifier_is_answered(self):
        for version, suffix, topic in self.both():
            client = self.raw(suffix, version)
            client.send(wire.ack("PUBREL", 4242))
            answer = client.expect("PUBCOMP", packet_id=4242)
            self.assertIn(answer.reason, (0, 0x92))

    @not_for_mosquitto("2.0.11 closes, or keeps quiet, by the kind of acknowledgement")
    def test_stray_acknowledgements_do_not_end_a_connection(self):
        for version, suffix, topic in self.both():
            client = self.raw(suffix, version)
            client.subscribe(topic, qos=2)
            for kind in ("PUBACK", "PUBCOMP"):
                client.send(wire.ack(kind, 999))
            client.publish(topic, b"still here", 1)
            self.assertEqual(client.receive().payload, b"still here")

    def test_several_filters_are_granted_in_order(self):
        for version, suffix, topic in self.both():
            client = self.raw(suffix, version)
            packet_id = client.next_id()
            filters = [(f"{topic}/{qos}", qos) for qos in (2, 0, 1, 2)]
            client.send(wire.subscribe(packet_id, filters, version))
            client.expect("SUBACK", packet_id=packet_id, reasons=[2, 0, 1, 2])

    def test_unsubscribe_ends_deliveries_and_is_always_answered(self):
        for version, suffix, topic in self.both():
            client = self.raw(suffix, version)
            client.subscribe(f"{topic}/a", f"{topic}/b")
            client.publish(f"{topic}/a", b"1")
            self.assertEqual(client.receive().payload, b"1")
            codes = client.unsubscribe(f"{topic}/a", f"{topic}/never")
            self.assertEqual(codes, [0, 0x11] if version == V5 else [])
            client.publish(f"{topic}/a", b"2")
            client.publish(f"{topic}/b", b"3")
            self.assertEqual(client.receive().payload, b"3")

    @not_for_mosquitto("2.0.11 takes the QoS of any one of the subscriptions")
    def test_overlapping_subscriptions_deliver_at_the_highest_qos(self):
        for version, suffix, topic in self.both():
            client = self.raw(suffix, version)
            client.subscribe(f"{topic}/#", qos=0)
            client.subscribe(f"{topic}/+", qos=2)
            client.subscribe(f"{topic}/a", qos=1)
            client.publish(f"{topic}/a", b"x", 2)
            client.publish(f"{topic}/fence/now", b"", 0)
            got = []
            while not got or got[-1].topic != f"{topic}/fence/now":
                got.append(client.receive())
            self.assertEqual(max(m.qos for m in got), 2)

    def test_a_filter_subscribed_again_replaces_the_first(self):
        for version, suffix, topic in self.both():
            client = self.raw(suffix, version)
            client.subscribe(topic, qos=0)
            client.subscribe(topic, qos=2)
            client.publish(topic, b"x", 2)
            client.publish(topic, b"y", 1)
            self.assertEqual([(m.payload, m.qos) for m in client.receive_all(2)],
                             [(b"x", 2), (b"y", 1)])
            client.expect_quiet()

    def test_wildcards_at_the_start_do_not_match_dollar_topics(self):
        for version, suffix, topic in self.both():
            name = "$" + topic.replace("/", "-")
            client = self.raw(suffix, version)
            client.subscribe("#", "+/x", f"{name}/#")
            client.publish(f"{name}/x", b"dollar")
            client.publish(f"{topic}/end", b"end")
            got = []
            while not got or got[-1].topic != f"{topic}/end":
                got.append(client.receive())
            self.assertEqual(sum(m.topic == f"{name}/x" for m in got), 1)
            client.unsubscribe("#", "+/x")


class Redelivery(BrokerCase):
    def test_unacknowledged_messages_come_again_with_dup_and_their_identifiers(self):
        for version in BOTH:
            topic, name = self.topic(str(version)), self.client_id(str(version))
            first = connected(self.port, name, version, **durable(version))
            first.subscribe(topic, qos=2)
            for number in range(6):
                first.publish(topic, b"%d" % number, 1 + number % 2)
            seen = [first.expect("PUBLISH") for _ in range(6)]
            self.assertEqual([m.dup for m in seen], [False] * 6)
            first.abort()
            second = connected(self.port, name, version, **durable(version))
            self.assertEqual(second.connack.session_present, 1)
            again = [second.expect("PUBLISH") for _ in range(6)]
            self.assertEqual([(m.payload, m.packet_id, m.qos) for m in again],
                             [(m.payload, m.packet_id, m.qos) for m in seen])
            self.assertTrue(all(m.dup for m in again))
            second.close()

    def test_pubrel_comes_again_and_the_publish_does_not(self):
        for version in BOTH:
            topic, name = self.topic(str(version)), self.client_id(str(version))
            first = connected(self.port, name, version, **durable(version))
            first.subscribe(topic, qos=2)
            first.publish(topic, b"x", 2)
            message = first.expect("PUBLISH")
            first.send(wire.ack("PUBREC", message.packet_id))
            first.expect("PUBREL", packet_id=message.packet_id)
            first.abort()
            second = connected(self.port, name, version, **durable(version))
            second.expect("PUBREL", packet_id=message.packet_id)
            second.send(wire.ack("PUBCOMP", message.packet_id))
            second.expect_quiet()
            second.disconnect()
            third = connected(self.port, name, version, **durable(version))
            third.expect_quiet()
            third.close()

    def test_an_incoming_qos_2_exchange_goes_on_after_a_reconnect(self):
        for version in BOTH:
            topic, name = self.topic(str(version)), self.client_id(str(version))
            hear = self.raw(f"h{version}", version)
            hear.subscribe(topic, qos=2)
            first = connected(self.port, name, version, **durable(version))
            first.send(wire.publish(topic, b"x", version, 2, 3))
            first.expect("PUBREC", packet_id=3)
            first.abort()
            second = connected(self.port, name, version, **durable(version))
            second.send(wire.publish(topic, b"x", version, 2, 3, dup=True))
            second.expect("PUBREC", packet_id=3)
            second.send(wire.ack("PUBREL", 3))
            second.expect("PUBCOMP", packet_id=3)
            second.publish(topic, b"fence", 2)
            self.assertEqual([m.payload for m in hear.receive_all(2)], [b"x", b"fence"])
            second.close()

    def test_nothing_is_sent_again_on_a_live_connection(self):
        for version in BOTH:
            client = self.raw(str(version), version)
            client.subscribe(self.topic(), qos=2)
            client.publish(self.topic(), b"1", 1)
            client.publish(self.topic(), b"2", 2)
            client.expect("PUBLISH", payload=b"1")
            client.expect("PUBLISH", payload=b"2")
            with self.assertRaisesRegex(AssertionError, "nothing arrived"):
                client.read(within=3.0)
            client.expect_quiet()


class Order(BrokerCase):
    def test_thousands_of_messages_keep_their_order_at_each_qos(self):
        for version in BOTH:
            for qos in (0, 1, 2):
                with self.subTest(version=version, qos=qos):
                    topic = self.topic(f"{version}/{qos}")
                    hear = Paho(self.port, self.client_id(f"h{version}{qos}"), version)
                    hear.subscribe(topic, qos=qos)
                    speaker = Paho(self.port, self.client_id(f"s{version}{qos}"), version)
                    for number in range(2000):
                        speaker.client.publish(topic, b"%d" % number, qos)
                    got = [int(m.payload) for m in hear.take(2000)]
                    self.assertEqual(got, list(range(2000)))
                    hear.close()
                    speaker.close()

    def test_one_window_of_an_idle_reader_is_bounded_and_the_rest_follows(self):
        # The subscriber acknowledges nothing until 500 more are queued than its window takes.
        topic = self.topic()
        hear = self.raw("h", V5, props={"receive_maximum": 10})
        hear.subscribe(topic, qos=1)
        speaker = self.raw("s")
        for number in range(510):
            speaker.send(wire.publish(topic, b"%d" % number, V311, 1, number + 1))
        for number in range(510):
            speaker.expect("PUBACK", packet_id=number + 1)
        first = [hear.expect("PUBLISH") for _ in range(10)]
        hear.expect_quiet()
        for message in first:
            hear.send(wire.ack("PUBACK", message.packet_id))
        rest = [int(hear.receive().payload) for _ in range(500)]
        self.assertEqual([int(m.payload) for m in first] + rest, list(range(510)))

    @with_every_client
    def test_each_client_receives_everything_once(self, peer, name, base):
        listener = listen(peer, self.port, name, [f"{base}/#"], 2)
        speaker = Paho(self.port, name + "-say", peer[1])
        for number in range(300):
            speaker.publish(f"{base}/{number % 7}", b"%d" % number, number % 3)
        speaker.publish(f"{base}/last", b"", 2)
        got = [int(m.payload) for m in listener.take(300)]
        self.assertEqual(sorted(got), list(range(300)))
        self.assertEqual(listener.take()[0].topic, f"{base}/last")
        listener.close()
        speaker.close()


if __name__ == "__main__":
    case.main()
