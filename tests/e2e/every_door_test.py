# SPDX-License-Identifier: Apache-2.0
"""What suites of other people ask of a broker, in each version and over each door: plain TCP,
WebSocket, TLS, behind a proxy. A door that changes, glues or delays bytes shows here."""
import functools
import itertools
import re
import tempfile
import unittest

from support import wire
from support.broker import MOSQUITTO, Broker, loopback_addresses
from support.certificates import Authority
from support.doors import ProxyClient, TlsClient, WebSocketClient
from support.raw import RawClient
from support.wire import V5, V311

DOORS = {"tcp": RawClient, "ws": WebSocketClient, "tls": TlsClient, "proxy": ProxyClient}


def over_every_door(*versions):
    """Runs a test over each door in each version, with a topic of its own."""
    def wrapped(test):
        @functools.wraps(test)
        def run(self):
            for door, version in itertools.product(DOORS, versions):
                self.door, self.version, self.open = door, version, []
                self.base = f"{test.__name__}/{door}/{version}"
                with self.subTest(door=door, version=version):
                    test(self, self.base)
                for client in self.open:
                    client.close()
        return run
    return wrapped


@unittest.skipIf(MOSQUITTO, "Sluice's own listeners")
class EveryDoor(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="sluice-doors-")
        with open(cls.folder.name + "/acl", "w", encoding="utf-8") as file:
            file.write("topic readwrite #\ntopic deny denied/#\n")
        server = Authority(cls.folder.name + "/ca").sign("server", "/CN=localhost", "DNS:localhost")
        cls.broker = Broker(
            2, {"acl.acl_file": cls.folder.name + "/acl", "mqtt.keep_alive_max": "2m"},
            ["--listen", "ws://127.0.0.1:0", "--listen",
             f"mqtts://127.0.0.1:0?cert={server[0]}&key={server[1]}",
             "--listen", "mqtt://127.0.0.1:0?proxy_protocol=true&proxy_trusted=127.0.0.1"
             "&allow_anonymous=true"])
        cls.broker.start()
        cls.broker.wait_for_line("admin on ")
        found = re.findall(r"^listening on 127\.0\.0\.1:(\d+) \((\w+)", cls.broker.output(), re.M)
        ports = {kind: int(port) for port, kind in reversed(found)}
        cls.ports = {"tcp": cls.broker.port, "ws": ports["ws"], "tls": ports["mqtts"],
                     "proxy": [int(port) for port, kind in found if kind == "mqtt"][-1]}

    @classmethod
    def tearDownClass(cls):
        cls.broker.__exit__(None)
        cls.folder.cleanup()

    def dial(self):
        client = DOORS[self.door](self.ports[self.door], self.version)
        self.open.append(client)
        return client

    def client(self, name, **options):
        client = self.dial()
        answer = client.connect(f"{self.base}/{name}", **options)
        client.connack, client.is_resumed = answer, bool(answer.session_present)
        return client

    def lasting(self, name):
        """With a session that outlives the connection."""
        more = {"props": {"session_expiry": 600}} if self.version == V5 else {}
        return self.client(name, clean=False, **more)

    def refused(self, client, *reasons):
        """The connection ends, in MQTT 5 with one of these reasons."""
        if self.version == V5:
            found = client.read()
            self.assertEqual(found.kind, "DISCONNECT")
            self.assertIn(found.reason, reasons)
        client.expect_closed()

    @over_every_door(V311, V5)
    def test_each_qos_both_ways(self, base):
        one, two = self.client("one"), self.client("two")
        for qos in (0, 1, 2):
            self.assertEqual(two.subscribe(base, qos=qos), [qos])
            for sent in (0, 1, 2):
                one.publish(base, b"%d" % sent, sent)
                two.receive(topic=base, payload=b"%d" % sent, qos=min(qos, sent), dup=False)

    @over_every_door(V311, V5)
    def test_what_was_missed_comes_in_order_and_nothing_of_qos_0(self, base):
        away, other = self.lasting("away"), self.client("other")
        away.subscribe(base + "/#", qos=2)
        away.abort()
        for qos in (1, 0, 2, 1, 0, 2):
            other.publish(base + "/t", b"%d" % qos, qos)
        back = self.lasting("away")
        self.assertTrue(back.connack.session_present)
        self.assertEqual([back.receive().payload for _ in range(4)], [b"1", b"2", b"1", b"2"])
        back.expect_quiet()

    @over_every_door(V311, V5)
    def test_what_is_not_acknowledged_comes_again_with_its_identifier(self, base):
        first, other = self.lasting("s"), self.client("other")
        first.subscribe(base, qos=2)
        for payload, qos in ((b"1", 1), (b"2", 2), (b"3", 2)):
            other.publish(base, payload, qos)
        got = [first.expect("PUBLISH") for _ in range(3)]
        first.send(wire.ack("PUBREC", got[2].packet_id))
        first.expect("PUBREL", packet_id=got[2].packet_id)
        first.abort()
        again = self.lasting("s")
        for packet in got[:2]:
            again.expect("PUBLISH", payload=packet.payload, dup=True,
                         packet_id=packet.packet_id)
        again.expect("PUBREL", packet_id=got[2].packet_id)
        again.expect_quiet()

    @over_every_door(V311, V5)
    def test_retained_messages_come_at_once_and_go_with_an_empty_one(self, base):
        one = self.client("one")
        for name in ("a", "b/c"):
            one.publish(f"{base}/{name}", name.encode(), 1, retain=True)
        two = self.client("two")
        two.subscribe(base + "/#", qos=1)
        got = {two.receive(retain=True).payload for _ in range(2)}
        self.assertEqual(got, {b"a", b"b/c"})
        for name in ("a", "b/c"):
            one.publish(f"{base}/{name}", b"", 1, retain=True)
            two.receive(payload=b"", retain=False)
        three = self.client("three")
        three.subscribe(base + "/#", qos=1)
        three.expect_quiet()

    @over_every_door(V311, V5)
    def test_a_will_comes_without_disconnect_and_not_with_it(self, base):
        other = self.client("other")
        other.subscribe(base + "/#", qos=1)
        will = {"topic": base + "/will", "payload": b"gone", "qos": 1}
        self.client("polite", will={**will, "payload": b"no"}).disconnect()
        self.client("lost", will=will).abort()
        other.receive(payload=b"gone")
        self.client("confused", will=will).send(wire.PINGREQ[:1] + b"\x01\x00")
        other.receive(payload=b"gone")
        if self.version == V5:
            self.client("leaving", will=will).send(wire.disconnect(V5, 4))
            other.receive(payload=b"gone")
        other.expect_quiet()

    @over_every_door(V311, V5)
    def test_a_second_connection_takes_the_session_over(self, base):
        first = self.lasting("s")
        first.subscribe(base, qos=1)
        second = self.lasting("s")
        self.assertTrue(second.connack.session_present)
        self.refused(first, 0x8E)
        self.client("other").publish(base, b"x", 1)
        second.receive(payload=b"x")

    @over_every_door(V311, V5)
    def test_a_second_connect_ends_the_connection(self, base):
        client = self.client("c")
        client.send(wire.connect(base + "/c", self.version))
        self.refused(client, 0x82)

    @over_every_door(V311, V5)
    def test_what_no_publish_may_be_ends_the_connection(self, base):
        none = b"\0" if self.version == V5 else b""
        for bad in (wire.packet(0x36, wire.text(base) + b"\0\1" + none),
                    wire.packet(0x38, wire.text(base) + none),
                    wire.packet(0x30, wire.text(base + "/#") + none),
                    wire.packet(0x30, wire.text("") + none),
                    wire.packet(0x30, wire.text(b"\xc3\x28") + none),
                    wire.packet(0x32, wire.text(base) + b"\0\0" + none)):
            client = self.client("c")
            client.send(bad)
            self.refused(client, 0x81, 0x82, 0x90)

    @over_every_door(V311, V5)
    def test_unknown_identifiers_are_answered(self, base):
        client = self.client("c")
        client.send(wire.ack("PUBREL", 77))
        client.expect("PUBCOMP", packet_id=77, reason=0x92 if self.version == V5 else 0)
        client.send(wire.ack("PUBREC", 78))
        client.expect("PUBREL", packet_id=78, reason=0x92 if self.version == V5 else 0)
        client.send(wire.ack("PUBACK", 79), wire.ack("PUBCOMP", 80))
        client.expect_quiet()

    @over_every_door(V311, V5)
    def test_denied_is_denied_everywhere(self, base):
        client, other = self.client("c"), self.client("other")
        self.assertEqual(client.subscribe("denied/" + base, base, granted=False),
                         [0x87 if self.version == V5 else 0x80, 0])
        other.subscribe("+/" + base, qos=2)
        for qos in (1, 2):
            answer = client.publish("denied/" + base, b"x", qos)
            self.assertEqual(answer.reason, 0x87 if self.version == V5 else 0)
        client.publish("open/" + base, b"fence", 1)
        other.receive(payload=b"fence")

    @over_every_door(V311, V5)
    def test_any_cut_of_the_stream_is_the_same_stream(self, base):
        client = self.dial()
        talk = wire.connect(base, self.version) + wire.subscribe(1, [(base, 1)], self.version) \
            + wire.publish(base, b"x" * 200, self.version, 2, 7) + wire.ack("PUBREL", 7)
        for at in range(0, len(talk), 3):
            client.send(talk[at:at + 3])
        client.expect("CONNACK")
        kinds = sorted(client.read().kind for _ in range(4))
        self.assertEqual(kinds, ["PUBCOMP", "PUBLISH", "PUBREC", "SUBACK"])

    @over_every_door(V311, V5)
    def test_large_messages_arrive_whole(self, base):
        one, two = self.client("one"), self.client("two")
        two.subscribe(base, qos=1)
        for size in (125, 126, 127, 128, 65_535, 65_536, 300_000):
            payload = bytes(i % 251 for i in range(size))
            one.publish(base, payload, 1)
            self.assertEqual(two.receive().payload, payload)

    @over_every_door(V5)
    def test_properties_limits_and_aliases_of_mqtt_5(self, base):
        small = self.client("small", keep_alive=600, props={
            "receive_maximum": 1, "maximum_packet_size": 100 + len(base),
            "topic_alias_maximum": 1})
        self.assertEqual(small.connack.props["server_keep_alive"], 120)
        small.subscribe(base + "/#", qos=1, props={"subscription_id": 268_435_455})
        one = self.client("one")
        given = {"response_topic": "r", "correlation_data": b"\0\1", "user_property":
                 [("b", "1"), ("a", "2")], "content_type": "t", "payload_format": 1}
        one.publish(base + "/t", b"x" * 200, 1)
        one.publish(base + "/t", b"1", 1, props=given)
        one.publish(base + "/t", b"2", 1)
        first = small.expect("PUBLISH", payload=b"1")
        self.assertEqual({name: first.props[name] for name in given}, given)
        self.assertEqual(first.props["subscription_id"], [268_435_455])
        small.expect_quiet()
        small.send(wire.ack("PUBACK", first.packet_id))
        second = small.receive(payload=b"2")
        self.assertEqual(second.topic, "" if "topic_alias" in first.props else base + "/t")
        for alias in (0, 0xFFFF):
            bad = self.client("bad")
            bad.send(wire.publish(base, b"", V5, props={"topic_alias": alias}))
            self.refused(bad, 0x94)

    @over_every_door(V5)
    def test_assigned_ids_and_the_end_of_a_session(self, base):
        client = self.dial()
        given = client.connect("", props={"session_expiry": 600}).props["assigned_client_id"]
        client.send(wire.disconnect(V5, 0, {"session_expiry": 0}))
        client.expect_closed()
        self.assertFalse(self.dial().connect(given, clean=False).session_present)
        lying = self.client("lying")
        lying.send(wire.disconnect(V5, 0, {"session_expiry": 5}))
        self.refused(lying, 0x82)

    @over_every_door(V5)
    def test_shared_subscriptions_and_options(self, base):
        one, two = self.client("one"), self.client("two")
        for client in (one, two):
            client.subscribe(f"$share/g/{base}", qos=1)
        other = self.client("other")
        for i in range(10):
            other.publish(base, b"%d" % i, 1)
        self.assertEqual({one.receive().payload for _ in range(5)} |
                         {two.receive().payload for _ in range(5)},
                         {b"%d" % i for i in range(10)})
        self.assertEqual(one.unsubscribe(f"$share/g/{base}", base), [0, 0x11])
        other.subscribe(base, options=1 | 4)
        other.publish(base, b"own", 1)
        other.expect_quiet()
        two.send(wire.subscribe(9, [(f"$share/g/{base}", 1 | 4)], V5))
        two.receive(payload=b"own")
        self.refused(two, 0x82)


@unittest.skipIf(MOSQUITTO, "Sluice's own listeners")
class Localhost(unittest.TestCase):
    def test_is_all_that_programs_take_it_for(self):
        with Broker(1, {"server.bind": "localhost"}, ["--listen", "ws://localhost:0"]) as broker:
            broker.wait_for_line("admin on ")
            for kind in ("mqtt", "ws"):
                found = re.findall(rf"^listening on (\S+):(\d+) \({kind}\)", broker.output(), re.M)
                self.assertEqual(len({port for _, port in found}), 1, found)
                for host in {"127.0.0.1", *loopback_addresses()}:
                    self.assertIn((host, found[0][1]), found)
            client = WebSocketClient(int(found[0][1]), V311, host="localhost")
            client.connect("local")
            client.close()


if __name__ == "__main__":
    unittest.main()
