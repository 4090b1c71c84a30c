# SPDX-License-Identifier: Apache-2.0
"""What one user may have of the whole broker, whatever number of clients and threads it uses."""
import json
import re
import time
import unittest

from auth_test import SECRET, Folder
from support import case
from support.broker import MOSQUITTO, Broker
from support.raw import PATIENCE, RawClient, durable
from support.wire import V5, V311

QUOTA = 0x97


def eventually(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"


@unittest.skipIf(MOSQUITTO, "Sluice's own quotas")
class Quotas(Folder):
    def broker(self, settings, rules=None, threads=4):
        settings = {"auth.password_file": self.users("ann", "bob", "cy"), **settings}
        if rules:
            settings["acl.rules_file"] = self.path("rules", rules)
        broker = Broker(threads=threads, settings=settings)
        broker.start()
        self.addCleanup(broker.__exit__, None)
        return broker

    def client(self, broker, client_id, user="ann", version=V5, expect=0, **options):
        client = RawClient(broker.port, version)
        self.addCleanup(client.close)
        client.connect(client_id, expect=expect, username=user, password=SECRET, **options)
        return client

    def accounts(self, broker):
        _, text = broker.fetch("/api/v1/quotas")
        return {one["user"]: one for one in json.loads(text)["quotas"]}

    def counted(self, broker, name, label):
        _, text = broker.fetch("/metrics")
        row = f"sluice_{name}_total{{{label}}}"
        return int(re.search(rf'^{re.escape(row)} (\d+)$', text, re.M)[1])

    def test_connections_are_counted_over_all_threads(self):
        broker = self.broker({"quota.connections_max": 5})
        inside = [self.client(broker, f"a{i}") for i in range(5)]
        self.client(broker, "a5", expect=QUOTA)
        self.client(broker, "a6", version=V311, expect=3)
        self.client(broker, "b0", user="bob")
        # One that takes over another takes its place.
        again = self.client(broker, "a2")
        self.assertEqual(inside[2].read().reason, 0x8E)
        self.client(broker, "a7", expect=QUOTA)
        again.disconnect()
        self.client(broker, "a8")
        self.assertEqual(self.counted(broker, "limits_hit", 'limit="quota_connections_max"'), 3)
        self.assertEqual(self.accounts(broker)["ann"]["connections"], 5)

    def test_subscriptions_of_clients_that_are_away_count_too(self):
        broker = self.broker({"quota.subscriptions_max": 4})
        away = self.client(broker, "s1", **durable(V5))
        away.subscribe("a", "b", "$share/g/c")
        away.close()
        client = self.client(broker, "s2")
        self.assertEqual(client.subscribe("d", "e", granted=False), [0, QUOTA])
        self.assertEqual(client.subscribe("d"), [0])           # that it has already
        old = self.client(broker, "s3", version=V311)
        self.assertEqual(old.subscribe("f", granted=False), [0x80])
        client.unsubscribe("d")
        self.assertEqual(old.subscribe("f"), [0])
        # The session ends, and what it had is free.
        self.client(broker, "s1", clean=True)
        self.assertEqual(client.subscribe("a", "b", "c", granted=False), [0, 0, 0])
        self.assertEqual(client.subscribe("d", granted=False), [QUOTA])
        self.assertEqual(
            self.counted(broker, "limits_hit", 'limit="quota_subscriptions_max"'), 3)

    def test_queued_bytes_are_those_of_all_its_sessions(self):
        for threads in (1, 4):
            with self.subTest(threads=threads):
                broker = self.broker({"quota.queue_bytes_max": "10kB"}, threads=threads)
                for name in ("q1", "q2"):
                    sleeper = self.client(broker, name, **durable(V5))
                    sleeper.subscribe(name, qos=1)
                    sleeper.disconnect()
                sender = self.client(broker, "sender", user="bob")
                body = b"x" * 998                        # 1,000 with the topic
                answers = [sender.publish(topic, body, 1).reason
                           for topic in ("q1", "q2") for _ in range(6)]
                # A thread that has mailed a message to another has nobody's word for it.
                if threads == 1:
                    self.assertEqual(answers, [0] * 10 + [QUOTA] * 2)
                dropped = 'cause="quota_queue_bytes_max"'
                eventually(lambda b=broker: self.counted(b, "messages_dropped", dropped) == 2)
                self.assertEqual(self.accounts(broker)["ann"]["queue_bytes"], 10000)
                back = self.client(broker, "q1", **durable(V5))
                count = 6 if threads == 1 else (10000 - 1000 * self.queued(broker, "q2")) // 1000
                back.receive_all(count)
                self.assertEqual(self.accounts(broker)["ann"]["queue_bytes"], 10000 - 1000 * count)

    def queued(self, broker, client):
        _, text = broker.fetch(f"/api/v1/clients/{client}")
        return json.loads(text)["queue_messages"]

    def test_retained_messages_are_their_last_publishers(self):
        broker = self.broker({"quota.retained_messages_max": 3})
        client = self.client(broker, "r")
        for topic in ("r/1", "r/2", "r/3", "r/1"):
            self.assertIn(client.publish(topic, b"x", 1, retain=True).reason, (0, 0x10))
        self.assertEqual(client.publish("r/4", b"x", 1, retain=True).reason, QUOTA)
        self.assertEqual(client.publish("r/4", b"x", 2, retain=True).reason, QUOTA)
        self.assertIn(client.publish("r/4", b"x", 1).reason, (0, 0x10))
        old = self.client(broker, "r311", version=V311)
        old.publish("r/5", b"x", 1, retain=True)         # acknowledged, and dropped
        reader = self.client(broker, "reader", user="bob")
        reader.subscribe("r/#")
        self.assertEqual({reader.expect("PUBLISH").topic for _ in range(3)},
                         {"r/1", "r/2", "r/3"})
        # Another's message in its place, and one that is cleared, make room.
        other = self.client(broker, "r2", user="bob")
        other.publish("r/1", b"y", 1, retain=True)
        client.publish("r/2", b"", 1, retain=True)
        for topic in ("r/4", "r/5"):
            self.assertIn(client.publish(topic, b"x", 1, retain=True).reason, (0, 0x10))
        self.assertEqual(client.publish("r/6", b"x", 1, retain=True).reason, QUOTA)
        self.assertEqual(self.accounts(broker)["ann"]["retained_messages"], 3)
        self.assertEqual(self.accounts(broker)["bob"]["retained_messages"], 1)
        self.assertEqual(
            self.counted(broker, "messages_dropped", 'cause="quota_retained_messages_max"'), 4)

    def test_rules_give_users_and_groups_quotas_of_their_own(self):
        broker = self.broker({"quota.connections_max": 1},
                             "allow everyone all #\n"
                             "group big bob\n"
                             "quota user cy connections 0\n"
                             "quota group big connections 3 queue_bytes 64KiB\n")
        self.client(broker, "a1")
        self.client(broker, "a2", expect=QUOTA)
        for i in range(3):
            self.client(broker, f"b{i}", user="bob")
        self.client(broker, "b3", user="bob", expect=QUOTA)
        for i in range(5):
            self.client(broker, f"c{i}", user="cy")

    def test_clients_without_a_name_count_by_address(self):
        broker = self.broker({"quota.connections_max": 2, "server.allow_anonymous": "true"})
        anonymous = [RawClient(broker.port, V5) for _ in range(3)]
        for client in anonymous:
            self.addCleanup(client.close)
        for i in range(2):
            anonymous[i].connect(f"n{i}")
        anonymous[2].connect("n2", expect=QUOTA)
        self.client(broker, "a")
        self.assertIn("127.0.0.1", self.accounts(broker))

    def test_nothing_is_left_of_a_user_that_has_gone(self):
        broker = self.broker({"quota.connections_max": 100})
        for version in (V311, V5):
            for i in range(20):
                one = self.client(broker, f"g{i}", version=version)
                one.subscribe("t", qos=1)
                one.disconnect()
        eventually(lambda: "ann" not in self.accounts(broker))


if __name__ == "__main__":
    case.main()
