# SPDX-License-Identifier: Apache-2.0
"""Clients that do not wait for CONNACK: all that follows CONNECT in one segment counts."""
from support import case, wire
from support.broker import BrokerCase, not_for_mosquitto
from support.peers import paho_client
from support.raw import RawClient
from support.wire import V5, V311

BOTH = (V311, V5)


class Pipelining(BrokerCase):
    threads = 4

    def listener(self, version):
        hear = self.raw(f"hear{version}", version)
        hear.subscribe(self.topic(f"{version}/#"), qos=2)
        return hear

    def test_connect_publish_and_disconnect_in_one_segment(self):
        for version in BOTH:
            hear = self.listener(version)
            for number in range(50):
                client = RawClient(self.port, version)
                will = {"topic": self.topic(f"{version}/will"), "payload": b"gone"}
                client.send(
                    wire.connect(self.client_id(f"{version}-{number}"), version, will=will),
                    wire.publish(self.topic(f"{version}/a"), b"%d" % number, version),
                    wire.disconnect(version))
                client.expect("CONNACK", reason=0)
                client.expect_closed()
                client.close()
                hear.receive(topic=self.topic(f"{version}/a"), payload=b"%d" % number)
            hear.expect_quiet()

    def test_the_same_from_a_client_that_closes_without_reading(self):
        for version in BOTH:
            hear = self.listener(version)
            for number in range(50):
                client = RawClient(self.port, version)
                client.send(
                    wire.connect(self.client_id(f"{version}-{number}"), version),
                    wire.publish(self.topic(f"{version}/a"), b"%d" % number, version),
                    wire.disconnect(version))
                client.close()
                hear.receive(payload=b"%d" % number)

    def test_everything_after_connect_is_answered_in_order(self):
        for version in BOTH:
            topic = self.topic(str(version))
            client = RawClient(self.port, version)
            self.addCleanup(client.close)
            client.send(
                wire.connect(self.client_id(str(version)), version),
                wire.subscribe(1, [(topic, 0)], version),
                wire.publish(topic, b"1", version, 1, 2),
                wire.publish(topic, b"2", version, 2, 3), wire.ack("PUBREL", 3), wire.PINGREQ)
            kinds = [client.read().kind for _ in range(8)]
            # A server may deliver for a subscription before its SUBACK.
            self.assertEqual(kinds[0], "CONNACK")
            self.assertEqual(sorted(kinds[1:]), sorted(
                ["SUBACK", "PUBLISH", "PUBACK", "PUBLISH", "PUBREC", "PUBCOMP", "PINGRESP"]))
            self.assertLess(kinds.index("PUBREC"), kinds.index("PUBCOMP"))

    def test_ten_thousand_pipelined_publishes_arrive_whole(self):
        hear = self.listener(V311)
        client = RawClient(self.port)
        self.addCleanup(client.close)
        data = [wire.connect(self.client_id())]
        data += [wire.publish(self.topic(f"{V311}/n"), b"%d" % n, V311, 1, n % 65535 + 1)
                 for n in range(10_000)]
        client.send(*data)
        self.assertEqual([int(m.payload) for m in hear.receive_all(10_000)], list(range(10_000)))
        client.expect("CONNACK")
        for number in range(10_000):
            client.expect("PUBACK", packet_id=number % 65535 + 1)

    @not_for_mosquitto("2.0.11 processes none of it, but may lose the CONNACK to a reset")
    def test_nothing_after_a_refused_connect_is_processed(self):
        hear = self.listener(V311)
        client = RawClient(self.port)
        client.send(wire.connect("", clean=False),
                    wire.publish(self.topic(f"{V311}/refused"), b"x", V311, 0, retain=True))
        client.expect("CONNACK", reason=2)
        client.expect_closed()
        client.close()
        late = self.raw("late")
        late.subscribe(self.topic("#"))
        late.expect_quiet()
        hear.expect_quiet()

    def test_paho_without_a_loop_publishes(self):
        hear = self.listener(V311)
        for number in range(20):
            client = paho_client.Client(self.client_id(str(number)))
            client.connect("127.0.0.1", self.port)
            client.publish(self.topic(f"{V311}/paho"), b"%d" % number)
            client.disconnect()
            hear.receive(payload=b"%d" % number)


if __name__ == "__main__":
    case.main()
