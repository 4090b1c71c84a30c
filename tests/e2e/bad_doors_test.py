# SPDX-License-Identifier: Apache-2.0
"""What no client may send, over every transport and for clients that rules bind: one answer."""
import re
import tempfile
import unittest

from support import bad_grid, bad_v3, bad_v5, case
from support.broker import MOSQUITTO, Broker
from support.certificates import Authority
from support.doors import ProxyClient, TlsClient, WebSocketClient
from support.raw import RawClient
from support.wire import V5, V311

TABLES = {
    "3.1.1, first": (V311, False, [*bad_v3.first_rows(), *bad_grid.first_rows(V311)]),
    "3.1.1, later": (V311, True, [*bad_v3.later_rows(), *bad_grid.later_rows(V311)]),
    "5.0, first": (V5, False, [*bad_v5.first_rows(), *bad_grid.first_rows(V5)]),
    "5.0, later": (V5, True, [*bad_v5.later_rows(), *bad_grid.later_rows(V5)]),
}
WITHIN = 15.0
RULES = "topic readwrite a\npattern readwrite own/%c/#\n"


def answer(client):
    """What the broker says last before it closes, in the words of the tables."""
    if client.wait_readable(WITHIN):
        client.fill()
    if client.buffer[:1] == b"\x20" and client.buffer[1:2] != b"\2":
        client.version = V5     # the CONNACK of a level behind 5 is in the form of 5.0
    found, said = client.read(WITHIN), "close"
    if found is not None:
        codes = found.reasons if found.kind == "SUBACK" else [found.reason]
        said = f"{found.kind} {codes[0]:#x}"
        if found.kind != "SUBACK":
            client.expect_closed(WITHIN)
    return said


@unittest.skipIf(MOSQUITTO, "Sluice's own listeners")
class BadDoors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="sluice-e2e-")
        server = Authority(cls.folder.name + "/ca").sign("server", "/CN=localhost", "DNS:localhost")
        key = f"cert={server[0]}&key={server[1]}"
        listeners = [f"mqtts://127.0.0.1:0?{key}", "ws://127.0.0.1:0", f"wss://127.0.0.1:0?{key}",
                     "mqtt://127.0.0.1:0?proxy_protocol=true&proxy_trusted=127.0.0.0/8&"
                     "allow_anonymous=true"]
        cls.broker = Broker(2, arguments=[word for url in listeners for word in ("--listen", url)])
        cls.broker.start()
        cls.broker.wait_for_line("admin on ")
        shown = re.findall(r"^listening on 127\.0\.0\.1:(\d+) \((\w+)\)", cls.broker.output(), re.M)
        cls.ports = {name: int(port) for port, name in shown}
        cls.ports["tcp"], cls.ports["proxy"] = cls.broker.port, int(
            [port for port, name in shown if name == "mqtt"][-1])

    @classmethod
    def tearDownClass(cls):
        cls.broker.__exit__(None)
        cls.folder.cleanup()

    def run_tables(self, client_type, port, every=1):
        """Each row on a connection of its own; many are open at a time."""
        seen, total = [], 0
        for name, (version, is_connected, rows) in TABLES.items():
            rows = rows[::every]
            total += len(rows)
            for at in range(0, len(rows), 50):
                seen += self.run_rows(name, rows[at:at + 50], lambda: client_type(port, version),
                                      is_connected)
        self.assertEqual(seen, [], f"{len(seen)} of {total}")
        return total

    def run_rows(self, table, rows, dial, is_connected):
        clients, wrong = [dial() for _ in rows], []
        for number, client in enumerate(clients):
            if is_connected:
                client.connect(f"{self.id()[-20:]}-{table}-{number}")
        for client, (_, data, _) in zip(clients, rows):
            client.send(data)
        for client, (what, _, expected) in zip(clients, rows):
            try:
                said = answer(client)
            except AssertionError as problem:
                said = f"({problem})"
            client.close()
            if said not in expected:
                wrong.append(f"{table}: {what}: {said}, not {' or '.join(sorted(expected))}")
        return wrong

    def test_over_tcp(self):
        self.assertGreater(self.run_tables(RawClient, self.ports["tcp"]), 1500)

    def test_over_websocket(self):
        self.run_tables(WebSocketClient, self.ports["ws"])

    def test_over_tls(self):
        self.run_tables(TlsClient, self.ports["mqtts"], every=3)

    def test_behind_a_proxy(self):
        self.run_tables(ProxyClient, self.ports["proxy"])

    def test_for_clients_that_rules_bind(self):
        path = self.folder.name + "/acl"
        with open(path, "w", encoding="ascii") as file:
            file.write(RULES)
        with Broker(2, arguments=["--acl-file", path]) as broker:
            self.run_tables(RawClient, broker.port)

    def test_packets_cut_short_by_the_client_s_end_are_no_packets(self):
        for client_type, port in ((RawClient, "tcp"), (WebSocketClient, "ws")):
            for version in (V311, V5):
                for data in (b"\x30", b"\x30\x85", b"\x82\x06\0\1\0", b"\xE0"):
                    client = client_type(self.ports[port], version)
                    client.connect(f"cut-{port}-{version}")
                    client.send(data)
                    client.socket.shutdown(1)
                    client.expect_closed()
                    client.close()


if __name__ == "__main__":
    case.main()
