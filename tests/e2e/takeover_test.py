# SPDX-License-Identifier: Apache-2.0
"""Two connections with one client id: the second wins, the first is told, nothing is lost."""
import re
import threading

from support import case
from support.broker import MOSQUITTO, BrokerCase
from support.peers import Paho, paho_client
from support.raw import RawClient, connected, durable
from support.wire import V5, V311

BOTH = (V311, V5)


def taken_over(version):
    """What the older connection is told; mosquitto 2.0.11 says nothing."""
    return 0x8E if version == V5 and not MOSQUITTO else None


class Takeover(BrokerCase):
    threads = 4

    def test_the_older_connection_is_closed_and_told_why_in_mqtt_5(self):
        for old in BOTH:
            for new in BOTH:
                with self.subTest(old=old, new=new):
                    first, second = self.raw("", old), self.raw("", new)
                    first.expect_closed(reason=taken_over(old))
                    second.expect_quiet()
                    second.disconnect()

    def test_the_session_goes_over_with_what_was_in_flight(self):
        for version in BOTH:
            topic = self.topic(str(version))
            first = self.raw("", version, **durable(version))
            first.subscribe(topic, qos=2)
            speaker = self.raw(f"s{version}", version)
            for number in range(20):
                speaker.publish(topic, b"%d" % number, 1 + number % 2)
            seen = [first.expect("PUBLISH") for _ in range(20)]
            second = self.raw("", version, **durable(version))
            self.assertEqual(second.connack.session_present, 1)
            first.expect_closed(reason=taken_over(version))
            again = second.receive_all(20)
            self.assertEqual([(m.payload, m.packet_id, m.dup) for m in again],
                             [(m.payload, m.packet_id, True) for m in seen])
            second.disconnect()

    def test_takeover_while_messages_flow_loses_and_reorders_nothing(self):
        topic, total = self.topic(), 600
        client = self.raw("", V5, **durable(V5))
        client.subscribe(topic, qos=2)

        def speak():
            speaker = connected(self.port, self.client_id("-speaker"), V5)
            for number in range(total):
                speaker.publish(topic, b"%d" % number, 2)
            speaker.disconnect()

        thread = threading.Thread(target=speak)
        thread.start()
        got = []
        while len(got) < total:
            for _ in range(min(37, total - len(got))):
                got.append(int(client.receive().payload))
            client = self.raw("", V5, **durable(V5))
            client.is_resumed = True
            self.assertEqual(client.connack.session_present, 1)
        thread.join(60)
        self.assertEqual(got, list(range(total)))
        client.expect_quiet()

    def test_a_storm_of_takeovers_leaves_one_connection(self):
        clients = []
        for _ in range(200):
            client = RawClient(self.port, V5)
            self.addCleanup(client.close)
            client.connect(self.client_id())
            clients.append(client)
        for client in clients[:-1]:
            client.expect_closed(reason=taken_over(V5))
        clients[-1].expect_quiet()

    def test_two_scripts_with_one_name_both_go_on_and_the_log_says_so(self):
        # paho reconnects by itself: the two take the name from each other again and again.
        name, topic = self.client_id(), self.topic()
        since = len(self.broker.lines)
        first = Paho(self.port, name, V311)
        first.client.reconnect_delay_set(1, 1)
        second = Paho(self.port, name, V311)
        second.client.reconnect_delay_set(1, 1)
        first.wait(lambda: first.ended is not None, "disconnect of the first")
        second.wait(lambda: second.ended is not None, "disconnect of the second")
        for each in (first, second):
            each.client.disconnect()
            each.client.loop_stop()
        # Under another name: a reconnect of theirs may still be on its way.
        third = Paho(self.port, self.client_id(), V311)
        third.subscribe(topic, qos=1)
        third.publish(topic, b"works", 1)
        self.assertEqual(third.take()[0].payload, b"works")
        third.close()
        self.broker.wait_for_line(
            f"Client {re.escape(name)} already connected, closing old connection", since=since)


class Loop(BrokerCase):
    def test_paho_script_that_rarely_loops_keeps_its_messages(self):
        """loop() once in a while, as the seed's subscriber: nothing dropped, nothing resent."""
        client = paho_client.Client(self.client_id())
        got = []
        client.on_message = lambda c, u, message: got.append(int(message.payload))
        client.connect("127.0.0.1", self.port)
        client.subscribe(self.topic(), 1)
        speaker = self.raw("s")
        subscribed = []
        client.on_subscribe = lambda *unused: subscribed.append(True)
        while not subscribed:
            client.loop(1.0)
        for number in range(300):
            speaker.publish(self.topic(), b"%d" % number, 1)
        for _ in range(1000):
            if len(got) >= 300:
                break
            client.loop(1.0)
        self.assertEqual(got, list(range(300)))
        client.disconnect()


if __name__ == "__main__":
    case.main()
