# SPDX-License-Identifier: Apache-2.0
"""The checks of this folder can fail: a broker that loses, doubles or reorders is found out."""
import socket
import threading
import unittest

from support import case, wire
from support.load import Swarm
from support.raw import RawClient
from support.wire import V5, V311, BadPacket, decode


class WrongBroker(threading.Thread):
    """Serves one receiver and one speaker; what the receiver gets of n, `mangle(n)` says."""

    def __init__(self, mangle):
        super().__init__(daemon=True)
        self.listener, self.mangle, self.receiver = socket.create_server(("127.0.0.1", 0)), \
            mangle, None
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        threads = []
        for _ in range(2):
            connection = self.listener.accept()[0]
            threads.append(threading.Thread(target=self.serve, args=(connection,), daemon=True))
            threads[-1].start()
        for thread in threads:
            thread.join()
        self.listener.close()

    def serve(self, connection):
        stream = connection.makefile("rb")
        while True:
            head = stream.read(2)
            if len(head) < 2:
                break
            body, kind = stream.read(head[1]), wire.KINDS[head[0] >> 4]
            answer = {"CONNECT": b"\x20\2\0\0", "PINGREQ": b"\xD0\0",
                      "SUBSCRIBE": b"\x90\3" + body[:2] + b"\1"}.get(kind, b"")
            if kind == "SUBSCRIBE":
                self.receiver = connection
            if kind == "PUBLISH":
                number = int.from_bytes(body[-2:], "big")
                for each in self.mangle(number):
                    self.receiver.sendall(wire.publish("s", each.to_bytes(2, "big"), V311, 1,
                                                       each + 1))
                answer = wire.ack("PUBACK", int.from_bytes(body[-4:-2], "big"))
            connection.sendall(answer)
        connection.close()


def swapped(number):
    return {3: [], 4: [4, 3]}.get(number, [number])


class Harness(unittest.TestCase):
    def deliver(self, mangle):
        broker = WrongBroker(mangle)
        with Swarm(broker.port, 1, patience=2.0) as swarm:
            swarm.connect()
            swarm.request("subscribe", lambda client: b"s", 1)
            swarm.deliver(1, 10, {swarm.speaker: ((b"s", n) for n in range(10))})

    def test_what_is_right_passes(self):
        self.deliver(lambda number: [number])

    def test_a_lost_message_is_found(self):
        with self.assertRaisesRegex(AssertionError, "4 came, 3 was next"):
            self.deliver(lambda number: [] if number == 3 else [number])

    def test_a_lost_last_message_is_found(self):
        with self.assertRaisesRegex(AssertionError, "1 messages missing"):
            self.deliver(lambda number: [] if number == 9 else [number])

    def test_a_doubled_message_is_found(self):
        with self.assertRaisesRegex(AssertionError, "3 came, 4 was next"):
            self.deliver(lambda number: [number] * (2 if number == 3 else 1))

    def test_a_doubled_last_message_is_found(self):
        with self.assertRaisesRegex(AssertionError, "9 came, 10 was next"):
            self.deliver(lambda number: [number] * (2 if number == 9 else 1))

    def test_changed_order_is_found(self):
        with self.assertRaisesRegex(AssertionError, "4 came, 3 was next"):
            self.deliver(swapped)

    def test_what_a_server_may_not_send_is_found(self):
        for version, data in (
                (V311, b"\x20\2\2\0"),              # CONNACK with reserved flags
                (V311, b"\x20\2\1\5"),              # session present and refused
                (V311, b"\x20\3\0\0\0"),            # CONNACK of three bytes in 3.1.1
                (V311, b"\xE0\0"),                  # DISCONNECT to a 3.1.1 client
                (V311, b"\x38\3\0\1a"),             # DUP at QoS 0
                (V311, b"\x32\5\0\1a\0\0"),         # packet identifier 0
                (V311, b"\x60\2\0\1"),              # PUBREL without its flag
                (V311, b"\x90\3\0\1\3"),            # SUBACK that grants QoS 3
                (V5, b"\x20\6\0\0\3\x21\0\1\0"),    # a byte too many
                (V5, b"\x20\x0A\0\0\6\x21\0\1\x21\0\1"),    # Receive Maximum cut short
                (V5, b"\x20\x09\0\0\6\x21\0\1\x21\0\1"),    # Receive Maximum twice
                (V5, b"\x20\6\0\0\3\x23\0\1"),      # Topic Alias in CONNACK
                (V5, b"\xE0\1\4"),                  # a reason that is not for servers
                (V5, b"\x40\4\0\1\x92\0"),          # a reason that is not for PUBACK
                (V5, b"\x30\5\0\1a\x80\0"),         # property length longer than needed
                (V5, b"\x10\0"), (V5, b"\xC0\0")):  # CONNECT, PINGREQ from a server
            with self.subTest(version=version, data=data.hex()):
                with self.assertRaises(BadPacket):
                    decode(data[0], data[2:], version)

    def test_a_reset_without_an_answer_is_seen_as_a_close(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        with RawClient(listener.getsockname()[1]) as client:
            listener.accept()[0].close()
            client.expect_closed()


if __name__ == "__main__":
    case.main()
