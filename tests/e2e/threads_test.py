# SPDX-License-Identifier: Apache-2.0
"""Many clients on 1, 2 and 4 threads: nothing lost, doubled or out of order at QoS 1 and 2.

SLUICE_E2E_CLIENTS sets the number of clients (10,000; 1,000 in a build with sanitizers),
SLUICE_E2E_MESSAGES the messages that each receives in each round (5).
"""
import os
import unittest

from support import case
from support.broker import Broker
from support.load import Swarm

SANITIZED = bool(os.environ.get("SLUICE_E2E_SANITIZED"))
CLIENTS = int(os.environ.get("SLUICE_E2E_CLIENTS") or (1000 if SANITIZED else 10000))
MESSAGES = int(os.environ.get("SLUICE_E2E_MESSAGES", "5"))


def own(client):
    return b"load/unit/%d/set" % client.index


def rounds(swarm, qos):
    """Yields the name of each round and how long it took; subscriptions change between them."""
    clients, speaker = swarm.clients, swarm.speaker

    def numbered(topics, base):
        return ((topic, base + number) for number in range(MESSAGES) for topic in topics)

    swarm.request("subscribe", lambda client: b"load/+/alarm", qos)
    for client in clients:
        client.topic = b"load/all/alarm"
    yield "one to all", swarm.deliver(
        qos, MESSAGES, {speaker: numbered([b"load/all/alarm"], 1000)}, 1000)

    swarm.request("unsubscribe", lambda client: b"load/+/alarm")
    swarm.request("subscribe", own, qos)
    for client in clients:
        client.topic = own(client)
    speaker.window = 500
    yield "one to each", swarm.deliver(
        qos, MESSAGES, {speaker: numbered([own(client) for client in clients], 2000)}, 2000)

    yield "each to itself", swarm.deliver(
        qos, MESSAGES, {client: numbered([own(client)], 3000) for client in clients}, 3000)
    swarm.request("unsubscribe", own)


class Threads(unittest.TestCase):
    def many_clients(self, threads):
        with Broker(threads=threads) as broker, Swarm(broker.port, CLIENTS) as swarm:
            swarm.connect()
            for qos in (1, 2):
                for name, seconds in rounds(swarm, qos):
                    total = CLIENTS * MESSAGES
                    print(f"  {threads} threads, QoS {qos}, {name}: {total} messages to {CLIENTS} "
                          f"clients in {seconds:.2f} s", flush=True)

    def test_nothing_is_lost_doubled_or_reordered_with_one_thread(self):
        self.many_clients(1)

    def test_nothing_is_lost_doubled_or_reordered_with_two_threads(self):
        self.many_clients(2)

    def test_nothing_is_lost_doubled_or_reordered_with_four_threads(self):
        self.many_clients(4)


if __name__ == "__main__":
    case.main(seconds=880)
