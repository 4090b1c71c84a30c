# SPDX-License-Identifier: Apache-2.0
"""Thousands of MQTT 3.1.1 clients in one process: bare sockets, one epoll, the least of a codec.

Every message is two bytes, a number that counts up per receiver; each receiver checks that the
next one is the one that must come. So a loss, a duplicate or a change of order is seen at once.
"""
import select
import socket
import struct
import time

from support import wire

PUBACK, PUBREC, PUBREL, PUBCOMP = 0x40, 0x50, 0x62, 0x70


class Client:
    def __init__(self, index, name):
        self.index, self.name = index, name
        self.socket, self.rest, self.unsent = None, b"", b""
        self.waiting = 0            # answers to CONNECT, SUBSCRIBE, UNSUBSCRIBE that are due
        self.topic = None           # what each PUBLISH that comes must name, None for anything
        self.next_number, self.received, self.unreleased = 0, 0, 0
        self.source, self.inflight, self.window, self.last_id = None, 0, 20, 0


class Swarm:
    """`count` receivers and one speaker, all connected; then rounds of messages."""

    def __init__(self, port, count, patience=120.0):
        self.port, self.patience, self.qos = port, patience, 0
        self.ahead, self.sent = None, 0
        self.poll, self.by_fd, self.busy = select.epoll(), {}, 0
        self.clients = [Client(index, f"load{index}") for index in range(count)]
        self.speaker = Client(count, "load-speaker")
        self.everyone = self.clients + [self.speaker]
        self.to_receive = self.to_finish = 0

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        for client in self.everyone:
            if client.socket:
                client.socket.close()
        self.poll.close()

    # Rounds

    def connect(self, together=200):
        """Connects all, at most `together` at a time."""
        for start in range(0, len(self.everyone), together):
            for client in self.everyone[start:start + together]:
                client.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
                client.socket.setblocking(False)
                client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                client.socket.connect_ex(("127.0.0.1", self.port))
                client.waiting, client.unsent = 1, wire.connect(client.name, keep_alive=0)
                self.by_fd[client.socket.fileno()] = client
                self.poll.register(client.socket, select.EPOLLIN | select.EPOLLOUT)
                self.busy += 1
            self.run(lambda: self.busy == 0, "all connected")

    def request(self, kind, filter_of, qos=0):
        """One SUBSCRIBE or UNSUBSCRIBE of each receiver, all answered."""
        for client in self.clients:
            name = filter_of(client)
            client.waiting, self.busy = 1, self.busy + 1
            self.send(client, wire.subscribe(1, [(name, qos)]) if kind == "subscribe"
                      else wire.unsubscribe(1, [name]))
        self.run(lambda: self.busy == 0, kind)

    def deliver(self, qos, expected, sources, base=0, ahead=None):
        """Lets the sources speak until each receiver has `expected` messages and all is acked.

        sources: {client: iterator of (topic, number)}; the numbers of a receiver begin at base.
        ahead: how many messages the speaker may be before a single receiver, so that it stays
        within what the broker queues for one (session.queue_messages_max).
        """
        self.qos, self.to_receive = qos, expected * len(self.clients)
        self.ahead, self.sent = ahead, 0
        for client in self.clients:
            client.next_number, client.received, client.unreleased = base, 0, 0
        self.to_finish = len(sources)
        begin = time.monotonic()
        for client, source in sources.items():
            client.source = source
            self.send(client, b"".join(self.pump(client)))
        self.run(lambda: self.to_receive == 0 and self.to_finish == 0, "all delivered")
        self.run_until_quiet()
        wrong = [c.name for c in self.clients if c.received != expected or c.unreleased]
        assert not wrong, f"{len(wrong)} receivers do not have {expected} each: {wrong[:5]}"
        return time.monotonic() - begin

    def run_until_quiet(self):
        """A ping of each connection ends the round: nothing more was on its way there."""
        for client in self.everyone:
            client.waiting, self.busy = 1, self.busy + 1
            self.send(client, wire.PINGREQ)
        self.run(lambda: self.busy == 0, "pings answered")

    def run(self, is_done, what):
        last = time.monotonic()
        while not is_done():
            events = self.poll.poll(1.0, 512)
            if events:
                last = time.monotonic()
            elif time.monotonic() - last > self.patience:
                raise AssertionError(
                    f"{what}: nothing came for {self.patience} s; {self.busy} answers and "
                    f"{self.to_receive} messages missing, {self.to_finish} sources unfinished")
            for fd, event in events:
                client = self.by_fd[fd]
                if event & select.EPOLLOUT:
                    self.flush(client)
                if event & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
                    self.receive(client)

    # Sockets

    def send(self, client, data):
        if data:
            client.unsent += data
            if len(client.unsent) == len(data):
                self.flush(client)

    def flush(self, client):
        try:
            sent = client.socket.send(client.unsent) if client.unsent else 0
        except BlockingIOError:
            sent = 0
        client.unsent = client.unsent[sent:]
        wanted = select.EPOLLIN | (select.EPOLLOUT if client.unsent else 0)
        self.poll.modify(client.socket, wanted)

    def receive(self, client):
        try:
            data = client.socket.recv(1 << 16)
        except BlockingIOError:
            return
        if not data:
            raise AssertionError(f"the broker closed {client.name}")
        data, at, out = client.rest + data, 0, []
        size = len(data)
        while size - at >= 2:
            length = data[at + 1]
            assert length < 128, "longer than any packet of this exchange"
            end = at + 2 + length
            if end > size:
                break
            self.packet(client, data, at, end, out)
            at = end
        client.rest = data[at:]
        if out:
            self.send(client, b"".join(out))

    # Packets

    def packet(self, client, data, at, end, out):
        kind = data[at] >> 4
        if kind == 3:
            self.publish(client, data, at, end, out)
        elif kind == 4 or kind == 7:        # PUBACK, PUBCOMP
            client.inflight -= 1
            out.extend(self.pump(client))
        elif kind == 5:                     # PUBREC
            out.append(b"\x62\2" + data[at + 2:at + 4])
        elif kind == 6:                     # PUBREL
            client.unreleased -= 1
            out.append(b"\x70\2" + data[at + 2:at + 4])
        elif kind in (2, 9, 11, 13):        # CONNACK, SUBACK, UNSUBACK, PINGRESP
            refused = kind == 2 and data[at + 3] or kind == 9 and data[end - 1] > 2
            assert not refused, f"{client.name}: refused {data[at:end].hex()}"
            assert client.waiting > 0, f"{client.name}: {data[at:end].hex()} was not asked for"
            client.waiting -= 1
            self.busy -= 1
        else:
            raise AssertionError(f"{client.name}: unexpected {data[at:end].hex()}")

    def publish(self, client, data, at, end, out):
        first, length = data[at], data[at + 2] << 8 | data[at + 3]
        body = at + 4 + length
        assert first == 0x30 | self.qos << 1, f"{client.name}: PUBLISH with {first:#x}"
        if client.topic is not None:
            assert data[at + 4:body] == client.topic, f"{client.name}: {data[at + 4:body]}"
        if self.qos:
            packet_id, body = data[body:body + 2], body + 2
            out.append((b"\x40\2" if self.qos == 1 else b"\x50\2") + packet_id)
            client.unreleased += self.qos == 2
        number = data[body] << 8 | data[body + 1]
        assert end - body == 2 and number == client.next_number, \
            f"{client.name}: {number} came, {client.next_number} was next"
        client.next_number = (number + 1) & 0xFFFF
        client.received += 1
        self.to_receive -= 1
        if not self.qos:                    # paced by reading: one more for each that came
            self.speaker.inflight -= 1
        if not self.qos or self.ahead:
            self.send(self.speaker, b"".join(self.pump(self.speaker)))

    def pump(self, client):
        """The publishes that the window of a source has room for."""
        out = []
        while client.source and client.inflight < client.window:
            if self.ahead and self.sent - self.clients[0].received >= self.ahead:
                break
            topic, number = next(client.source, (None, 0))
            if topic is None:
                client.source = False
                break
            body = struct.pack("!H", len(topic)) + topic
            if self.qos:
                client.last_id = client.last_id % 65535 + 1
                body += struct.pack("!H", client.last_id)
            client.inflight, self.sent = client.inflight + 1, self.sent + 1
            out.append(bytes([0x30 | self.qos << 1, len(body) + 2]) + body
                       + struct.pack("!H", number & 0xFFFF))
        if client.source is False and client.inflight <= 0:
            client.source = None
            self.to_finish -= 1
        return out
