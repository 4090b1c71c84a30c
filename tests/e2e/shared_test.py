# SPDX-License-Identifier: Apache-2.0
"""Shared subscriptions: one copy for the whole group, none lost when members come and go."""
import select
from collections import Counter

from support import case, wire
from support.broker import BrokerCase, not_for_mosquitto
from support.peers import MosquittoSub, Paho
from support.raw import connected
from support.wire import V5, V311


class Shared(BrokerCase):
    threads = 4

    def members(self, count, group="g", qos=1, **options):
        out = [self.raw(f"m{group}{number}", V5, **options) for number in range(count)]
        for member in out:
            member.subscribe(f"$share/{group}/{self.topic('#')}", qos=qos)
        return out

    def gather(self, members, total):
        """Reads what arrives at any member until there are `total` messages; who got what."""
        got = [[] for _ in members]
        while sum(map(len, got)) < total:
            ready = [m for m in members if m.held or m.buffer]
            if not ready:
                sockets = select.select([m.socket for m in members], [], [], 20)[0]
                ready = [m for m in members if m.socket in sockets]
            self.assertTrue(ready, f"{sum(map(len, got))} of {total} came")
            for member in ready:
                got[members.index(member)].append(member.receive())
        # Nothing more may be on its way: a message that takes the same way to each member ends it.
        fence = self.raw("fence", V5)
        for member in members:
            member.subscribe(self.topic().replace("Shared/", "Fence/"), qos=0)
        fence.publish(self.topic().replace("Shared/", "Fence/"), b"end")
        for member in members:
            member.receive(payload=b"end")
        fence.disconnect()
        return got

    def test_each_message_goes_to_one_member(self):
        for qos in (0, 1, 2):
            with self.subTest(qos=qos):
                members = self.members(4, f"q{qos}", qos)
                speaker = self.raw(f"s{qos}", V5)
                for number in range(400):
                    speaker.publish(self.topic("a"), b"%d" % number, qos)
                got = self.gather(members, 400)
                counts = Counter(int(m.payload) for part in got for m in part)
                self.assertEqual(counts, Counter(range(400)))
                for member in members:
                    member.disconnect()

    def test_all_members_take_part(self):
        members = self.members(4)
        speaker = self.raw("s", V5)
        for number in range(400):
            speaker.publish(self.topic("a"), b"%d" % number, 1)
        got = self.gather(members, 400)
        self.assertTrue(all(len(part) >= 10 for part in got), [len(part) for part in got])

    def test_each_group_gets_its_own_copy_and_plain_subscribers_theirs(self):
        first, second = self.members(2, "one"), self.members(3, "two")
        plain = self.raw("plain", V311)
        plain.subscribe(self.topic("#"), qos=1)
        speaker = self.raw("s", V5)
        for number in range(60):
            speaker.publish(self.topic("a"), b"%d" % number, 1)
        for group in (first, second):
            got = self.gather(group, 60)
            self.assertEqual(sorted(int(m.payload) for part in got for m in part), list(range(60)))
        self.assertEqual([int(m.payload) for m in plain.receive_all(60)], list(range(60)))

    def test_one_client_with_a_shared_and_a_plain_subscription_gets_both(self):
        client = self.raw("", V5)
        client.subscribe(f"$share/g/{self.topic()}", qos=1)
        client.subscribe(self.topic(), qos=1)
        client.publish(self.topic(), b"x", 1)
        self.assertEqual([m.payload for m in client.receive_all(2)], [b"x", b"x"])
        client.expect_quiet()

    @not_for_mosquitto("2.0.11 sends them")
    def test_no_retained_message_upon_a_shared_subscribe(self):
        client = self.raw("", V5)
        client.publish(self.topic("r"), b"x", 1, retain=True)
        client.subscribe(f"$share/g/{self.topic('#')}", qos=1)
        client.expect_quiet()

    def test_granted_qos_is_respected(self):
        (member,) = self.members(1, qos=0)
        speaker = self.raw("s", V5)
        speaker.publish(self.topic("a"), b"x", 2)
        member.receive(payload=b"x", qos=0)

    def test_unsubscribe_leaves_the_rest_to_the_others(self):
        members = self.members(2)
        self.assertEqual(members[0].unsubscribe(f"$share/g/{self.topic('#')}"), [0])
        speaker = self.raw("s", V5)
        for number in range(20):
            speaker.publish(self.topic("a"), b"%d" % number, 1)
        self.assertEqual([int(m.payload) for m in members[1].receive_all(20)], list(range(20)))
        members[0].expect_quiet()

    @not_for_mosquitto("2.0.11 drops what the lost member had not acknowledged")
    def test_what_a_lost_member_had_not_acknowledged_goes_to_another(self):
        first = connected(self.port, self.client_id("first"), V5)
        first.subscribe(f"$share/g/{self.topic()}", qos=1)
        speaker = self.raw("s", V5)
        for number in range(10):
            speaker.publish(self.topic(), b"%d" % number, 1)
        for _ in range(10):
            first.expect("PUBLISH")
        second = self.raw("second", V5)
        second.subscribe(f"$share/g/{self.topic()}", qos=1)
        first.abort()
        self.assertEqual(sorted(int(m.payload) for m in second.receive_all(10)), list(range(10)))

    def test_a_lasting_member_that_is_away_gets_the_messages_when_it_comes_back(self):
        options = {"clean": False, "props": {"session_expiry": 300}}
        member = connected(self.port, self.client_id(), V5, **options)
        member.subscribe(f"$share/g/{self.topic()}", qos=1)
        member.disconnect()
        speaker = self.raw("s", V5)
        for number in range(10):
            speaker.publish(self.topic(), b"%d" % number, 1)
        member = connected(self.port, self.client_id(), V5, **options)
        self.assertEqual([int(m.payload) for m in member.receive_all(10)], list(range(10)))
        member.disconnect()

    def test_mqtt_3_1_1_clients_may_share_too(self):
        client = self.raw("", V311)
        client.subscribe(f"$share/g/{self.topic()}", qos=1)
        client.publish(self.topic(), b"x", 1)
        client.receive(topic=self.topic(), payload=b"x")

    @not_for_mosquitto("2.0.11 accepts most of them")
    def test_shared_names_are_checked(self):
        for bad in ("$share//a", "$share/g", "$share/g/", "$share/+/a", "$share/#/a",
                    "$share/g#/a"):
            with self.subTest(filter=bad):
                client = self.raw(bad.replace("/", "_").replace("#", "h").replace("+", "p"), V5)
                client.send(wire.subscribe(1, [(bad, 0)], V5))
                answer = client.read()
                if answer is not None and answer.kind == "SUBACK":
                    self.assertEqual(answer.reasons, [0x8F])
                elif answer is not None:
                    self.assertEqual(answer.kind, "DISCONNECT")
                    self.assertIn(answer.reason, (0x81, 0x82, 0x8F))

    def test_people_s_clients_share(self):
        subs = [MosquittoSub(self.port, self.client_id(f"{n}"), V5,
                             [f"$share/g/{self.topic('#')}", self.topic("end")], 1)
                for n in range(2)]
        member = Paho(self.port, self.client_id("p"), V5)
        member.subscribe(f"$share/g/{self.topic('#')}", self.topic("end"), qos=1)
        speaker = Paho(self.port, self.client_id("s"), V5)
        for number in range(60):
            speaker.publish(self.topic("a"), b"%d" % number, 1)
        speaker.publish(self.topic("end"), b"", 1)
        got = [m for each in (*subs, member) for m in each.until(self.topic("end"))]
        self.assertEqual(sorted(int(m.payload) for m in got if m.topic == self.topic("a")),
                         list(range(60)))
        for each in (*subs, member, speaker):
            each.close()


if __name__ == "__main__":
    case.main()
