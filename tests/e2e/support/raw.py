# SPDX-License-Identifier: Apache-2.0
"""A client that is only a socket: says exactly the bytes a test wants, reads exactly what comes."""
import select
import socket
import time

from support import wire
from support.wire import V311, V5

PATIENCE = 20.0     # seconds that an answer may take on a busy machine before it counts as missing


class RawClient:
    def __init__(self, port, version=V311, host="127.0.0.1", receive_buffer=None):
        self.version, self.buffer, self.eof, self.was_reset = version, bytearray(), False, False
        self.last_id, self.held, self.is_resumed = 0, [], False
        self.socket = self.dial(host, port, receive_buffer)

    def dial(self, host, port, receive_buffer):
        """The open stream; what MQTT goes over other than TCP is a subclass, see doors.py."""
        stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if receive_buffer:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        stream.settimeout(PATIENCE)
        stream.connect((host, port))
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return stream

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    # Speaking

    def send(self, *chunks):
        self.socket.sendall(b"".join(chunks))

    def next_id(self):
        self.last_id = self.last_id % 65535 + 1
        return self.last_id

    def connect(self, client_id, expect=0, **options):
        """Connects and gives the CONNACK; expect is its reason code, None for any."""
        self.send(wire.connect(client_id, self.version, **options))
        answer = self.expect("CONNACK")
        assert expect is None or answer.reason == expect, f"CONNACK {answer.reason:#x}"
        return answer

    def subscribe(self, *filters, qos=0, options=None, props=None, granted=True):
        """Subscribes and gives the SUBACK's codes; what arrives before it is kept in order."""
        packet_id = self.next_id()
        wanted = [(name, qos if options is None else options) for name in filters]
        self.send(wire.subscribe(packet_id, wanted, self.version, props))
        answer = self.answer_to("SUBACK", packet_id)
        if granted:
            assert max(answer.reasons) <= 2, f"SUBACK {answer.reasons}"
        return answer.reasons

    def unsubscribe(self, *filters):
        packet_id = self.next_id()
        self.send(wire.unsubscribe(packet_id, filters, self.version))
        return self.answer_to("UNSUBACK", packet_id).reasons

    def publish(self, topic, payload=b"", qos=0, retain=False, props=None, finish=True):
        """Publishes and, for QoS 1 and 2, goes through the whole exchange; gives the answer."""
        packet_id = self.next_id() if qos else None
        self.send(wire.publish(topic, payload, self.version, qos, packet_id, retain, False, props))
        if not qos or not finish:
            return packet_id
        answer = self.answer_to("PUBACK" if qos == 1 else "PUBREC", packet_id)
        if qos == 2 and answer.reason < 0x80:
            self.send(wire.ack("PUBREL", packet_id))
            self.answer_to("PUBCOMP", packet_id)
        return answer

    def disconnect(self, **options):
        self.send(wire.disconnect(self.version, **options))
        self.expect_closed()
        self.close()

    def close(self):
        self.socket.close()

    def abort(self):
        """Closes as a lost network would look: a reset, no DISCONNECT."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()

    # Listening

    def read(self, within=PATIENCE):
        """The next packet, None at the end of the stream; fails when nothing comes in time."""
        if self.held:
            return self.held.pop(0)
        deadline = time.monotonic() + within
        while True:
            found = self.parse()
            if found is not None:
                return found
            if self.eof:
                assert not self.buffer, f"stream ends within a packet: {bytes(self.buffer[:80])}"
                return None
            left = deadline - time.monotonic()
            if left <= 0 or not self.wait_readable(left):
                raise AssertionError(f"nothing arrived within {within} s")
            self.fill()

    def wait_readable(self, seconds):
        poll = select.poll()        # select() knows no descriptor above 1023
        poll.register(self.socket, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def fill(self):
        try:
            data = self.socket.recv(1 << 18)
        except (ConnectionResetError, BrokenPipeError):
            data, self.was_reset = b"", True
        self.buffer += data
        self.eof = not data

    def parse(self):
        length, shift, at = 0, 0, 1
        while True:
            if at >= len(self.buffer):
                return None
            length |= (self.buffer[at] & 127) << shift
            if self.buffer[at] < 128:
                break
            at, shift = at + 1, shift + 7
            assert at < 5, "remaining length of more than four bytes"
        end = at + 1 + length
        if len(self.buffer) < end:
            return None
        first, body = self.buffer[0], bytes(self.buffer[at + 1:end])
        del self.buffer[:end]
        return wire.decode(first, body, self.version)

    def expect(self, kind, within=PATIENCE, **fields):
        found = self.read(within)
        assert found is not None, f"closed instead of {kind}"
        assert found.kind == kind, f"{found} instead of {kind}"
        for name, value in fields.items():
            got = getattr(found, name)
            assert got == value, f"{kind}.{name} is {got!r}, not {value!r}"
        return found

    def answer_to(self, kind, packet_id):
        """The answer to one request; deliveries that come before it are read later, in order."""
        passed = []
        while True:
            found = self.read()
            assert found is not None, f"closed instead of {kind} for {packet_id}"
            if found.kind == kind and found.packet_id == packet_id:
                self.held = passed + self.held
                return found
            assert found.kind == "PUBLISH", f"{found} while waiting for {kind} {packet_id}"
            passed.append(found)

    def expect_closed(self, within=PATIENCE, reason=None):
        """The server closes; in MQTT 5 a DISCONNECT with `reason` comes before if one is given."""
        if reason is not None:
            self.expect("DISCONNECT", within, reason=reason)
        found = self.read(within)
        assert found is None, f"{found} instead of the end of the stream"

    def receive(self, **fields):
        """The next PUBLISH, its exchange completed.

        A client that resumed completes exchanges first whose last word was lost with the
        connection before.
        """
        self.finish_resumed()
        found = self.expect("PUBLISH", **fields)
        if found.qos == 1:
            self.send(wire.ack("PUBACK", found.packet_id))
        elif found.qos == 2:
            self.send(wire.ack("PUBREC", found.packet_id))
            self.answer_to("PUBREL", found.packet_id)
            self.send(wire.ack("PUBCOMP", found.packet_id))
        return found

    def finish_resumed(self):
        """Answers each PUBREL that comes before anything else, on a resumed session."""
        while self.is_resumed:
            found = self.read()
            if found is None or found.kind != "PUBREL":
                self.held.insert(0, found)
                break
            self.send(wire.ack("PUBCOMP", found.packet_id))

    def receive_all(self, count):
        return [self.receive() for _ in range(count)]

    def expect_quiet(self):
        """Nothing was on its way: a ping is answered by nothing but its PINGRESP.

        Good for what this very connection caused; for what another client may have published use
        a message of that client as the fence.
        """
        self.send(wire.PINGREQ)
        self.finish_resumed()
        self.expect("PINGRESP")


def connected(port, client_id, version=V311, **options):
    client = RawClient(port, version)
    client.connack = client.connect(client_id, **options)
    return client


def durable(version, expiry=3600):
    """CONNECT options that make a session outlive its connection, for either version."""
    return {"clean": False, "props": {"session_expiry": expiry}} if version == V5 else \
        {"clean": False}
