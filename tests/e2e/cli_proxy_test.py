#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""--proxy: through Debian's microsocks, as mosquitto's own clients go."""
import os
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

from support.broker import (Broker, free_port, loopback_addresses, missing_peer,
                            sluice_binary)
from support.certificates import Authority
from support.peers import PATIENCE, mosquitto_program


class Socks:
    """A SOCKS5 proxy on .port; with a user it wants that one."""

    def __init__(self, user=None, password=None):
        program = shutil.which("microsocks") or missing_peer("microsocks")
        self.port = free_port()
        login = ["-u", user, "-P", password] if user else []
        self.process = subprocess.Popen(
            [program, "-i", "127.0.0.1", "-p", str(self.port), *login],
            stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self
            except ConnectionRefusedError:
                os.sched_yield()
        raise AssertionError("microsocks does not listen")

    def __exit__(self, *what):
        self.process.kill()
        self.told = self.process.communicate()[1]


class Proxy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.authority = Authority(cls.folder.name + "/ca")
        certificate, key = cls.authority.sign("server", "/CN=localhost", "DNS:localhost")
        # A proxy may try only the first address that it finds for a name.
        cls.ports = {name: str(free_port()) for name in ("mqtts", "ws")}
        listeners = []
        for address in loopback_addresses():
            for url in (f"mqtts://{address}:{cls.ports['mqtts']}?cert={certificate}&key={key}",
                        f"ws://{address}:{cls.ports['ws']}"):
                listeners += ["--listen", url]
            if address != "127.0.0.1":
                listeners += ["--bind", address.strip("[]")]
        cls.broker = Broker(arguments=listeners)
        cls.enterClassContext(cls.broker)
        cls.broker.wait_for_line("admin on ")
        cls.ports["mqtt"] = str(cls.broker.port)

    def pub(self, program, *words):
        return subprocess.run([*program, *words], capture_output=True, text=True, check=False,
                              timeout=PATIENCE, stdin=subprocess.DEVNULL)

    def arrives(self, topic, *words):
        """Whether what is published so is retained by the broker afterwards."""
        done = self.pub([sluice_binary(), "pub"], *words, "-r", "-q", "1", "-t", topic, "-m", "x")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        seen = self.pub([sluice_binary(), "sub"], "-h", "127.0.0.1", "-p", self.ports["mqtt"],
                        "-C", "1", "-W", "10", topic)
        self.assertEqual(seen.stdout, "x\n")

    def test_every_scheme_goes_through_it(self):
        with Socks() as socks:
            proxy = ["--proxy", f"socks5h://127.0.0.1:{socks.port}"]
            # The proxy finds the name: here it is one that both would know.
            self.arrives("p/1", "-L", f"mqtt://localhost:{self.ports['mqtt']}/p/1", *proxy)
            self.arrives("p/2", "-h", "127.0.0.1", "-p", self.ports["mqtt"], *proxy)
            self.arrives("p/3", f"mqtts://localhost:{self.ports['mqtts']}", "--cafile",
                         self.authority.file, *proxy)
            self.arrives("p/4", f"ws://localhost:{self.ports['ws']}/mqtt", *proxy)
        self.assertEqual(socks.told.count(f":{self.ports['mqtt']}"), 2, socks.told)

    def test_login(self):
        with Socks("ann", "secret") as socks:
            at = ["-h", "localhost", "-p", self.ports["mqtt"]]
            place = f"127.0.0.1:{socks.port}"
            self.arrives("p/5", *at, "--proxy", f"socks5h://ann:secret@{place}")
            for login, word in (("", "login"), ("ann:wrong@", "refused the user name or password")):
                done = self.pub([sluice_binary(), "pub"], *at, "-t", "a", "-m", "x", "--proxy",
                                f"socks5h://{login}{place}")
                self.assertEqual(done.returncode, 3, done.stderr)
                self.assertIn(word, done.stderr)
                self.assertNotIn("wrong", done.stderr)

    def test_same_as_mosquitto_pub(self):
        theirs = [mosquitto_program("mosquitto_pub")]
        ours = os.path.join(self.folder.name, "mosquitto_pub")
        os.symlink(sluice_binary(), ours)
        with Socks() as socks, Socks("ann", "secret") as locked:
            nobody = free_port()
            for host, port, proxy in (
                    ("localhost", self.ports["mqtt"], f"socks5h://127.0.0.1:{socks.port}"),
                    ("localhost", self.ports["mqtt"],
                     f"socks5h://ann:secret@127.0.0.1:{locked.port}"),
                    ("localhost", self.ports["mqtt"], f"http://127.0.0.1:{socks.port}"),
                    ("localhost", self.ports["mqtt"], f"socks5h://127.0.0.1:{nobody}")):
                words = ["-h", host, "-p", port, "-t", "a", "-m", "x", "--proxy", proxy]
                with self.subTest(proxy=proxy):
                    self.assertEqual(self.pub([ours], *words).returncode,
                                     self.pub(theirs, *words).returncode)

    def test_what_goes_wrong_behind_the_proxy_is_said(self):
        with Socks() as socks:
            done = self.pub([sluice_binary(), "pub"], "-h", "localhost", "-p", str(free_port()),
                            "-t", "a", "-m", "x", "--proxy", f"socks5h://127.0.0.1:{socks.port}")
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn("the proxy says", done.stderr)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            asking = subprocess.Popen(
                [sluice_binary(), "pub", "-h", "localhost", "-t", "a", "-m", "x", "--proxy",
                 f"socks5h://127.0.0.1:{port}"], stderr=subprocess.PIPE, text=True)
            client = listener.accept()[0]
            client.recv(16)
            client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            self.assertIn("no SOCKS5 proxy", asking.communicate(timeout=PATIENCE)[1])
            client.close()
            self.assertEqual(asking.returncode, 3)


if __name__ == "__main__":
    unittest.main(verbosity=2)
