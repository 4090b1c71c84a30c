#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The command line at a server that names another one: it says so, and goes there if asked to."""
import socket
import struct
import subprocess
import threading
import unittest

from support.broker import Broker, sluice_binary
from support.peers import PATIENCE

CONNACK, DISCONNECT = 0x20, 0xE0


def packet(kind, reason, reference):
    properties = b"\x1c" + struct.pack("!H", len(reference)) + reference
    body = (b"\0" if kind == CONNACK else b"") + bytes([reason, len(properties)]) + properties
    return bytes([kind, len(body)]) + body


class Referrer:
    """Answers each CONNECT of MQTT 5 with these packets, and hangs up."""

    def __init__(self, *packets):
        self.packets, self.seen = packets, 0
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while True:
            peer, _ = self.listening.accept()
            with peer:
                if not peer.recv(4096):
                    return
                self.seen += 1
                for one in self.packets:
                    peer.sendall(one)
                peer.shutdown(socket.SHUT_WR)
                while peer.recv(4096):
                    pass

    def __enter__(self):
        return self

    def __exit__(self, *what):
        with socket.create_connection(("127.0.0.1", self.port)):
            pass
        self.thread.join()
        self.listening.close()


class CliReference(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = cls.enterClassContext(Broker())
        cls.place = f"127.0.0.1:{cls.broker.port}"

    def pub(self, port, *words):
        return subprocess.run([sluice_binary(), "pub", "-h", "127.0.0.1", "-p", str(port), "-t",
                               "t", "-m", "x", "-q", "1", *words], capture_output=True, text=True,
                              check=False, timeout=PATIENCE)

    def test_named_server_is_shown_and_gone_to_only_if_that_is_asked_for(self):
        with Referrer(packet(CONNACK, 0x9D, b"unknown.invalid:x " + self.place.encode())) as first:
            done = self.pub(first.port)
            self.assertEqual(done.returncode, 4, done.stderr)
            self.assertIn(f"Server moved, use unknown.invalid:x {self.place}", done.stderr)
            self.assertNotIn("going to", done.stderr)
            done = self.pub(first.port, "--follow-server-reference")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(f"going to {self.place}", done.stderr)
            self.assertEqual(self.pub(first.port, "--follow-server-reference", "--quiet").stderr,
                             "")

    def test_server_that_sends_its_clients_away_later_is_left(self):
        accepted = b"\x20\x03\0\0\0"
        away = packet(DISCONNECT, 0x9C, self.place.encode())
        with Referrer(accepted, away) as first:
            done = self.pub(first.port, "--follow-server-reference")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(f"Use another server, use {self.place}", done.stderr)
            self.assertIn(f"going to {self.place}", done.stderr)

    def test_circle_ends(self):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        with Referrer(packet(CONNACK, 0x9C, b"127.0.0.1:%d" % port)) as first:
            done = self.pub(first.port, "--follow-server-reference")
            self.assertEqual(done.returncode, 3, done.stderr)  # nobody is there
            self.assertIn(f"nothing listens on 127.0.0.1:{port}", done.stderr)
        with Referrer(packet(CONNACK, 0x9C, b"localhost")) as first:
            first.packets = (packet(CONNACK, 0x9C, b"127.0.0.1:%d" % first.port),)
            done = self.pub(first.port, "--follow-server-reference")
            self.assertEqual(done.returncode, 4, done.stderr)
            self.assertEqual(first.seen, 5)


if __name__ == "__main__":
    unittest.main(verbosity=2)
