# SPDX-License-Identifier: Apache-2.0
"""MQTT.js 5, the client of Node and of browsers: what it expects of a broker, over TCP and
WebSocket, as 3.1.1 (its default) and as 5."""
import functools
import os
import re
import tempfile
import unittest

from support import case
from support.broker import MOSQUITTO, Broker
from support.certificates import Authority
from support.node_peers import MqttJs
from support.raw import connected
from support.wire import V5
from tls_test import Listening

WAYS = [("mqtt", 4), ("mqtt", 5), ("ws", 4), ("ws", 5)]


def every_way(test):
    @functools.wraps(test)
    def run(self):
        for scheme, version in WAYS:
            with self.subTest(scheme=scheme, version=version):
                self.way = f"{test.__name__[-60:]}-{scheme}{version}"
                test(self, scheme, version)
    return run


class MqttJsCase(unittest.TestCase):
    settings = {}

    @classmethod
    def setUpClass(cls):
        cls.listening = Listening("ws", cls.settings)
        cls.listening.__enter__()
        cls.broker = cls.listening.broker

    @classmethod
    def tearDownClass(cls):
        cls.listening.__exit__(None)

    def js(self, scheme, version, name="", path="", **options):
        port = self.listening.port if scheme == "ws" else self.broker.port
        client = MqttJs(f"{scheme}://127.0.0.1:{port}{path}", protocolVersion=version,
                        clientId=self.way + name, **options)
        self.addCleanup(client.close)
        return client

    def raw(self, name, **options):
        client = connected(self.broker.port, self.way + name, V5, **options)
        self.addCleanup(client.close)
        return client


@unittest.skipIf(MOSQUITTO, "another way to open a listener")
class Habits(MqttJsCase):
    @every_way
    def test_each_qos_goes_out_and_comes_back(self, scheme, version):
        client = self.js(scheme, version)
        granted = client.do("subscribe", f"{self.way}/#", {"qos": 2})["granted"]
        self.assertEqual(granted, [2])
        for qos in (0, 1, 2):
            client.call("publish", f"{self.way}/{qos}", f"n{qos}", {"qos": qos})
        got = sorted((m["topic"][-1], m["text"], m["qos"]) for m in client.messages(3))
        self.assertEqual(got, [("0", "n0", 0), ("1", "n1", 1), ("2", "n2", 2)])

    @every_way
    def test_all_filters_are_there_again_after_the_connection_broke(self, scheme, version):
        client = self.js(scheme, version, reconnectPeriod=50)
        filters = {f"{self.way}/{n}": {"qos": n % 3} for n in range(300)}
        client.do("subscribe", filters)
        client.call("drop")
        client.until("reconnect")
        self.assertFalse(client.until("connect")["session"])
        # One packet for all as 3.1.1; one for each filter as 5.
        for _ in range(1 if version == 4 else 300):
            client.until("packet", cmd="suback")
        say = self.raw("-say")
        for topic in filters:
            say.publish(topic, b"again", 1)
        self.assertEqual([m["topic"] for m in client.messages(300)], list(filters))
        say.close()

    @every_way
    def test_what_was_not_acknowledged_is_published_again_after_the_connection_broke(
            self, scheme, version):
        hear = self.raw("-hear")
        hear.subscribe(f"{self.way}/#", qos=2)
        client = self.js(scheme, version, reconnectPeriod=50, clean=False,
                         properties={"sessionExpiryInterval": 600} if version == 5 else None)
        for number in range(20):
            client.call("publish", f"{self.way}/a", str(number), {"qos": 2})
        client.call("drop")
        client.until("connect")
        client.do("publish", f"{self.way}/a", "end", {"qos": 2})
        got = []
        while got[-1:] != [b"end"]:
            got.append(hear.receive().payload)
        self.assertEqual(got, [str(n).encode() for n in range(20)] + [b"end"])
        hear.close()

    @every_way
    def test_a_large_message_arrives_in_pieces_of_any_size(self, scheme, version):
        client = self.js(scheme, version)
        client.do("subscribe", f"{self.way}/#", {"qos": 1})
        say = self.raw("-say")
        for size in (125, 126, 65_535, 65_536, 1_500_000):
            say.publish(f"{self.way}/a", b"x" * size, 1)
        sizes = [m["size"] for m in client.messages(5)]
        self.assertEqual(sizes, [125, 126, 65_535, 65_536, 1_500_000])
        client.do("publish", f"{self.way}/a", "y" * 700_000, {"qos": 1})
        self.assertEqual(client.messages(1)[0]["size"], 700_000)
        say.close()

    @every_way
    def test_nothing_that_the_broker_announces_shrinks_what_the_client_takes(self, scheme, version):
        limit = {"properties": {"maximumPacketSize": 300_000_0}} if version == 5 else {}
        client = self.js(scheme, version, **limit)
        self.assertNotIn("maximumPacketSize", client.connack["properties"])
        client.do("subscribe", f"{self.way}/a", {"qos": 0})
        client.do("publish", f"{self.way}/a", "z" * 900_000)
        self.assertEqual(client.messages(1)[0]["size"], 900_000)
        self.assertEqual(client.count("error"), 0)

    @every_way
    def test_messages_queued_while_it_was_away_come_after_it_is_back(self, scheme, version):
        options = {"clean": False, "reconnectPeriod": 0}
        if version == 5:
            options["properties"] = {"sessionExpiryInterval": 600}
        first = self.js(scheme, version, **options)
        first.do("subscribe", f"{self.way}/a", {"qos": 1})
        first.close()
        say = self.raw("-say")
        for number in range(50):
            say.publish(f"{self.way}/a", str(number).encode(), 1)
        again = self.js(scheme, version, **options)
        self.assertTrue(again.connack["session"])
        self.assertEqual([m["text"] for m in again.messages(50)], [str(n) for n in range(50)])
        say.close()

    @every_way
    def test_its_will_is_heard_when_it_is_lost_and_not_when_it_says_goodbye(self, scheme, version):
        hear = self.raw("-hear")
        hear.subscribe(f"{self.way}/#", qos=1)
        will = {"topic": f"{self.way}/will", "payload": "gone", "qos": 1, "retain": False}
        for suffix, leave in (("-polite", ["end", False]), ("-lost", ["drop"])):
            client = self.js(scheme, version, suffix, will=will, reconnectPeriod=0)
            client.do("publish", f"{self.way}/here", suffix, {"qos": 1})
            client.call(*leave)
            self.assertEqual(hear.receive().payload, suffix.encode())
        self.assertEqual(hear.receive().payload, b"gone")
        hear.expect_quiet()
        hear.close()

    def test_aliases_are_used_as_far_as_it_allows_and_make_no_error(self):
        for scheme in ("mqtt", "ws"):
            self.way = f"aliases-{scheme}"
            for maximum in (0, 2):
                client = self.js(scheme, 5, f"-{maximum}", properties={
                    "topicAliasMaximum": maximum})
                client.do("subscribe", f"{self.way}/#", {"qos": 0})
                for number in range(30):
                    client.call("publish", f"{self.way}/{number % 4}", str(number))
                got = [(m["topic"], m["text"]) for m in client.messages(30)]
                self.assertEqual(got, [(f"{self.way}/{n % 4}", str(n)) for n in range(30)])
                self.assertEqual(client.count("error"), 0)
                client.close()

    def test_it_may_use_aliases_of_its_own(self):
        self.way = "own-aliases"
        hear = self.raw("-hear")
        hear.subscribe(f"{self.way}/#")
        client = self.js("mqtt", 5, autoUseTopicAlias=True, autoAssignTopicAlias=True)
        for number in range(200):
            client.call("publish", f"{self.way}/{number % 100}", str(number))
        self.assertEqual([hear.receive().topic for _ in range(200)],
                         [f"{self.way}/{n % 100}" for n in range(200)])

    def test_properties_go_both_ways(self):
        self.way = "properties"
        client = self.js("ws", 5)
        client.do("subscribe", f"{self.way}/#", {"qos": 1, "properties": {
            "subscriptionIdentifier": 77}})
        client.do("publish", f"{self.way}/a", "x", {"qos": 1, "properties": {
            "contentType": "text/plain", "responseTopic": "r", "payloadFormatIndicator": True,
            "messageExpiryInterval": 100, "userProperties": {"k": ["v", "w"]}}})
        got = client.messages(1)[0]["properties"]
        self.assertEqual(got["contentType"], "text/plain")
        self.assertEqual(got["responseTopic"], "r")
        self.assertEqual(got["userProperties"], {"k": ["v", "w"]})
        self.assertEqual(got["subscriptionIdentifier"], 77)
        self.assertLessEqual(got["messageExpiryInterval"], 100)

    def test_every_path_of_a_websocket_leads_to_the_broker(self):
        for number, path in enumerate(("", "/", "/mqtt", "/ws", "/mqtt?token=x")):
            self.way = f"path-{number}"
            self.js("ws", 4, path=path).close()

    def test_mqtt_3_1_works_over_both(self):
        for scheme in ("mqtt", "ws"):
            self.way = f"mqisdp-{scheme}"
            client = self.js(scheme, 3, protocolId="MQIsdp")
            client.do("subscribe", f"{self.way}/a", {"qos": 2})
            client.do("publish", f"{self.way}/a", "x", {"qos": 2})
            self.assertEqual(client.messages(1)[0]["text"], "x")

    @every_way
    def test_a_takeover_ends_the_first_of_a_name(self, scheme, version):
        first = self.js(scheme, version, reconnectPeriod=0)
        second = self.js(scheme, version, reconnectPeriod=0)
        if version == 5:
            self.assertEqual(first.until("disconnect")["code"], 0x8E)
        first.until("close")
        second.do("publish", "a", "b", {"qos": 1})


@unittest.skipIf(MOSQUITTO, "other options")
class ShortKeepAlive(MqttJsCase):
    settings = {"mqtt.keep_alive_max": "1s"}

    def test_it_pings_as_the_server_keep_alive_says(self):
        for scheme in ("mqtt", "ws"):
            self.way = f"keep-alive-{scheme}"
            client = self.js(scheme, 5, keepalive=60)
            self.assertEqual(client.connack["properties"]["serverKeepAlive"], 1)
            for _ in range(3):
                client.until("packet", cmd="pingresp")
            self.assertEqual(client.count("close"), 0)


@unittest.skipIf(MOSQUITTO, "other options")
class Refused(MqttJsCase):
    settings = {"server.allow_anonymous": "false"}

    @every_way
    def test_a_refused_client_is_told_and_closed(self, scheme, version):
        client = self.js(scheme, version, reconnectPeriod=50, wait=False)
        self.assertEqual(client.until("error")["code"], 0x87 if version == 5 else 5)
        client.until("close")

    @every_way
    def test_and_may_try_again(self, scheme, version):
        client = self.js(scheme, version, reconnectPeriod=50, reconnectOnConnackError=True,
                         wait=False)
        for _ in range(3):
            client.until("packet", cmd="connack")
            client.until("close")
            client.until("reconnect")


@unittest.skipIf(MOSQUITTO, "another way to open a listener")
class Schemes(unittest.TestCase):
    def test_every_scheme_finds_its_listener(self):
        with tempfile.TemporaryDirectory() as folder:
            authority = Authority(folder)
            leaf = authority.sign("broker", "/CN=127.0.0.1", "IP:127.0.0.1")
            files = f"certificate={leaf[0]}&key={leaf[1]}"
            trust = {**os.environ, "NODE_EXTRA_CA_CERTS": authority.file}
            arguments = ["--listen", "ws://127.0.0.1:0", "--listen", f"mqtts://127.0.0.1:0?{files}",
                         "--listen", f"wss://127.0.0.1:0?{files}"]
            with Broker(arguments=arguments) as broker:
                broker.wait_for_line("admin on ")
                ports = {kind: port for port, kind in re.findall(
                    r"^listening on 127\.0\.0\.1:(\d+) \((\w+)\)", broker.output(), re.M)}
                ports["mqtt"] = broker.port
                for scheme, kind in (("mqtt", "mqtt"), ("tcp", "mqtt"), ("mqtts", "mqtts"),
                                     ("ssl", "mqtts"), ("tls", "mqtts"), ("ws", "ws"),
                                     ("wss", "wss")):
                    with self.subTest(scheme=scheme):
                        client = MqttJs(f"{scheme}://127.0.0.1:{ports[kind]}", trust,
                                        reconnectPeriod=0)
                        client.do("subscribe", "s", {"qos": 1})
                        client.do("publish", "s", scheme, {"qos": 1})
                        self.assertEqual(client.messages(1)[0]["text"], scheme)
                        client.close()


if __name__ == "__main__":
    case.main()
