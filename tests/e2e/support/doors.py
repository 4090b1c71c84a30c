# SPDX-License-Identifier: Apache-2.0
"""The raw client over what MQTT goes over besides TCP: WebSocket, TLS, a proxy in front."""
import base64
import ssl
import struct

from support.raw import RawClient

KEY = base64.b64encode(b"0123456789abcdef").decode()
MASK = b"\x11\x22\x33\x44"


class ProxyClient(RawClient):
    """Behind a proxy that says by version 2 of its protocol where the client is."""

    def dial(self, host, port, receive_buffer):
        stream = super().dial(host, port, receive_buffer)
        addresses = bytes([192, 0, 2, 7, 127, 0, 0, 1]) + struct.pack("!HH", 40000, port)
        stream.sendall(b"\r\n\r\n\0\r\nQUIT\n" + b"\x21\x11" + struct.pack("!H", len(addresses)) +
                       addresses)
        return stream


class TlsClient(RawClient):
    """Over TLS; the certificate is another test's business."""

    def dial(self, host, port, receive_buffer):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(super().dial(host, port, receive_buffer))

    def wait_readable(self, seconds):
        return bool(self.socket.pending()) or super().wait_readable(seconds)

    def fill(self):
        try:
            super().fill()
        except ssl.SSLError:
            self.eof = True


class WebSocketClient(RawClient):
    """Over WebSocket: each send() is one binary frame."""

    def dial(self, host, port, receive_buffer):
        stream = super().dial(host, port, receive_buffer)
        stream.sendall(
            f"GET /mqtt HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: mqtt\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            data = stream.recv(4096)
            assert data, f"closed instead of the upgrade: {head!r}"
            head += data
        assert head.startswith(b"HTTP/1.1 101"), head
        self.frames = bytearray(head.partition(b"\r\n\r\n")[2])
        self.is_over = False
        return stream

    def send(self, *chunks):
        data = b"".join(chunks)
        if len(data) < 126:
            head = struct.pack("!BB", 0x82, 0x80 | len(data))
        elif len(data) < 65536:
            head = struct.pack("!BBH", 0x82, 0x80 | 126, len(data))
        else:
            head = struct.pack("!BBQ", 0x82, 0x80 | 127, len(data))
        whole = bytes(byte ^ MASK[i % 4] for i, byte in enumerate(data))
        self.socket.sendall(head + MASK + whole)

    def fill(self):
        """What the frames hold; after a Close frame the MQTT stream is over."""
        try:
            data = self.socket.recv(1 << 18)
        except (ConnectionResetError, BrokenPipeError):
            data, self.was_reset = b"", True
        self.frames += data
        self.eof = not data
        while (found := self.next_frame()) is not None:
            opcode, payload = found
            self.is_over = self.is_over or opcode == 8
            if opcode in (0, 2):
                assert not self.is_over, "data behind a Close frame"
                self.buffer += payload

    def next_frame(self):
        if len(self.frames) < 2:
            return None
        size = self.frames[1] & 127
        at = {126: 4, 127: 10}.get(size, 2)
        if len(self.frames) < at:
            return None
        if at > 2:
            size = int.from_bytes(self.frames[2:at], "big")
        if len(self.frames) < at + size:
            return None
        opcode, payload = self.frames[0] & 15, bytes(self.frames[at:at + size])
        del self.frames[:at + size]
        return opcode, payload
