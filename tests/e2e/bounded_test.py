# SPDX-License-Identifier: Apache-2.0
"""Each limit is reached on purpose: the written answer comes, it is counted, others live on."""
import re
import select
import time
import unittest

from support import case, wire
from support.broker import MOSQUITTO, Broker
from support.raw import RawClient, connected
from support.wire import V5, V311

MIB = 1 << 20


def metric(broker, name, **labels):
    """A number of /metrics."""
    wanted = ",".join(f'{key}="{value}"' for key, value in labels.items())
    pattern = rf"^sluice_{name}(?:_total)?{{{wanted}}} (\d+)$" if labels else \
        rf"^sluice_{name}(?:_total)? (\d+)$"
    found = re.search(pattern, broker.fetch("/metrics")[1], re.MULTILINE)
    assert found, f"no {name} {labels} in /metrics"
    return int(found[1])


@unittest.skipIf(MOSQUITTO, "limits of Sluice's own")
class Bounded(unittest.TestCase):
    def start(self, threads=2, **settings):
        broker = Broker(threads, {name.replace("__", "."): value
                                  for name, value in settings.items()})
        broker.start()
        self.addCleanup(broker.__exit__, None)
        self.good = connected(broker.port, "good", V5)
        self.good.subscribe("good", qos=1)
        self.addCleanup(self.good.close)
        return broker

    def served(self):
        self.good.publish("good", b"served", 1)
        self.good.receive(payload=b"served")

    def test_limits_of_a_packet_are_answered_and_counted(self):
        broker = self.start(mqtt__topic_levels_max=10, mqtt__topic_bytes_max=200,
                            mqtt__user_properties_max=5, mqtt__packet_bytes_max="10KiB",
                            mqtt__client_id_bytes_max=30)
        rows = [("topic_levels_max", 0x90, wire.publish("a/" * 11, b"", V5)),
                ("topic_bytes_max", 0x90, wire.publish("a" * 201, b"", V5)),
                ("topic_levels_max", 0x8F, wire.subscribe(1, [("+/" * 11 + "#", 0)], V5)),
                ("user_properties_max", 0x97,
                 wire.publish("a", b"", V5, props={"user_property": [("k", "v")] * 6})),
                ("packet_bytes_max", 0x95, wire.publish("a", b"x" * 11000, V5))]
        for limit, reason, data in rows:
            before = metric(broker, "limits_hit", limit=limit)
            client = connected(broker.port, "bad", V5)
            client.send(data)
            client.expect_closed(reason=reason)
            client.close()
            self.assertEqual(metric(broker, "limits_hit", limit=limit), before + 1, limit)
        client = RawClient(broker.port, V5)
        client.connect("x" * 31, expect=0x85)
        client.expect_closed()
        self.assertEqual(metric(broker, "limits_hit", limit="client_id_bytes_max"), 1)
        self.served()

    def test_a_connect_above_its_limit_is_told_so_in_mqtt_5(self):
        broker = self.start(mqtt__packet_bytes_max_before_connect="2KiB")
        data = wire.connect("c", V5, will={"topic": "w", "payload": b"x" * 3000})
        client = RawClient(broker.port, V5)
        client.send(data)
        client.expect("CONNACK", reason=0x95)
        client.expect_closed()
        old = RawClient(broker.port, V311)
        old.send(wire.connect("c", V311, will={"topic": "w", "payload": b"x" * 3000}))
        old.expect_closed()
        self.assertEqual(metric(broker, "limits_hit", limit="packet_bytes_max_before_connect"), 2)
        self.served()

    def test_at_the_memory_budget_publishers_wait_and_nothing_acknowledged_is_lost(self):
        broker = self.start(limits__memory_bytes_max="24MiB", session__queue_bytes_max="1GiB",
                            mqtt__topic_alias_maximum=0)
        lasting = {"clean": False, "props": {"session_expiry": 3600}}
        keeper = connected(broker.port, "keeper", V5, **lasting)
        keeper.subscribe("kept", qos=1)
        keeper.close()
        say = connected(broker.port, "say", V5)
        count, sent = 1000, 0
        payload = b"x" * 65536
        # As many as it takes; the broker stops reading, so that the socket fills.
        say.socket.setblocking(False)
        waiting = b""
        deadline = time.monotonic() + 20
        while sent < count and metric(broker, "limits_hit", limit="memory_bytes_max") == 0:
            self.assertLess(time.monotonic(), deadline)
            waiting = waiting or wire.publish("kept", payload, V5, 1, sent + 1)
            try:
                waiting = waiting[say.socket.send(waiting):]
            except BlockingIOError:
                select.select([], [say.socket], [], 0.1)
            sent += not waiting
        self.assertGreater(sent, 100)
        say.socket.setblocking(True)
        stranger = RawClient(broker.port, V5)
        stranger.connect("stranger", expect=0x97)
        self.good.publish("good", b"QoS 0 goes on", 0)
        self.good.receive(payload=b"QoS 0 goes on")
        keeper = connected(broker.port, "keeper", V5, **lasting)
        if waiting:
            say.send(waiting)
            sent += 1
        acknowledged = [say.expect("PUBACK").reason for _ in range(sent)]
        self.assertEqual(set(acknowledged), {0})
        self.assertEqual([len(keeper.receive().payload) for _ in range(sent)], [65536] * sent)
        self.assertEqual(metric(broker, "messages_dropped", cause="memory_bytes_max"), 0)
        self.served()

    def test_8000_user_properties_are_refused_in_little_time(self):
        broker = self.start()
        begin = time.monotonic()
        for _ in range(20):
            client = connected(broker.port, "many", V5)
            client.send(wire.publish("a", b"", V5, props={"user_property": [("k", "v")] * 8000}))
            client.expect_closed(reason=0x97)
            client.close()
        self.assertLess(time.monotonic() - begin, 20)
        self.served()

    def test_65535_unreleased_messages_of_qos_2_are_legal_and_small(self):
        broker = self.start()
        before = broker.memory_peak()
        client = connected(broker.port, "unreleased", V311, keep_alive=0)
        sent = received = 0
        while received < 65535:
            if sent < 65535 and sent - received < 2000:
                batch = range(sent + 1, min(sent + 1000, 65535) + 1)
                client.send(b"".join(wire.publish("a", b"", V311, 2, n) for n in batch))
                sent = batch[-1]
            received += 1
            client.expect("PUBREC", packet_id=received)
        self.assertLess(broker.memory_peak() - before, 8 * MIB)
        client.send(b"".join(wire.ack("PUBREL", n) for n in range(1, 101)))
        for number in range(1, 101):
            client.expect("PUBCOMP", packet_id=number)
        client.close()
        self.served()

    def test_more_than_the_receive_maximum_is_told_so(self):
        broker = self.start()
        client = connected(broker.port, "greedy", V5, keep_alive=0)
        client.send(b"".join(wire.publish("a", b"", V5, 2, n) for n in range(1, 1002)))
        for number in range(1, 1001):
            client.expect("PUBREC", packet_id=number)
        client.expect_closed(reason=0x93)
        self.assertEqual(metric(broker, "limits_hit", limit="receive_maximum"), 1)
        self.served()

    def test_200000_answers_that_nobody_reads_take_a_bounded_buffer(self):
        broker = self.start(server__write_timeout="2s")
        before = broker.memory_peak()
        client = RawClient(broker.port, V311, receive_buffer=4096)
        client.connect("deaf", keep_alive=0)
        client.send(wire.PINGREQ * 200_000)
        self.served()
        # Answers of several sizes, until it is not read any more and then closed.
        data = wire.PINGREQ * 20_000 + wire.subscribe(1, [("a", 0)] * 500)
        client.socket.setblocking(False)
        deadline, gone = time.monotonic() + 60, False
        while not gone and time.monotonic() < deadline:
            if not select.select([], [client.socket], [], 0.5)[1]:
                continue
            try:
                sent = client.socket.send(data)
                data = data[sent:] + data[:sent]
            except (BrokenPipeError, ConnectionResetError):
                gone = True
        self.assertTrue(gone, "it is still connected")
        self.assertLess(broker.memory_peak() - before, 16 * MIB)
        self.assertEqual(metric(broker, "disconnects", cause="write_timeout"), 1)
        self.served()

    def test_a_connect_that_drips_is_closed_in_time_and_so_are_halves_of_it(self):
        broker = self.start(limits__connect_timeout="2s")
        begin = time.monotonic()
        data = wire.connect("slow", V5, will={"topic": "w", "payload": b"x" * 1000})
        halves = [RawClient(broker.port, V5) for _ in range(200)]
        for half in halves:
            half.send(data[:len(data) // 2])
        drip, sent = RawClient(broker.port, V5), 0
        while not drip.eof and time.monotonic() - begin < 30:
            try:
                drip.send(data[sent:sent + 1])
            except (BrokenPipeError, ConnectionResetError):
                break
            sent += 1
            if drip.wait_readable(1):
                drip.fill()
        self.assertLess(time.monotonic() - begin, 10)
        for half in halves:
            half.expect_closed()
            half.close()
        drip.close()
        self.assertEqual(metric(broker, "disconnects", cause="connect_timeout"), 201)
        self.served()

    def test_filters_of_a_client_are_bounded(self):
        broker = self.start(session__subscriptions_max=3)
        client = connected(broker.port, "filters", V5)
        self.assertEqual(client.subscribe("a", "b", "$share/g/c", "d", "a", granted=False),
                         [0, 0, 0, 0x97, 0])
        old = connected(broker.port, "filters-old", V311)
        self.assertEqual(old.subscribe("a", "b", "c", "d", granted=False), [0, 0, 0, 0x80])
        self.assertEqual(metric(broker, "limits_hit", limit="subscriptions_max"), 2)
        self.served()

    def test_connections_and_sessions_are_counted_for_all_threads_together(self):
        broker = self.start(4, limits__connections_max=9, limits__sessions_max=20)
        clients = [connected(broker.port, f"counted-{n}", V5, clean=False,
                             props={"session_expiry": 60}) for n in range(8)]
        for number in range(5):
            one_more = RawClient(broker.port, V5)
            one_more.connect(f"more-{number}", expect=0x97)
            one_more.expect_closed()
        again = connected(broker.port, "counted-3", V5, clean=False, props={"session_expiry": 60})
        clients[3].expect_closed(reason=0x8E)
        for client in (*clients[:3], *clients[4:], again):
            client.disconnect()
        for number in range(8, 19):
            connected(broker.port, f"counted-{number}", V5, clean=False,
                      props={"session_expiry": 60}).disconnect()
        RawClient(broker.port, V5).connect("counted-19", expect=0x97)
        self.assertEqual(metric(broker, "limits_hit", limit="connections_max"), 5)
        self.assertEqual(metric(broker, "limits_hit", limit="sessions_max"), 1)
        self.served()

    def await_metric(self, broker, value, name, **labels):
        deadline = time.monotonic() + 20
        while (seen := metric(broker, name, **labels)) != value:
            self.assertLess(time.monotonic(), deadline, f"{name} is {seen}, not {value}")

    def test_retained_messages_are_bounded_by_number_and_bytes(self):
        broker = self.start(4, retained__messages_max=3, retained__bytes_max="10KiB",
                            sys__interval="0s")
        client = connected(broker.port, "retains", V5)
        # Topics have owners on several threads: each is there before the next one comes.
        for number in range(3):
            client.publish(f"r/{number}", b"x", 1, retain=True)
            self.await_metric(broker, number + 1, "retained_messages")
        client.publish("r/3", b"x", 1, retain=True)
        client.publish("r/0", b"x" * 20_000, 1, retain=True)
        self.await_metric(broker, 1, "limits_hit", limit="retained_messages_max")
        self.await_metric(broker, 1, "limits_hit", limit="retained_bytes_max")
        self.assertEqual(metric(broker, "limits_hit", limit="retained_messages_max"), 1)
        self.assertEqual(metric(broker, "limits_hit", limit="retained_bytes_max"), 1)
        client.subscribe("r/#")
        got = [client.receive() for _ in range(3)]
        self.assertEqual(sorted(m.topic for m in got), ["r/0", "r/1", "r/2"])
        client.expect_quiet()
        self.served()


if __name__ == "__main__":
    case.main()
