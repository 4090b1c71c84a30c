# SPDX-License-Identifier: Apache-2.0
"""Last will: when it is sent, when not, as what, and after which delay."""
import time

from support import case
from support.broker import BrokerCase, not_for_mosquitto
from support.peers import Message, Paho
from support.raw import connected
from support.wire import V5, V311

BOTH = (V311, V5)


class Wills(BrokerCase):
    def setUp(self):
        super().setUp()
        self.hear = self.raw("-hear", V5)
        self.hear.subscribe(self.topic("#"), qos=2)

    def with_will(self, version=V5, suffix="", **options):
        will = {"topic": self.topic("will"), "payload": b"gone", "qos": 1,
                **options.pop("will", {})}
        return self.raw(suffix, version, will=will, **options)

    def no_will_before_the_fence(self):
        speaker = self.raw("-fence")
        speaker.publish(self.topic("fence"), b"", 1)
        self.hear.receive(topic=self.topic("fence"))

    def test_will_is_sent_when_the_socket_closes_without_disconnect(self):
        for version in BOTH:
            self.with_will(version).close()
            self.hear.receive(payload=b"gone", qos=1, retain=False)
            self.with_will(version).abort()
            self.hear.receive(payload=b"gone", qos=1, retain=False)

    def test_will_is_not_sent_after_disconnect(self):
        for version in BOTH:
            self.with_will(version).disconnect()
            self.no_will_before_the_fence()

    def test_will_is_sent_after_a_protocol_error(self):
        for version in BOTH:
            client = self.with_will(version)
            client.send(b"\x80\x02\x00\x01")     # SUBSCRIBE with wrong flags
            self.hear.receive(payload=b"gone")

    def test_disconnect_with_will_message_sends_it(self):
        self.with_will().disconnect(reason=4)
        self.hear.receive(payload=b"gone")

    def test_will_takes_its_qos(self):
        for version in BOTH:
            for qos in (0, 1, 2):
                self.with_will(version, will={"qos": qos}).abort()
                self.hear.receive(payload=b"gone", qos=qos)

    def test_retained_will_is_kept_for_later_subscribers(self):
        for version in BOTH:
            topic = self.topic(f"retained{version}")
            self.with_will(version, will={"topic": topic, "retain": True}).abort()
            self.hear.receive(topic=topic, payload=b"gone")
            late = self.raw("-late", version)
            late.subscribe(topic, qos=1)
            late.receive(topic=topic, payload=b"gone", retain=True)
            late.publish(topic, b"", 1, retain=True)
            self.hear.receive(topic=topic, payload=b"")

    def test_empty_will_message_is_sent(self):
        for version in BOTH:
            self.with_will(version, will={"payload": b""}).abort()
            self.hear.receive(topic=self.topic("will"), payload=b"")

    def test_large_will_message_arrives_intact(self):
        self.with_will(will={"payload": b"w" * 65535}).abort()
        self.hear.receive(payload=b"w" * 65535)

    def test_will_is_sent_once(self):
        self.with_will().abort()
        self.hear.receive(payload=b"gone")
        self.raw().disconnect()
        self.no_will_before_the_fence()

    def test_will_properties_are_forwarded(self):
        props = {"content_type": "text/plain", "payload_format": 1, "response_topic": "answer/here",
                 "correlation_data": b"\0\1", "user_property": [("a", "1"), ("b", "2"), ("a", "1")]}
        self.with_will(will={"props": {"will_delay": 0, **props}}).abort()
        self.assertEqual(self.hear.receive(payload=b"gone").props, props)

    def test_will_of_a_3_1_1_client_is_sent_at_takeover(self):
        first = self.with_will(V311)
        second = self.raw("", V311)
        first.expect_closed()
        self.hear.receive(payload=b"gone")
        second.expect_quiet()

    def test_will_of_a_session_that_a_clean_start_ends_is_sent_at_takeover(self):
        self.with_will(V5, props={"session_expiry": 300})
        self.raw("", V5, clean=True)
        self.hear.receive(payload=b"gone")

    def test_paho_wills_in_both_versions(self):
        for version in BOTH:
            will = {"topic": self.topic("paho"), "payload": b"bye", "qos": 1}
            listener = Paho(self.port, self.client_id("-l"), version)
            listener.subscribe(will["topic"], qos=1)
            Paho(self.port, self.client_id("-p"), version, will=will).lose()
            self.assertEqual(listener.take(), [Message(will["topic"], b"bye", 1, False)])
            listener.close()


class DelayedWills(BrokerCase):
    def setUp(self):
        super().setUp()
        self.hear = self.raw("-hear", V5)
        self.hear.subscribe(self.topic("#"), qos=1)

    def with_delay(self, delay, expiry, **options):
        will = {"topic": self.topic("will"), "payload": b"gone", "qos": 1,
                "props": {"will_delay": delay}}
        client = connected(self.port, self.client_id(), V5, will=will, clean=False,
                           props={"session_expiry": expiry}, **options)
        self.addCleanup(client.close)
        return client

    def test_delayed_will_is_sent_when_the_delay_is_over(self):
        client = self.with_delay(2, 300)
        begin = time.monotonic()
        client.abort()
        self.hear.receive(payload=b"gone")
        self.assertGreaterEqual(time.monotonic() - begin, 1.0)

    def test_session_end_comes_before_a_longer_delay(self):
        client = self.with_delay(300, 1)
        begin = time.monotonic()
        client.abort()
        self.hear.receive(payload=b"gone")
        self.assertGreaterEqual(time.monotonic() - begin, 0.4)

    @not_for_mosquitto("2.0.11 waits for the whole delay")
    def test_delay_counts_nothing_when_the_session_ends_with_the_connection(self):
        self.with_delay(300, 0).abort()
        self.hear.receive(payload=b"gone")

    def test_coming_back_within_the_delay_cancels_the_will(self):
        self.with_delay(2, 300).abort()
        client = connected(self.port, self.client_id(), V5, clean=False,
                           props={"session_expiry": 300})
        self.assertEqual(client.connack.session_present, 1)
        with self.assertRaisesRegex(AssertionError, "nothing arrived"):
            self.hear.read(within=4.0)
        client.disconnect()

    @not_for_mosquitto("2.0.11 sends it only after the delay")
    def test_clean_start_within_the_delay_sends_the_will_at_once(self):
        self.with_delay(300, 300).abort()
        client = connected(self.port, self.client_id(), V5, clean=True)
        self.hear.receive(payload=b"gone")
        client.disconnect()

    def test_disconnect_discards_a_delayed_will(self):
        self.with_delay(1, 300).disconnect()
        with self.assertRaisesRegex(AssertionError, "nothing arrived"):
            self.hear.read(within=3.0)


if __name__ == "__main__":
    case.main()
