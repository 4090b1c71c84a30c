# SPDX-License-Identifier: Apache-2.0
"""What outlives a connection, for how long, and what does not."""
import time

from support import case, wire
from support.broker import BrokerCase
from support.peers import Paho, listen, say, with_every_client
from support.raw import RawClient, connected, durable
from support.wire import V5, V311

BOTH = (V311, V5)


class Sessions(BrokerCase):
    def again(self, version, **options):
        """Connects under this test's name with a session that stays."""
        client = connected(self.port, self.client_id(str(version)), version,
                           **{**durable(version), **options})
        self.addCleanup(client.close)
        return client

    def test_session_present_tells_whether_there_was_one(self):
        for version in BOTH:
            for expected in (0, 1, 1):
                client = self.again(version)
                self.assertEqual(client.connack.session_present, expected)
                client.disconnect()
            client = connected(self.port, self.client_id(str(version)), version)
            self.assertEqual(client.connack.session_present, 0)
            client.disconnect()
            client = self.again(version)
            self.assertEqual(client.connack.session_present, 0)
            client.disconnect()

    def test_missed_messages_of_qos_1_and_2_come_and_those_of_qos_0_do_not(self):
        for version in BOTH:
            topic = self.topic(str(version))
            client = self.again(version)
            client.subscribe(topic, qos=2)
            client.disconnect()
            speaker = self.raw(f"s{version}", version)
            for number in range(300):
                speaker.publish(topic, b"%d" % number, number % 3)
            client = self.again(version)
            got = client.receive_all(200)
            self.assertEqual([int(m.payload) for m in got], [n for n in range(300) if n % 3])
            self.assertEqual([m.qos for m in got], [n % 3 for n in range(300) if n % 3])
            client.expect_quiet()
            client.disconnect()

    def test_missed_messages_are_kept_at_the_lower_qos(self):
        for version in BOTH:
            topic = self.topic(str(version))
            client = self.again(version)
            client.subscribe(f"{topic}/0", qos=0)
            client.subscribe(f"{topic}/1", qos=1)
            client.disconnect()
            speaker = self.raw(f"s{version}", version)
            speaker.publish(f"{topic}/0", b"granted 0", 2)
            speaker.publish(f"{topic}/1", b"granted 1", 2)
            client = self.again(version)
            client.expect("PUBLISH", payload=b"granted 1", qos=1)
            client.expect_quiet()
            client.disconnect()

    def test_several_subscriptions_survive_and_unsubscribed_ones_do_not(self):
        for version in BOTH:
            topic = self.topic(str(version))
            client = self.again(version)
            client.subscribe(*[f"{topic}/{n}" for n in range(20)], qos=1)
            client.unsubscribe(*[f"{topic}/{n}" for n in range(0, 20, 2)])
            client.disconnect()
            client = self.again(version)
            speaker = self.raw(f"s{version}", version)
            for number in range(20):
                speaker.publish(f"{topic}/{number}", b"%d" % number, 1)
            self.assertEqual([int(m.payload) for m in client.receive_all(10)],
                             list(range(1, 20, 2)))
            client.expect_quiet()
            client.disconnect()

    def test_live_messages_do_not_overtake_queued_ones(self):
        for version in BOTH:
            topic = self.topic(str(version))
            client = self.again(version)
            client.subscribe(topic, qos=1)
            client.disconnect()
            speaker = self.raw(f"s{version}", version)
            for number in range(500):
                speaker.publish(topic, b"%d" % number, 1)
            client = self.again(version)
            for number in range(500, 1000):
                speaker.send(wire.publish(topic, b"%d" % number, version, 1, number))
            self.assertEqual([int(m.payload) for m in client.receive_all(1000)],
                             list(range(1000)))
            client.disconnect()

    def test_many_reconnects_lose_and_double_nothing_at_qos_2(self):
        for version in BOTH:
            topic = self.topic(str(version))
            client = self.again(version)
            client.subscribe(topic, qos=2)
            speaker = self.raw(f"s{version}", version)
            sent, got = 0, []
            for round_ in range(25):
                for _ in range(4):
                    speaker.publish(topic, b"%d" % sent, 2)
                    sent += 1
                for _ in range(round_ % 4):
                    got.append(int(client.receive().payload))
                client.abort()
                client = self.again(version)
                client.is_resumed = True
                self.assertEqual(client.connack.session_present, 1)
            pending = sent - len(got)
            got += [int(m.payload) for m in client.receive_all(pending)]
            self.assertEqual(got, list(range(sent)))
            client.expect_quiet()
            client.disconnect()

    def test_assigned_client_ids_of_mqtt_3_are_unique(self):
        first, second = RawClient(self.port), RawClient(self.port)
        for client in (first, second):
            self.addCleanup(client.close)
            client.connect("")
        for client in (first, second):
            client.expect_quiet()

    @with_every_client
    def test_a_session_moves_from_one_family_of_clients_to_another(self, peer, name, base):
        listen(peer, self.port, name, [f"{base}/a"], 1, durable=True).close()
        say(peer, self.port, f"{base}/a", b"missed", 1)
        other = V5 if peer[1] == V311 else V311
        client = connected(self.port, name, other, **durable(other))
        self.assertEqual(client.connack.session_present, 1)
        self.assertEqual(client.receive().payload, b"missed")
        client.disconnect()


class Expiry(BrokerCase):
    def connect(self, expiry, clean=False):
        props = {} if expiry is None else {"session_expiry": expiry}
        client = connected(self.port, self.client_id(), V5, clean=clean, props=props)
        self.addCleanup(client.close)
        return client

    def test_no_expiry_interval_means_that_the_session_ends_with_the_connection(self):
        self.connect(None).disconnect()
        self.assertEqual(self.connect(None).connack.session_present, 0)

    def test_a_session_expires_after_its_interval(self):
        client = self.connect(1)
        client.subscribe(self.topic(), qos=1)
        client.disconnect()
        begin, present, connections = time.monotonic(), 1, 0
        while present and time.monotonic() - begin < 20:
            # Each look resumes the session, so wait longer than its interval before the next.
            watcher = self.raw(f"w{connections}")
            with self.assertRaisesRegex(AssertionError, "nothing arrived"):
                watcher.read(within=2.2)
            client = self.connect(1)
            present, connections = client.connack.session_present, connections + 1
            client.disconnect()
        self.assertEqual(present, 0)

    def test_a_session_lives_on_within_its_interval(self):
        client = self.connect(300)
        client.subscribe(self.topic(), qos=1)
        client.abort()
        self.assertEqual(self.connect(300).connack.session_present, 1)

    def test_disconnect_can_shorten_the_interval(self):
        client = self.connect(300)
        client.disconnect(reason=0, props={"session_expiry": 0})
        self.assertEqual(self.connect(300).connack.session_present, 0)

    def test_disconnect_can_lengthen_the_interval(self):
        client = self.connect(1)
        client.disconnect(reason=0, props={"session_expiry": 300})
        watcher = self.raw("w")
        with self.assertRaisesRegex(AssertionError, "nothing arrived"):
            watcher.read(within=2.5)
        self.assertEqual(self.connect(300).connack.session_present, 1)

    def test_clean_start_keeps_the_new_session_as_long_as_asked(self):
        self.connect(300, clean=True).disconnect()
        self.assertEqual(self.connect(300).connack.session_present, 1)

    def test_paho_resumes_within_the_interval(self):
        first = Paho(self.port, self.client_id("p"), V5, clean=False, expiry=300)
        first.subscribe(self.topic(), qos=1)
        first.close()
        second = Paho(self.port, self.client_id("p"), V5, clean=False, expiry=300)
        self.assertTrue(second.session_present)
        second.close()


if __name__ == "__main__":
    case.main()
