# SPDX-License-Identifier: Apache-2.0
"""What existing client code expects of a broker: each trap that people's clients set, with the real
client where there is one, else with its bytes and timing."""
import time

from support import case, wire
from support.broker import BrokerCase, not_for_mosquitto
from support.peers import Paho, paho_client
from support.raw import RawClient, connected, durable
from support.wire import V5, V31, V311


class PahoHabits(BrokerCase):
    def test_a_script_that_rarely_loops_loses_nothing_and_gets_nothing_twice(self):
        if paho_client is None:
            self.skipTest("paho is missing")
        slow = paho_client.Client(self.client_id("-slow"))
        got = []
        slow.on_message = lambda client, userdata, message: got.append((message.payload,
                                                                        message.dup))
        slow.connect("127.0.0.1", self.port)
        while not slow.is_connected():
            slow.loop(0.1)
        slow.subscribe(self.topic(), 1)
        # The SUBACK is there once its callback has run.
        done = []
        slow.on_subscribe = lambda *unused: done.append(True)
        while not done:
            slow.loop(0.1)
        speaker = self.raw("-speaker")
        for number in range(200):
            speaker.publish(self.topic(), str(number).encode(), 1)
        deadline = time.monotonic() + 20
        while len(got) < 200 and time.monotonic() < deadline:
            slow.loop(0.1)
        self.assertEqual(got, [(str(n).encode(), False) for n in range(200)])
        slow.disconnect()

    def test_a_user_name_without_a_password_and_an_empty_password_are_taken(self):
        for number, options in enumerate(({"username": "ann"}, {"username": "ann", "password": ""},
                                          {"username": "", "password": ""})):
            client = RawClient(self.port, V311)
            client.connect(self.client_id(str(number)), **options)
            client.disconnect()

    def test_topics_with_a_slash_in_front_spaces_and_other_alphabets_arrive(self):
        hear = Paho(self.port, self.client_id("-hear"))
        topics = ["/" + self.topic(), self.topic("a b"), self.topic("日本/ü"), self.topic("x//y")]
        hear.subscribe(*topics)
        say = Paho(self.port, self.client_id("-say"))
        for topic in topics:
            say.publish(topic, topic)
        self.assertEqual([m.topic for m in hear.take(len(topics))], topics)
        hear.close()
        say.close()

    def test_no_payload_clears_what_was_retained(self):
        say = Paho(self.port, self.client_id("-say"))
        say.publish(self.topic(), b"kept", 1, True)
        say.publish(self.topic(), None, 1, True)
        hear = self.raw("-hear")
        hear.subscribe(self.topic())
        hear.expect_quiet()
        say.close()

    def test_return_code_1_is_for_the_version_alone_and_2_for_the_client_id(self):
        client = RawClient(self.port, V311)
        client.connect("", clean=False, expect=2)
        client.expect_closed()
        wrong = RawClient(self.port, V311)
        wrong.send(wire.packet(0x10, wire.text("MQTT") + b"\x03\x02\0\x3c" + wire.text("a")))
        wrong.expect("CONNACK", reason=1)
        wrong.expect_closed()

    def test_a_connack_of_3_1_1_is_exactly_four_bytes(self):
        for version in (V31, V311):
            client = RawClient(self.port, version)
            self.assertEqual(client.connect(self.client_id(str(version))).raw, b"\x20\2\0\0")
            client.close()

    def test_ids_of_more_than_23_characters_are_taken_in_every_version(self):
        for version in (V31, V311, V5):
            connected(self.port, "x" * 40 + str(version), version).disconnect()

    def test_an_identifier_reused_after_a_restart_is_the_message_before(self):
        hear = self.raw("-hear")
        hear.subscribe(self.topic(), qos=2)
        first = self.raw("", V311, **durable(V311))
        first.publish(self.topic(), b"before", 2, finish=False)
        first.expect("PUBREC", packet_id=1)
        first.abort()
        again = self.raw("", V311, **durable(V311))
        again.send(wire.publish(self.topic(), b"after", V311, 2, 1))
        again.expect("PUBREC", packet_id=1)
        again.send(wire.ack("PUBREL", 1))
        again.expect("PUBCOMP", packet_id=1)
        again.publish(self.topic(), b"fence", 2)
        self.assertEqual([m.payload for m in hear.receive_all(2)], [b"before", b"fence"])

    @not_for_mosquitto("another log")
    def test_two_scripts_of_one_name_displace_each_other_and_others_go_on(self):
        name = self.client_id("-twin")
        twins = [connected(self.port, name) for _ in range(20)]
        for twin in twins[:-1]:
            twin.expect_closed()
            twin.close()
        twins[-1].publish(self.topic(), b"x", 1)
        twins[-1].disconnect()


class OtherHabits(BrokerCase):
    def test_hundreds_of_filters_in_one_packet_are_answered_in_order(self):
        client = self.raw()
        filters = [(self.topic(str(n)), n % 3) for n in range(800)]
        client.send(wire.subscribe(7, filters))
        self.assertEqual(client.expect("SUBACK", packet_id=7).reasons,
                         [qos for _, qos in filters])

    def test_a_refused_connection_is_closed_by_the_broker(self):
        client = RawClient(self.port, V5)
        client.send(wire.connect("a", V5, props={"authentication_method": "nobody-has-it"}))
        client.expect("CONNACK", reason=0x8C)
        client.expect_closed()

    @not_for_mosquitto("it announces its own")
    def test_no_maximum_packet_size_is_announced_that_a_client_would_take_for_its_own(self):
        client = RawClient(self.port, V5)
        self.assertNotIn("maximum_packet_size", client.connect(self.client_id()).props)
        client.close()

    def test_no_byte_is_added_to_a_message_of_3_1_1(self):
        hear = self.raw("-hear", V311)
        hear.subscribe(self.topic())
        say = self.raw("-say", V5)
        say.publish(self.topic(), b"x" * 100, props={"user_property": ("k", "v"),
                                                     "content_type": "t"})
        self.assertEqual(hear.receive().raw, wire.publish(self.topic(), b"x" * 100))

    def test_no_alias_is_sent_to_a_client_that_did_not_ask(self):
        hear = self.raw("-hear", V5)
        hear.subscribe(self.topic("#"))
        say = self.raw("-say", V5)
        for number in range(50):
            say.publish(self.topic(f"a/long/topic/{number % 5}"), b"x")
        for _ in range(50):
            self.assertNotIn("topic_alias", hear.receive().props)

    def test_packets_may_share_a_segment_and_be_cut_anywhere(self):
        name = self.client_id("-cut")
        data = (wire.connect(name) + wire.subscribe(1, [(self.topic(), 1)])
                + wire.publish(self.topic(), b"y" * 300, qos=1, packet_id=2) + wire.PINGREQ)
        for step in (1, 3, 7, 64):
            client = RawClient(self.port)
            for at in range(0, len(data), step):
                client.send(data[at:at + step])
            client.expect("CONNACK", reason=0)
            kinds = sorted(client.read().kind for _ in range(4))
            self.assertEqual(kinds, ["PINGRESP", "PUBACK", "PUBLISH", "SUBACK"])
            client.disconnect()


class Sys(BrokerCase):
    threads, settings = 2, {"sys.interval": "1s"}
    names = ["version", "uptime", "clients/total", "clients/connected", "clients/active",
             "clients/disconnected", "clients/inactive", "clients/maximum", "clients/expired",
             "messages/received", "messages/sent", "messages/stored", "store/messages/count",
             "store/messages/bytes", "retained messages/count", "subscriptions/count",
             "publish/messages/received", "publish/messages/sent", "publish/messages/dropped",
             "publish/bytes/received", "publish/bytes/sent", "heap/current", "heap/maximum",
             "shared_subscriptions/count", "bytes/received", "bytes/sent"]
    loads = ["publish/dropped", "messages/received", "messages/sent", "publish/received",
             "publish/sent", "bytes/received", "bytes/sent", "sockets", "connections"]

    @not_for_mosquitto("other times")
    def test_names_and_units_are_those_that_dashboards_look_for(self):
        hear = Paho(self.port, self.client_id())
        hear.subscribe("$SYS/#")
        wanted = {f"$SYS/broker/{name}" for name in self.names}
        wanted |= {f"$SYS/broker/load/{name}/{span}min" for name in self.loads
                   for span in (1, 5, 15)}
        seen, deadline = {}, time.monotonic() + 20
        # What is retained may be of the time before it came.
        connected = "$SYS/broker/clients/connected"
        while (wanted - set(seen) or seen[connected] == "0") and time.monotonic() < deadline:
            message = hear.take()[0]
            seen[message.topic] = message.payload.decode()
        self.assertEqual(wanted - set(seen), set())
        self.assertRegex(seen["$SYS/broker/uptime"], r"^\d+ seconds$")
        self.assertRegex(seen["$SYS/broker/version"], r"^sluice \d")
        self.assertGreaterEqual(int(seen[connected]), 1)
        self.assertRegex(seen["$SYS/broker/load/connections/1min"], r"^\d+\.\d\d$")
        hear.close()

    def test_payloads_are_counted_both_ways(self):
        hear, sub = self.raw("-hear", V5), self.raw("-sub", V5)
        sub.subscribe(self.topic(), qos=1)
        topics = ["$SYS/broker/publish/bytes/received", "$SYS/broker/publish/bytes/sent"]
        hear.subscribe(*topics)
        sub.publish(self.topic(), b"x" * 100_000, 1)
        sub.receive(payload=b"x" * 100_000)
        reached = set()
        while reached != set(topics):
            message = hear.receive()
            reached |= {message.topic} if int(message.payload) >= 100_000 else set()

    def test_they_never_come_by_a_wildcard_in_front(self):
        hear = self.raw("-all", V5)
        hear.subscribe("#", "+/#", "+/broker/uptime")
        clock = self.raw("-clock", V5)
        clock.subscribe("$SYS/broker/uptime")
        for _ in range(3):
            clock.receive(topic="$SYS/broker/uptime")
        hear.publish("seen", b"1")
        self.assertEqual(hear.receive().topic, "seen")

    @not_for_mosquitto("other names")
    def test_nobody_else_may_say_them(self):
        client = self.raw("", V5)
        self.assertEqual(client.publish("$SYS/broker/version", b"mine", 1).reason, 0x87)


if __name__ == "__main__":
    case.main()
