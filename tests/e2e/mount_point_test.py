# SPDX-License-Identifier: Apache-2.0
"""A listener whose clients have a tree of topics of their own, beside one that sees all of it."""
import unittest

from auth_test import Folder
from support import case
from support.broker import MOSQUITTO
from support.peers import MosquittoSub, Paho
from support.raw import connected
from support.wire import V5, V311
from tls_test import Listening


@unittest.skipIf(MOSQUITTO, "Sluice's own listeners")
class MountPoint(Folder):
    def listening(self, **options):
        at = Listening("mqtt", mount_point="site/7/", **options)
        return at

    def paho(self, port, name, version, **options):
        client = Paho(port, f"{name}-{version}", version, **options)
        self.addCleanup(client.lose)
        return client

    def test_messages_cross_between_the_tree_and_the_whole(self):
        with self.listening() as at:
            for version in (V311, V5):
                for qos in (0, 1, 2):
                    with self.subTest(version=version, qos=qos):
                        inner = self.paho(at.port, f"in{qos}", version)
                        outer = self.paho(at.broker.port, f"out{qos}", version)
                        inner.subscribe("a/#", qos=qos)
                        outer.subscribe("#", qos=qos)
                        inner.publish("a/up", b"1", qos)
                        self.assertEqual(inner.take()[0], ("a/up", b"1", qos, False))
                        self.assertEqual(outer.take()[0], ("site/7/a/up", b"1", qos, False))
                        outer.publish("site/7/a/down", b"2", qos)
                        self.assertEqual(inner.take()[0], ("a/down", b"2", qos, False))
                        outer.take()
                        outer.publish("a/elsewhere", b"3", qos)
                        outer.take()
                        inner.publish("a/end", b"", qos)
                        self.assertEqual(inner.until("a/end"), [])
                        inner.close()
                        outer.close()

    def test_unsubscribing_ends_what_subscribing_began(self):
        with self.listening() as at:
            for version in (V311, V5):
                inner = self.paho(at.port, "un", version)
                inner.subscribe("x", "y", "$share/g/z")
                inner.client.unsubscribe(["x", "$share/g/z"])
                inner.subscribe("fence")        # behind it in order
                for topic in ("x", "z", "y", "fence"):
                    inner.publish(topic, topic.encode())
                self.assertEqual([m.topic for m in inner.until("fence")], ["y"])
                inner.close()

    def test_retained_messages_and_wills_stand_under_the_mount_point(self):
        with self.listening() as at:
            for version in (V311, V5):
                outer = self.paho(at.broker.port, "watch", version)
                outer.subscribe("site/7/+/will", "site/7/r")
                inner = self.paho(at.port, "dies", version,
                                  will={"topic": "dev/will", "payload": b"gone", "qos": 1})
                inner.publish("r", b"kept", 1, True)
                self.assertEqual(outer.take()[0].topic, "site/7/r")
                inner.lose()
                self.assertEqual(outer.take()[0][:2], ("site/7/dev/will", b"gone"))
                late = self.paho(at.port, "late", version)
                late.subscribe("#")
                self.assertEqual(late.take()[0], ("r", b"kept", 0, True))
                late.publish("r", b"", 1, True)
                late.close()
                outer.close()

    def test_a_shared_subscription_has_members_on_both_sides(self):
        with self.listening(threads=1) as at:
            inner = MosquittoSub(at.port, "m-in", V5, ["$share/g/job/#"], qos=1)
            outer = MosquittoSub(at.broker.port, "m-out", V5, ["$share/g/site/7/job/#"], qos=1)
            self.addCleanup(inner.lose)
            self.addCleanup(outer.lose)
            sender = self.paho(at.port, "sender", V5)
            for i in range(10):
                sender.publish("job/a", b"%d" % i, 1)
            seen = inner.take(5) + outer.take(5)
            self.assertEqual({m.topic for m in seen}, {"job/a", "site/7/job/a"})
            self.assertEqual({m.payload for m in seen}, {b"%d" % i for i in range(10)})

    def test_the_response_topic_is_a_topic_of_the_client_too(self):
        with self.listening() as at:
            inner = self.paho(at.port, "asks", V5)
            inner.subscribe("answers/1", qos=1)
            outer = self.paho(at.broker.port, "replies", V5)
            outer.subscribe("site/7/ask", qos=1)
            inner.publish("ask", b"?", 1, properties={"ResponseTopic": "answers/1",
                                                      "CorrelationData": b"c"})
            outer.take()
            asked = outer.raw_messages[-1].properties
            self.assertEqual((asked.ResponseTopic, asked.CorrelationData),
                             ("site/7/answers/1", b"c"))
            outer.publish(asked.ResponseTopic, b"!", 1)
            self.assertEqual(inner.take()[0][:2], ("answers/1", b"!"))
            inner.subscribe("tell", qos=1)
            outer.publish("site/7/tell", b"?", 1, properties={"ResponseTopic": "site/7/back"})
            inner.take()
            self.assertEqual(inner.raw_messages[-1].properties.ResponseTopic, "back")

    def test_what_the_broker_says_of_itself_is_the_same_for_all(self):
        with self.listening(settings={"sys.interval": "1s"}) as at:
            inner = self.paho(at.port, "sys", V311)
            inner.subscribe("$SYS/broker/version")
            self.assertEqual(inner.take()[0].topic, "$SYS/broker/version")

    def test_a_session_keeps_messages_and_sends_them_under_their_own_names(self):
        with self.listening() as at:
            first = self.paho(at.port, "kept", V5, clean=False, expiry=100)
            first.subscribe("q/#", qos=2)
            first.close()
            outer = self.paho(at.broker.port, "fills", V5)
            for i in range(20):
                outer.publish(f"site/7/q/{i}", b"x", 1)
            again = self.paho(at.port, "kept", V5, clean=False, expiry=100)
            self.assertTrue(again.session_present)
            self.assertEqual([m.topic for m in again.take(20)], [f"q/{i}" for i in range(20)])

    def test_rules_speak_of_the_mounted_topic(self):
        rules = self.path("rules", "allow everyone all site/7/open/#\n")
        with self.listening(settings={"acl.rules_file": rules}) as at:
            inner = self.paho(at.port, "rules", V5)
            self.assertEqual(inner.subscribe("open/#", "closed/#"), [0, 0x87])
            inner.publish("closed/x", b"no")
            inner.publish("open/x", b"yes")
            self.assertEqual(inner.take()[0], ("open/x", b"yes", 0, False))

    def test_aliases_and_a_small_maximum_packet_size_count_what_is_sent(self):
        with self.listening() as at:
            outer = self.paho(at.broker.port, "to-both", V5)
            small = connected(at.port, "small", V5, props={"maximum_packet_size": 40})
            aliased = connected(at.port, "aliased", V5, props={"topic_alias_maximum": 5})
            for client in (small, aliased):
                self.addCleanup(client.close)
                client.subscribe("long/enough/name", qos=1)
            # With the mount point it would be larger than 40 bytes.
            for qos, topic in ((1, "long/enough/name"), (0, "")):
                outer.publish("site/7/long/enough/name", b"01234567890123"[:14 - 4 * qos], qos)
                small.receive(topic="long/enough/name")
                aliased.receive(topic=topic)

    def test_a_mount_point_with_a_wildcard_is_refused(self):
        for bad in ("a/+/", "a/#", "$SYS/"):
            with self.assertRaisesRegex(AssertionError, "mount_point"):
                with Listening("mqtt", mount_point=bad):
                    pass


if __name__ == "__main__":
    case.main()
