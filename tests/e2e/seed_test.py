# SPDX-License-Identifier: Apache-2.0
"""What the document "IoT Communication Protocols" promises of MQTT, with the clients it names."""
import os
import subprocess
import sys
import threading
import time
import unittest

from support import case
from support.broker import MOSQUITTO, Broker, BrokerCase, missing_peer
from support.namespace import NetworkNamespace
from support.peers import (ALL, Message, MosquittoSub, Paho, label, listen, mosquitto_pub, say,
                           with_every_client)
from support.raw import RawClient, connected
from support.wire import V311, V5

FOLDER = os.path.dirname(os.path.abspath(__file__))


class Program:
    """A running script and its lines."""

    def __init__(self, prefix, text):
        self.lines, self.changed = [], threading.Condition()
        self.process = subprocess.Popen([*prefix, sys.executable, "-u", "-c", text], text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        self.thread = threading.Thread(target=self.collect, daemon=True)
        self.thread.start()

    def collect(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line.strip())
                self.changed.notify_all()

    def wait_for(self, start, count=1, within=40):
        with self.changed:
            enough = self.changed.wait_for(
                lambda: sum(line.startswith(start) for line in self.lines) >= count, within)
            assert enough, f"not {count} times {start!r} but {self.lines}"
            return [line for line in self.lines if line.startswith(start)]

    def end(self):
        self.process.kill()
        self.process.wait()
        self.thread.join(5)
        self.process.stdout.close()


class PrintedPrograms(unittest.TestCase):
    """The publisher and the subscriber as printed; only the host is changed to localhost."""

    def setUp(self):
        try:
            import paho.mqtt.client     # noqa: F401
        except ImportError:
            missing_peer("python3-paho-mqtt")
        self.namespace = NetworkNamespace()
        self.addCleanup(self.namespace.leave)
        self.alone = self.namespace.enter()

    def text_of(self, name, port):
        with open(f"{FOLDER}/seed/{name}.py", encoding="utf-8") as file:
            text = file.read()
        # Where no network namespace may be made, 1883 may be taken: then the port is named.
        return text if self.alone else text.replace("('localhost')", f"('localhost', {port})")

    def test_subscriber_receives_what_the_publisher_sends(self):
        with Broker(prefix=self.namespace.prefix, port=1883 if self.alone else 0) as broker:
            subscriber = Program(self.namespace.prefix, self.text_of("subscriber", broker.port))
            self.addCleanup(subscriber.end)
            subscriber.wait_for("MQTT connected!")
            publisher = Program(self.namespace.prefix, self.text_of("publisher", broker.port))
            self.addCleanup(publisher.end)
            publisher.wait_for("MQTT connected!")
            received = subscriber.wait_for("Received message: ", 2)
            sent = publisher.wait_for("Sending telemetry ", 2)
            sent = [line.removeprefix("Sending telemetry ") for line in sent]
            for line in received:
                value = line.removeprefix("Received message: b'").removesuffix("'")
                self.assertIn(value, sent)
                self.assertRegex(value, r'^\{"temperature": -?\d+\}$')
            self.assertIsNone(publisher.process.poll())
            self.assertIsNone(subscriber.process.poll())
            publisher.end()
            subscriber.end()


TOPICS = ["sensors/floor3/temperature/a1", "sensors/floor3/temperature/a2",
          "sensors/floor10/temperature/b1", "sensors/floor10/humidity/b1", "sensors/floor10",
          "sensors/floor3/temperature", "sensors/floor3/temperature/a1/raw",
          "sensors/floor3/humidity/a1", "sensors", "sensors/", "sensors//temperature/c1",
          "sensors/floor3/temperature/", "sensor/floor3/temperature/a1", "Sensors/floor3/x",
          "sensors/floor100/temperature/d1", "/sensors/floor3/temperature/a1", "other/floor10/x"]
WILDCARDS = {
    "sensors/floor3/temperature/+": {
        "sensors/floor3/temperature/a1", "sensors/floor3/temperature/a2",
        "sensors/floor3/temperature/"},
    "sensors/+/temperature/+": {
        "sensors/floor3/temperature/a1", "sensors/floor3/temperature/a2",
        "sensors/floor10/temperature/b1", "sensors//temperature/c1", "sensors/floor3/temperature/",
        "sensors/floor100/temperature/d1"},
    "sensors/#": {
        "sensors/floor3/temperature/a1", "sensors/floor3/temperature/a2",
        "sensors/floor10/temperature/b1", "sensors/floor10/humidity/b1", "sensors/floor10",
        "sensors/floor3/temperature", "sensors/floor3/temperature/a1/raw",
        "sensors/floor3/humidity/a1", "sensors", "sensors/", "sensors//temperature/c1",
        "sensors/floor3/temperature/", "sensors/floor100/temperature/d1"},
    "sensors/floor10/#": {
        "sensors/floor10/temperature/b1", "sensors/floor10/humidity/b1", "sensors/floor10"},
}


class Promises(BrokerCase):
    def test_wildcards_give_exactly_the_sets_of_the_table(self):
        for peer in ALL:
            for number, (subscription, expected) in enumerate(WILDCARDS.items()):
                with self.subTest(client=label(peer), filter=subscription):
                    fence = f"fence/{label(peer)}/{number}"
                    listener = listen(peer, self.port, f"w-{label(peer)}-{number}",
                                      [subscription, fence])
                    speaker = Paho(self.port, f"ws-{label(peer)}-{number}", peer[1])
                    for topic in TOPICS:
                        speaker.publish(topic, topic.encode())
                    speaker.publish(fence)
                    got = listener.until(fence)
                    self.assertEqual(sorted(m.topic for m in got), sorted(expected))
                    self.assertTrue(all(m.payload == m.topic.encode() for m in got))
                    listener.close()
                    speaker.close()

    @with_every_client
    def test_telemetry_of_a_building_reaches_a_cloud_service(self, peer, name, base):
        listener = listen(peer, self.port, name, [f"{base}/sensors/#"])
        payload = b'{"temperature": 21.5, "unit": "\xc2\xb0C"}'
        say(peer, self.port, f"{base}/sensors/floor3/temperature/a1", payload)
        self.assertEqual(listener.take(), [
            Message(f"{base}/sensors/floor3/temperature/a1", payload, 0, False)])
        listener.close()

    @with_every_client
    def test_lower_quality_of_service_of_publisher_and_subscriber_wins(self, peer, name, base):
        listeners = [listen(peer, self.port, f"{name}-{qos}", [f"{base}/#"], qos)
                     for qos in (0, 1, 2)]
        self.assertEqual([list(listener.codes) for listener in listeners], [[0], [1], [2]])
        for qos in (0, 1, 2):
            say(peer, self.port, f"{base}/{qos}", b"x", qos)
        for granted, listener in enumerate(listeners):
            got = {message.topic: message.qos for message in listener.take(3)}
            self.assertEqual(got, {f"{base}/{sent}": min(sent, granted) for sent in (0, 1, 2)})
            listener.close()

    @with_every_client
    def test_default_quality_of_service_is_0(self, peer, name, base):
        listener = listen(peer, self.port, name, [f"{base}/#"], 2)
        if peer[0] == "paho":
            speaker = Paho(self.port, name + "-say", peer[1])
            speaker.client.publish(f"{base}/a", "x")
            self.assertEqual(listener.take()[0].qos, 0)
            speaker.close()
        else:
            mosquitto_pub(self.port, peer[1], f"{base}/a", b"x")
            self.assertEqual(listener.take()[0].qos, 0)
        listener.close()

    @with_every_client
    def test_clean_session_forgets_subscriptions_and_messages(self, peer, name, base):
        listen(peer, self.port, name, [f"{base}/old"], 2).close()
        say(peer, self.port, f"{base}/old", b"missed", 1)
        listener = listen(peer, self.port, name, [f"{base}/new"], 2)
        say(peer, self.port, f"{base}/old", b"not subscribed any more", 1)
        say(peer, self.port, f"{base}/new", b"first", 1)
        self.assertEqual(listener.take()[0].payload, b"first")
        listener.close()

    @with_every_client
    def test_clean_connect_purges_what_a_persistent_session_had(self, peer, name, base):
        listen(peer, self.port, name, [f"{base}/old"], 1, durable=True).close()
        say(peer, self.port, f"{base}/old", b"missed", 1)
        listen(peer, self.port, name, [f"{base}/other"], 1).close()
        listener = listen(peer, self.port, name, [f"{base}/new"], 1, durable=True)
        say(peer, self.port, f"{base}/old", b"again", 1)
        say(peer, self.port, f"{base}/new", b"first", 1)
        self.assertEqual(listener.take()[0].payload, b"first")
        listener.close()

    @with_every_client
    def test_persistent_session_keeps_missed_messages_in_order(self, peer, name, base):
        listen(peer, self.port, name, [f"{base}/#"], 2, durable=True).close()
        speaker = Paho(self.port, name + "-say", peer[1])
        for number in range(30):
            speaker.publish(f"{base}/n", str(number).encode(), number % 3)
        speaker.close()
        listener = listen(peer, self.port, name, [f"{base}/#"], 2, durable=True)
        got = listener.take(20)
        # Order is promised for messages of one QoS.
        for qos in (1, 2):
            self.assertEqual([int(m.payload) for m in got if m.qos == qos],
                             list(range(qos, 30, 3)))
        say(peer, self.port, f"{base}/n", b"live", 2)
        self.assertEqual(listener.take()[0].payload, b"live")
        listener.close()

    def test_persistent_session_receives_without_subscribing_again(self):
        for version in (V311, V5):
            with self.subTest(version=version):
                topic, name = self.topic(str(version)), self.client_id(str(version))
                first = Paho(self.port, name, version, clean=False, expiry=3600)
                self.assertFalse(first.session_present)
                first.subscribe(topic, qos=1)
                first.lose()
                speaker = Paho(self.port, name + "-say", version)
                speaker.publish(topic, b"missed", 1)
                second = Paho(self.port, name, version, clean=False, expiry=3600)
                self.assertTrue(second.session_present)
                self.assertEqual(second.take()[0].payload, b"missed")
                second.close()
                speaker.close()

    def test_last_will_is_sent_when_the_connection_is_lost(self):
        for version in (V311, V5):
            for qos in (0, 1, 2):
                with self.subTest(version=version, qos=qos):
                    topic = self.topic(f"{version}/{qos}")
                    listener = listen(("paho", version), self.port, self.client_id("-hear"),
                                      [topic], 2)
                    will = {"topic": topic, "payload": b"gone", "qos": qos}
                    Paho(self.port, self.client_id(), version, will=will).lose()
                    self.assertEqual(listener.take(), [Message(topic, b"gone", qos, False)])
                    listener.close()

    def test_last_will_of_a_killed_mosquitto_sub_is_sent(self):
        for version in (V311, V5):
            with self.subTest(version=version):
                topic = self.topic(str(version))
                listener = listen(("mosquitto", version), self.port, self.client_id("h"),
                                  [topic], 1)
                MosquittoSub(self.port, self.client_id("v"), version, ["unused"], more=[
                    "--will-topic", topic, "--will-payload", "gone", "--will-qos", "1"]).lose()
                self.assertEqual(listener.take(), [Message(topic, b"gone", 1, False)])
                listener.close()

    @with_every_client
    def test_no_last_will_after_a_disconnect(self, peer, name, base):
        listener = listen(peer, self.port, name, [f"{base}/#"], 1)
        will = {"topic": f"{base}/will", "payload": b"gone"}
        speaker = Paho(self.port, name + "-say", peer[1], will=will)
        speaker.close()
        say(peer, self.port, f"{base}/fence", b"", 1)
        self.assertEqual(listener.until(f"{base}/fence"), [])
        listener.close()

    @with_every_client
    def test_retained_message_comes_at_once_upon_subscribing(self, peer, name, base):
        say(peer, self.port, f"{base}/status", b"old", 1, retain=True)
        say(peer, self.port, f"{base}/status", b"on", 1, retain=True)
        say(peer, self.port, f"{base}/status", b"not retained", 1)
        listener = listen(peer, self.port, name, [f"{base}/+"], 1)
        self.assertEqual(listener.take(), [Message(f"{base}/status", b"on", 1, True)])
        say(peer, self.port, f"{base}/status", b"off", 1, retain=True)
        self.assertEqual(listener.take(), [Message(f"{base}/status", b"off", 1, False)])
        listener.close()

    @with_every_client
    def test_retained_message_is_cleared_by_an_empty_one(self, peer, name, base):
        say(peer, self.port, f"{base}/status", b"on", 1, retain=True)
        say(peer, self.port, f"{base}/status", b"", 1, retain=True)
        listener = listen(peer, self.port, name, [f"{base}/+"], 1)
        say(peer, self.port, f"{base}/fence", b"", 1)
        self.assertEqual(listener.until(f"{base}/fence"), [])
        listener.close()

    @with_every_client
    def test_payloads_of_all_small_sizes_arrive_intact(self, peer, name, base):
        sizes = [0, 1, 2, 3, 100, 127, 128, 129, 16383, 16384, 16385, 65535, 65536, 200_000,
                 1 << 20]
        listener = listen(peer, self.port, name, [f"{base}/#"], 2)
        speaker = Paho(self.port, name + "-say", peer[1])
        for size in sizes:
            payload = bytes(i % 251 for i in range(min(size, 4096))) * (size // 4096 + 1)
            speaker.publish(f"{base}/{size}", payload[:size], 1)
            got = listener.take()[0]
            self.assertEqual((got.topic, len(got.payload)), (f"{base}/{size}", size))
            self.assertTrue(got.payload == payload[:size])
        listener.close()
        speaker.close()

    @with_every_client
    def test_topics_are_utf_8(self, peer, name, base):
        listener = listen(peer, self.port, name, [f"{base}/+/Größe"], 1)
        say(peer, self.port, f"{base}/温度 1/Größe", "21 °C".encode(), 1)
        self.assertEqual(listener.take()[0][:2], (f"{base}/温度 1/Größe", "21 °C".encode()))
        listener.close()


class KeepAlive(BrokerCase):
    def silent_client(self, version):
        hear = connected(self.port, self.client_id(f"hear{version}"), version)
        self.addCleanup(hear.close)
        hear.subscribe(self.topic(str(version)), qos=1)
        will = {"topic": self.topic(str(version)), "payload": b"silent", "qos": 1}
        silent = RawClient(self.port, version)
        self.addCleanup(silent.close)
        silent.connect(self.client_id(str(version)), keep_alive=1, will=will)
        return silent, hear

    def test_silent_client_is_closed_after_one_and_a_half_keep_alives_and_its_will_sent(self):
        for version in (V311, V5):
            with self.subTest(version=version):
                silent, hear = self.silent_client(version)
                begin = time.monotonic()
                silent.expect_closed(reason=0x8D if version == V5 and not MOSQUITTO else None)
                # mosquitto counts in whole seconds and looks every five.
                least, most = (1.0, 8.0) if MOSQUITTO else (1.45, 2.5)
                self.assertGreaterEqual(time.monotonic() - begin, least)
                self.assertLessEqual(time.monotonic() - begin, most)
                self.assertEqual(hear.receive().payload, b"silent")

    def test_pings_keep_a_client_connected(self):
        for version in (V311, V5):
            with self.subTest(version=version):
                client, _ = self.silent_client(version)
                begin, pings = time.monotonic(), 0
                while time.monotonic() - begin < 3.5:
                    client.send(b"\xC0\x00")
                    client.expect("PINGRESP")
                    pings += 1
                    # A pause of 0.5 s in which nothing may come, above all not the end.
                    with self.assertRaisesRegex(AssertionError, "nothing arrived"):
                        client.read(within=0.5)
                self.assertGreaterEqual(pings, 6)

    def test_keep_alive_0_never_times_out(self):
        client = connected(self.port, self.client_id(), keep_alive=0)
        self.addCleanup(client.close)
        with self.assertRaisesRegex(AssertionError, "nothing arrived"):
            client.read(within=3.0)
        client.expect_quiet()


if __name__ == "__main__":
    case.main()
