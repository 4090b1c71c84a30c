# SPDX-License-Identifier: Apache-2.0
"""What was acknowledged is there after kill -9 and a start from the same directory."""
import unittest

from support import case
from support.broker import Broker
from support.raw import connected, durable
from support.wire import V311


class Restart(unittest.TestCase):
    def broker(self, threads=2):
        broker = Broker(threads=threads, settings={"durability.mode": "fsync"})
        broker.start()
        self.addCleanup(broker.clean_up)
        self.addCleanup(broker.kill)
        return broker

    def start_again(self, broker, threads=None):
        """After its end."""
        broker.threads = threads or broker.threads
        broker.start()

    def client(self, broker, name, **options):
        client = connected(broker.port, name, V311, **{**durable(V311), **options})
        self.addCleanup(client.close)
        return client

    def test_sessions_and_their_messages_survive_kill_9(self):
        for threads in (1, 2):
            with self.subTest(threads=threads):
                broker = self.broker(threads)
                for n in range(8):
                    client = self.client(broker, f"s{n}")
                    client.subscribe("t/#", qos=2)
                    client.close()
                speaker = self.client(broker, "speaker")
                for n in range(100):
                    speaker.publish(f"t/{n % 3}", b"%d" % n, 1 + n % 2)
                broker.kill()
                self.start_again(broker)
                for n in range(8):
                    client = self.client(broker, f"s{n}")
                    self.assertEqual(client.connack.session_present, 1)
                    got = client.receive_all(100)
                    for qos in (1, 2):
                        self.assertEqual([int(m.payload) for m in got if m.qos == qos],
                                         [k for k in range(100) if 1 + k % 2 == qos])
                    client.expect_quiet()
                    client.disconnect()

    def test_retained_messages_survive_and_cleared_ones_do_not(self):
        broker = self.broker()
        speaker = self.client(broker, "speaker")
        for n in range(20):
            speaker.publish(f"r/{n}", b"%d" % n, 1, retain=True)
        for n in range(0, 20, 2):
            speaker.publish(f"r/{n}", b"", 1, retain=True)
        broker.kill()
        self.start_again(broker)
        reader = connected(broker.port, "reader", V311)
        self.addCleanup(reader.close)
        reader.subscribe("r/#", qos=1)
        got = reader.receive_all(10)
        self.assertEqual(sorted(int(m.payload) for m in got), list(range(1, 20, 2)))

    def test_the_turn_of_a_shared_group_goes_on_where_it_was(self):
        broker = self.broker(1)
        for n in range(3):
            member = self.client(broker, f"m{n}")
            member.subscribe("$share/g/t/#", qos=1)
            member.close()
        for n, threads in enumerate((1, 1, 1, 2, 2, 2, 1, 4, 4)):
            if n > 0:
                broker.kill()
                self.start_again(broker, threads)
            speaker = self.client(broker, "speaker")
            speaker.publish("t/x", b"%d" % n, 1)
            speaker.disconnect()
        receivers = {}
        for name in ("m0", "m1", "m2"):
            member = self.client(broker, name)
            member.subscribe("end", qos=1)
            speaker = self.client(broker, "speaker")
            speaker.publish("end", b"end", 1)
            while (message := member.receive()).topic != "end":
                receivers[int(message.payload)] = name
            member.disconnect()
        self.assertEqual(sorted(receivers), list(range(9)))
        for n in range(8):
            self.assertNotEqual(receivers[n], receivers[n + 1], f"{n}: {receivers}")

    def test_another_number_of_threads_keeps_all_of_it(self):
        broker = self.broker(1)
        will = self.client(broker, "will", will={"topic": "will", "payload": b"gone", "qos": 1})
        will.subscribe("w", qos=1)
        for n in range(8):
            client = self.client(broker, f"s{n}")
            client.subscribe(f"s/{n}", qos=2)
            client.subscribe("all", qos=1)
            client.close()
        sent = []
        for threads in (2, 4, 1):
            speaker = self.client(broker, "speaker")
            for n in range(8):
                for k in range(3):
                    speaker.publish(f"s/{n}", b"%d" % (len(sent) + k), 2)
                speaker.publish(f"r/{n}", b"%d" % threads, 1, retain=True)
            speaker.publish("all", b"%d" % len(sent), 1)
            sent.append(len(sent))
            broker.kill()
            self.start_again(broker, threads)
            broker.wait_for_line(rf"rearranged from \d to {threads} threads")
        watcher = self.client(broker, "watcher")
        watcher.subscribe("r/#", qos=1)
        got = watcher.receive_all(8)
        self.assertEqual({m.topic: m.payload for m in got}, {f"r/{n}": b"1" for n in range(8)})
        watcher.subscribe("will", qos=1)
        for n in range(8):
            client = self.client(broker, f"s{n}")
            self.assertEqual(client.connack.session_present, 1)
            got = client.receive_all(9 + 3)
            self.assertEqual([int(m.payload) for m in got if m.topic == "all"], sent)
            self.assertEqual([int(m.payload) for m in got if m.topic != "all"],
                             [first + k for first in sent for k in range(3)])
            client.expect_quiet()
            client.disconnect()
        self.assertEqual(watcher.receive().payload, b"gone")

    def test_a_stop_keeps_what_a_kill_keeps(self):
        broker = self.broker()
        client = self.client(broker, "s")
        client.subscribe("t", qos=1)
        client.disconnect()
        self.client(broker, "speaker").publish("t", b"x", 1)
        broker.stop()
        self.start_again(broker)
        again = self.client(broker, "s")
        self.assertEqual(again.connack.session_present, 1)
        self.assertEqual([m.payload for m in again.receive_all(1)], [b"x"])


if __name__ == "__main__":
    case.main()
