#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The command line over WebSocket: --ws, and headers of the request for a gateway that asks for a
token. The gateway is haproxy, the brokers behind it are this one and mosquitto."""
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from support.broker import Broker, free_port, missing_peer, sluice_binary
from support.peers import PATIENCE, mosquitto_program

GATEWAY = """\
defaults
 mode http
 timeout connect 5s
 timeout client 60s
 timeout server 60s
 timeout tunnel 60s
frontend gateway
 bind 127.0.0.1:%d
 http-request deny unless { req.hdr(Authorization) -m str "Bearer let-me-in" }
 default_backend broker
backend broker
 server broker 127.0.0.1:%d
"""


def listens(port, process):
    """Whether the process came to listen; False if it ended instead."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return process.poll() is None
        except ConnectionRefusedError:
            try:
                process.wait(0.02)
                return False
            except subprocess.TimeoutExpired:
                pass
    raise AssertionError(f"nothing listens on {port}")


def sluice(*words, **more):
    return subprocess.run([sluice_binary(), *words], capture_output=True, text=True, check=False,
                          timeout=PATIENCE, **more)


class Request:
    """Takes one connection, keeps the head of what it asks, and hangs up."""

    def __init__(self):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.head = b""
        self.thread = threading.Thread(target=self.take)
        self.thread.start()

    def take(self):
        peer, _ = self.listening.accept()
        with peer:
            while b"\r\n\r\n" not in self.head:
                self.head += peer.recv(4096)

    def lines(self):
        self.thread.join()
        self.listening.close()
        return self.head.decode().split("\r\n")


class CliWebSocket(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="sluice-cli-ws-"))
        cls.broker = cls.enterClassContext(Broker(arguments=["--listen", "ws://127.0.0.1:0"]))
        cls.broker.wait_for_line("admin on ")
        cls.port = int(re.findall(r"^listening on 127\.0\.0\.1:(\d+) \(ws\)",
                                  cls.broker.output(), re.M)[-1])

    def gateway(self, behind):
        program = shutil.which("haproxy", path="/usr/sbin:" + os.environ.get("PATH", ""))
        if program is None:
            missing_peer("haproxy")
        return self.start([program, "-db", "-f"], lambda port: GATEWAY % (port, behind))

    def mosquitto(self):
        # Without another listener, 2.0.11 does not count the one for WebSocket and ends.
        return self.start([mosquitto_program("mosquitto"), "-c"], lambda port: (
            f"user root\nallow_anonymous true\nlistener 0 {self.folder}/socket\n"
            f"listener {port} 127.0.0.1\nprotocol websockets\n"))

    def start(self, command, settings):
        """The port that the program listens on; another one where somebody else was faster."""
        for _ in range(10):
            port = free_port()
            path = f"{self.folder}/settings-{port}"
            with open(path, "w", encoding="ascii") as file:
                file.write(settings(port))
            process = subprocess.Popen([*command, path], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
            if listens(port, process):
                return port
        raise AssertionError(f"{command[0]} does not start")

    def test_gateway_lets_those_through_who_have_its_token(self):
        for behind in (self.port, self.mosquitto()):
            port = str(self.gateway(behind))
            token = ["--ws-header", "Authorization: Bearer let-me-in"]
            with self.subTest(behind=behind):
                done = sluice("pub", "--ws", "-p", port, *token, "-t", "t", "-m", "x", "-q", "1",
                              "-r")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                done = sluice("sub", f"ws://127.0.0.1:{port}/mqtt", *token, "-t", "t", "-C", "1")
                self.assertEqual((done.returncode, done.stdout), (0, "x\n"))
                done = sluice("pub", "--ws", "-p", port, "-t", "t", "-m", "x")
                self.assertEqual(done.returncode, 3)
                self.assertIn("does not answer with a WebSocket", done.stderr)

    def test_headers_go_as_they_were_given_in_their_order(self):
        request = Request()
        sluice("pub", f"ws://127.0.0.1:{request.port}/way", "-t", "t", "-m", "x",
               "--ws-header", "X-Token:a:b c", "--ws-header", "Cookie:  k=v", "--ws-header",
               "X-Empty:")
        lines = request.lines()
        self.assertEqual(lines[0], "GET /way HTTP/1.1")
        self.assertEqual(lines[-5:], ["X-Token: a:b c", "Cookie: k=v", "X-Empty: ", "", ""])

    def test_headers_that_cannot_be_are_refused(self):
        rows = [("Authorization", "needs NAME:VALUE"), (":x", "the name of a header is"),
                ("A B:x", "the name of a header is"), ("A:x\r\nB: y", "line ends"),
                ("A:\x7f", "control characters"), ("A\r\n:x", "the name of a header is"),
                ("host: x", "belongs to the handshake"), ("UPGRADE: x", "belongs to the handshake"),
                ("Sec-WebSocket-Key: x", "belongs to the handshake"),
                ("Content-Length: 5", "belongs to the handshake"),
                ("A:" + "x" * 8192, "longer than 8192 bytes")]
        for given, said in rows:
            with self.subTest(given=given[:40]):
                done = sluice("pub", "--ws", "-p", str(self.port), "-t", "t", "-m", "x",
                              "--ws-header", given)
                self.assertEqual(done.returncode, 2)
                self.assertIn(said, done.stderr)
        done = sluice("pub", "-p", "1", "-t", "t", "-m", "x", "--ws-header", "A:secret")
        self.assertEqual(done.returncode, 2)
        self.assertIn("needs a WebSocket", done.stderr)
        self.assertNotIn("secret", done.stderr)

    def test_port_that_speaks_otherwise_is_told_at_once(self):
        rows = [(["-p", str(self.port)], "speak TLS (mqtts://, --cafile) or WebSocket (--ws)?"),
                (["-L", f"ws://127.0.0.1:{self.broker.port}/mqtt"], "the port of its WebSocket?"),
                (["-L", f"mqtts://127.0.0.1:{self.broker.port}"], "does this port speak TLS?")]
        for where, said in rows:
            with self.subTest(where=where):
                done = sluice("pub", *where, "-t", "t", "-m", "x")
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(said, done.stderr)

    def test_ws_is_spoken_under_mosquittos_names_too(self):
        name = f"{self.folder}/mosquitto_pub"
        os.symlink(sluice_binary(), name)
        done = subprocess.run([name, "--ws", "-p", str(self.port), "-t", "m", "-m", "x", "-r",
                               "-q", "1"], check=False, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0)
        done = sluice("sub", f"ws://127.0.0.1:{self.port}/mqtt", "-t", "m", "-C", "1")
        self.assertEqual(done.stdout, "x\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
