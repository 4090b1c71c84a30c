# SPDX-License-Identifier: Apache-2.0
"""SCRAM as another implementation speaks it: GNU gsasl makes and checks every message of the
client's side, and each is carried by the packets of MQTT 5's enhanced authentication."""
import base64
import shutil
import subprocess
import unittest

from auth_test import SECRET, Folder
from support import case, wire
from support.broker import MOSQUITTO, Broker, missing_peer
from support.raw import RawClient
from support.wire import V5

METHODS = ("SCRAM-SHA-256", "SCRAM-SHA-1")
GO_ON, AGAIN = 0x18, 0x19


class Gsasl:
    """gsasl by lines: what it says stands alone on a line, and so does what it is told."""

    def __init__(self, method, user, password):
        program = shutil.which("gsasl")
        if program is None:
            missing_peer("gsasl")
        self.process = subprocess.Popen(
            ["stdbuf", "-o0", program, "--client", f"--mechanism={method}", "--no-cb",
             f"--authentication-id={user}", f"--password={password}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


    def says(self):
        """What it says first, or in answer to what it was told."""
        for line in self.process.stdout:
            if line.startswith("Output from client:"):
                break
        line = self.process.stdout.readline().strip()
        try:
            return base64.b64decode(line, validate=True)
        except ValueError:
            raise AssertionError(f"gsasl: {line} {self.close()}") from None

    def hears(self, data):
        self.process.stdin.write(base64.b64encode(data).decode() + "\n")
        self.process.stdin.flush()

    def close(self):
        """What else it has said; its exit status says whether it believes the server."""
        rest, _ = self.process.communicate(timeout=20)
        return self.process.returncode, rest


@unittest.skipIf(MOSQUITTO, "mosquitto has no SCRAM")
class Scram(Folder):
    def setUp(self):
        super().setUp()
        users = {"auth.password_file": None}
        for kind in METHODS:
            users["auth.password_file"] = self.users(kind[6:].lower(), kind=kind.lower())
        self.broker = Broker(settings=users)
        self.broker.start()
        self.addCleanup(self.broker.__exit__, None)

    def first(self, gsasl, method):
        client = RawClient(self.broker.port, V5)
        self.addCleanup(client.close)
        client.send(wire.connect(f"c-{method}", V5, props={
            "authentication_method": method, "authentication_data": gsasl.says()}))
        return client

    @staticmethod
    def send_auth(client, reason, method, data):
        client.send(wire.packet(0xF0, bytes([reason]) + wire.properties(
            {"authentication_method": method, "authentication_data": data})))

    def exchange(self, client, gsasl, method):
        """From the server's challenge to its last word, a CONNACK or an AUTH."""
        challenge = client.expect("AUTH", reason=GO_ON)
        self.assertEqual(challenge.props["authentication_method"], method)
        gsasl.hears(challenge.props["authentication_data"])
        self.send_auth(client, GO_ON, method, gsasl.says())
        return client.read()

    def believed(self, gsasl, answer):
        """The server has shown that it knows the password too."""
        gsasl.hears(answer.props["authentication_data"])
        gsasl.hears(b"")
        code, said = gsasl.close()
        self.assertEqual(code, 0, said)

    def test_client_and_server_prove_themselves_to_each_other(self):
        for method in METHODS:
            with self.subTest(method=method):
                user = method[6:].lower()
                gsasl = Gsasl(method, user, SECRET)
                client = self.first(gsasl, method)
                connack = self.exchange(client, gsasl, method)
                self.assertEqual((connack.kind, connack.reason), ("CONNACK", 0))
                self.assertEqual(connack.props["authentication_method"], method)
                self.believed(gsasl, connack)
                _, clients = self.broker.fetch(f"/api/v1/clients/c-{method}")
                self.assertIn(f'"{user}"', clients)

    def test_again_on_the_same_connection(self):
        method = METHODS[0]
        gsasl = Gsasl(method, "sha-256", SECRET)
        client = self.first(gsasl, method)
        self.believed(gsasl, self.exchange(client, gsasl, method))
        client.subscribe("t")
        gsasl = Gsasl(method, "sha-256", SECRET)
        self.send_auth(client, AGAIN, method, gsasl.says())
        answer = self.exchange(client, gsasl, method)
        self.assertEqual((answer.kind, answer.reason), ("AUTH", 0))
        self.believed(gsasl, answer)
        client.publish("t", b"still here")
        client.receive(payload=b"still here")

    def test_a_wrong_password_and_a_user_that_there_is_not_look_alike(self):
        for method in METHODS:
            for user, password in ((method[6:].lower(), "wrong"), ("nobody", SECRET)):
                with self.subTest(method=method, user=user):
                    gsasl = Gsasl(method, user, password)
                    client = self.first(gsasl, method)
                    answer = self.exchange(client, gsasl, method)
                    self.assertEqual((answer.kind, answer.reason), ("CONNACK", 0x86))
                    self.assertNotIn("authentication_data", answer.props)
                    client.expect_closed()
                    gsasl.process.stdin.close()
                    gsasl.process.stdin = None
                    self.assertNotEqual(gsasl.close()[0], 0)


if __name__ == "__main__":
    case.main()
