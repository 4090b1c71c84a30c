# SPDX-License-Identifier: Apache-2.0
"""What the rules deny, and the exact answer: each QoS, each version, over TCP, WebSocket and behind
a proxy. Publishing, subscribing, retaining, wills, aliases, shared subscriptions."""
import os
import re
import tempfile
import unittest

from support import case, wire
from support.broker import MOSQUITTO, Broker
from support.doors import ProxyClient, WebSocketClient
from support.raw import RawClient
from support.wire import V5, V31, V311

RULES = """deny everyone receive seen/secret
allow everyone write open/#
allow everyone read open/#
allow everyone publish low/# qos 1
allow everyone publish plain/# retain no
allow everyone read low/#
allow everyone read plain/#
allow everyone read seen/#
allow everyone write seen/#
"""
DENIED = ["closed/a", "$SYS/broker/x"]


@unittest.skipIf(MOSQUITTO, "rules of Sluice's own")
class Denied(unittest.TestCase):
    settings = {}

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        rules = os.path.join(cls.folder.name, "rules")
        with open(rules, "w", encoding="ascii") as file:
            file.write(RULES)
        listen = ["--listen", "ws://127.0.0.1:0", "--listen", "mqtt://127.0.0.1:0?proxy_protocol="
                  "true&proxy_trusted=127.0.0.0/8&allow_anonymous=true"]
        cls.broker = Broker(settings={"acl.rules_file": rules, **cls.settings}, arguments=listen)
        cls.broker.start()
        cls.broker.wait_for_line("admin on ")
        found = re.findall(r"^listening on 127\.0\.0\.1:(\d+) \((\w+)", cls.broker.output(), re.M)
        ports = {kind: int(port) for port, kind in found}
        cls.ways = [(RawClient, cls.broker.port), (WebSocketClient, ports["ws"]),
                    (ProxyClient, ports["mqtt"])]
        cls.count = 0

    @classmethod
    def tearDownClass(cls):
        cls.broker.__exit__(None)
        cls.folder.cleanup()

    def clients(self, *versions):
        """One client after the other: each way in, each version."""
        for make, port in self.ways:
            for version in versions:
                with self.subTest(way=make.__name__, version=version):
                    client = self.client(make, port, version)
                    yield version, client
                    client.close()

    def client(self, make, port, version, **options):
        Denied.count += 1
        client = make(port, version)
        self.addCleanup(client.close)
        client.connect(f"c{Denied.count}", **options)
        return client

    def hear(self, *filters):
        client = self.client(RawClient, self.broker.port, V5)
        client.subscribe(*filters, qos=2)
        return client

    def test_a_publish_that_is_denied_is_answered_as_its_qos_and_version_can(self):
        for version, client in self.clients(V31, V311, V5):
            for topic in DENIED:
                client.publish(topic, b"x", 0)
                code = 0x87 if version == V5 else 0
                self.assertEqual(client.publish(topic, b"x", 1).reason, code)
                self.assertEqual(client.publish(topic, b"x", 2).reason, code)
            client.send(wire.PINGREQ)
            client.expect("PINGRESP")

    def test_a_denied_qos_2_keeps_no_identifier(self):
        for _, client in self.clients(V5):
            client.send(wire.publish("closed/a", b"x", V5, 2, 7))
            client.expect("PUBREC", packet_id=7, reason=0x87)
            client.send(wire.ack("PUBREL", 7))
            client.expect("PUBCOMP", packet_id=7, reason=0x92)
            hear = self.hear("open/#")
            client.send(wire.publish("open/a", b"y", V5, 2, 7))
            client.expect("PUBREC", packet_id=7, reason=0)
            hear.receive(payload=b"y")

    def test_a_qos_or_retain_that_is_not_allowed_is_denied(self):
        for _, client in self.clients(V5):
            hear = self.hear("low/#", "plain/#")
            self.assertEqual(client.publish("low/a", b"no", 2).reason, 0x87)
            self.assertEqual(client.publish("plain/a", b"no", 1, retain=True).reason, 0x87)
            client.publish("plain/a", b"no", 0, retain=True)
            self.assertEqual(client.publish("low/a", b"yes", 1).reason, 0)
            hear.receive(payload=b"yes")
            self.assertEqual(client.publish("plain/a", b"also", 1).reason, 0)
            hear.receive(payload=b"also")
            late = self.hear("plain/#")
            late.expect_quiet()

    def test_each_filter_has_its_own_answer(self):
        for version, client in self.clients(V31, V311, V5):
            # MQTT 3.1 has no code for it: it is told what it asked for.
            refused = {V31: 1, V311: 0x80, V5: 0x87}[version]
            codes = client.subscribe("open/a", "closed/#", "open/b", "#", qos=1, granted=False)
            self.assertEqual(codes, [1, refused, 1, refused])
            if version != V31:
                codes = client.subscribe("$share/g/closed/a", "$share/g/open/a", granted=False)
                self.assertEqual(codes, [refused, 0])

    def test_a_will_that_is_denied_is_refused_at_once(self):
        for make, port in self.ways:
            for version in (V31, V311, V5):
                with self.subTest(way=make.__name__, version=version):
                    hear = self.hear("open/#")
                    will = {"topic": "closed/will", "payload": b"gone", "qos": 1}
                    refused = make(port, version)
                    refused.connect("denied-will", expect=0x87 if version == V5 else 5, will=will)
                    refused.expect_closed()
                    lost = self.client(make, port, version, will={**will, "topic": "open/will"})
                    lost.abort()
                    hear.receive(topic="open/will")
                    hear.close()

    def test_an_alias_is_set_by_a_denied_publish_and_denied_again(self):
        for _, client in self.clients(V5):
            alias = {"topic_alias": 1}
            self.assertEqual(client.publish("closed/a", b"x", 1, props=alias).reason, 0x87)
            self.assertEqual(client.publish("", b"x", 1, props=alias).reason, 0x87)
            self.assertLess(client.publish("open/a", b"x", 1, props=alias).reason, 0x80)
            self.assertLess(client.publish("", b"x", 1, props=alias).reason, 0x80)

    def test_what_may_not_be_read_is_not_delivered_to_a_wider_filter(self):
        for _, client in self.clients(V311, V5):
            client.subscribe("seen/#", qos=1)
            say = self.client(RawClient, self.broker.port, V5)
            say.publish("seen/secret", b"no", 1)
            say.publish("seen/other", b"yes", 1)
            say.close()


class DeniedAndClosed(Denied):
    settings = {"access.refused_publish": "close"}

    def test_a_publish_that_is_denied_is_answered_as_its_qos_and_version_can(self):
        for version, client in self.clients(V31, V311):
            client.send(wire.publish("closed/a", b"x", version, 1, 3))
            client.expect_closed()
        for _, client in self.clients(V5):
            self.assertEqual(client.publish("closed/a", b"x", 1).reason, 0x87)


if __name__ == "__main__":
    case.main()
