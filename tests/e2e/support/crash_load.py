# SPDX-License-Identifier: Apache-2.0
"""Publishers and durable subscribers whose broker dies under them, and what they were promised.

Every message is "publisher number". A publisher counts what was acknowledged; it keeps what was
not, and sends it again after the restart with its packet identifier, as the standard demands. A
subscriber checks the order within a publisher, and with QoS 2 that nothing comes twice.
"""
import threading
import time

from support import wire
from support.raw import PATIENCE, RawClient, connected, durable

WINDOW = 10
RETAINED_EACH = 20


class Client:
    """One durable session over the lives of a broker; live() ends when the broker does."""

    def __init__(self, name):
        self.name, self.problems = name, []

    def begin(self, port):
        connected(port, self.name, **durable(wire.V311)).close()

    def thread(self, port):
        return threading.Thread(target=self.run, args=(port,), daemon=True)

    def run(self, port):
        try:
            self.live(port)
        except OSError:
            return
        except AssertionError as error:
            if "ends within a packet" not in str(error):
                self.problems.append(f"{self.name}: {error}")

    def resume(self, port):
        client = RawClient(port)
        client.send(wire.connect(self.name, clean=False))
        connack = client.read()
        if connack is not None and not connack.session_present:
            self.problems.append(f"{self.name}: its session is gone")
        return client if connack is not None else None


class Publisher(Client):
    """`WINDOW` messages in flight until the broker is gone."""

    def __init__(self, name, qos):
        super().__init__(name)
        self.qos, self.number, self.unanswered = qos, 1, {}
        self.acknowledged, self.retained_acknowledged = 0, 0

    def live(self, port):
        client = self.resume(port)
        if client is None:
            return
        for packet_id, (number, is_released) in sorted(self.unanswered.items(),
                                                       key=lambda each: each[1][0]):
            client.send(wire.ack("PUBREL", packet_id) if is_released
                        else self.packet(number, packet_id, dup=True))
        while True:
            while len(self.unanswered) < WINDOW:
                packet_id = self.number % 60000 + 1
                self.unanswered[packet_id] = (self.number, False)
                self.number += 1
                client.send(self.packet(self.number - 1, packet_id))
            answer = client.read()
            if answer is None:
                return
            self.take(client, answer)

    def packet(self, number, packet_id, dup=False):
        return wire.publish(f"load/{self.name}", f"{self.name} {number}".encode(), qos=self.qos,
                            packet_id=packet_id, dup=dup, retain=number % RETAINED_EACH == 0)

    def take(self, client, answer):
        number, _ = self.unanswered[answer.packet_id]
        if answer.kind != "PUBCOMP":
            # From here on the message is the broker's.
            self.acknowledged = max(self.acknowledged, number)
            if number % RETAINED_EACH == 0:
                self.retained_acknowledged = max(self.retained_acknowledged, number)
        if answer.kind == "PUBREC":
            self.unanswered[answer.packet_id] = (number, True)
            client.send(wire.ack("PUBREL", answer.packet_id))
        else:
            del self.unanswered[answer.packet_id]


class Subscriber(Client):
    """Keeps a ledger of what it got, per publisher."""

    def __init__(self, name, qos):
        super().__init__(name)
        self.qos, self.last, self.seen, self.unreleased = qos, {}, {}, {}

    def begin(self, port):
        client = connected(port, self.name, **durable(wire.V311))
        client.subscribe("load/#", qos=self.qos)
        client.close()

    def live(self, port):
        client = self.resume(port)
        while client is not None:
            packet = client.read()
            if packet is None:
                return
            self.take(client, packet)

    def take(self, client, packet):
        if packet.kind == "PUBLISH":
            self.note(packet)
            client.send(wire.ack("PUBACK" if packet.qos == 1 else "PUBREC", packet.packet_id))
        elif packet.kind == "PUBREL":
            self.unreleased.pop(packet.packet_id, None)
            client.send(wire.ack("PUBCOMP", packet.packet_id))

    def note(self, packet):
        publisher, number = packet.payload.decode().split()
        number = int(number)
        if packet.qos == 2:
            held = self.unreleased.get(packet.packet_id)
            if held is not None:
                if held != packet.payload:
                    self.problems.append(f"{self.name}: {packet.packet_id} held {held!r}, and is "
                                         f"used for {packet.payload!r}")
                return      # sent again before its PUBREL: not another message
            self.unreleased[packet.packet_id] = packet.payload
        seen = self.seen.setdefault(publisher, set())
        if number in seen:
            if packet.qos == 2:
                self.problems.append(f"{self.name} got {publisher} {number} twice")
            return
        if number < self.last.get(publisher, 0):
            self.problems.append(f"{self.name} got {publisher} {number} after "
                                 f"{self.last[publisher]}")
        self.last[publisher] = number
        seen.add(number)

    def drain(self, port, owed):
        """Takes what comes until all that is owed, {publisher: last number}, has been seen."""
        client = self.resume(port)
        deadline = time.monotonic() + PATIENCE
        try:
            while self.missing(owed, only_last=True) and time.monotonic() < deadline:
                packet = client.read(max(0.1, deadline - time.monotonic()))
                if packet is None:
                    break
                self.take(client, packet)
            client.send(wire.PINGREQ)
            while (packet := client.read()) is not None and packet.kind != "PINGRESP":
                self.take(client, packet)
        except AssertionError as error:
            self.problems.append(f"{self.name}, at the end: {error}")
        client.close()
        for publisher, numbers in self.missing(owed).items():
            self.problems.append(f"{self.name} lost {len(numbers)} of {owed[publisher]} messages "
                                 f"of {publisher}: {numbers[:5]}")

    def missing(self, owed, only_last=False):
        found = {}
        for publisher, count in owed.items():
            seen = self.seen.get(publisher, ())
            numbers = [count] if only_last and count else range(1, count + 1)
            lost = [n for n in numbers if n not in seen]
            if lost:
                found[publisher] = lost
        return found


def retained_number(port, publisher):
    """The number in the retained message of a publisher's topic, which must be there."""
    client = connected(port, "")
    client.subscribe(f"load/{publisher}")
    found = client.expect("PUBLISH", retain=1)
    client.close()
    return int(found.payload.decode().split()[1])
