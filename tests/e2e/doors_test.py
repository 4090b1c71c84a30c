# SPDX-License-Identifier: Apache-2.0
"""What a listener says of its clients: who a certificate makes them, which versions and sizes they
may speak; and what a reload does to those who are inside."""
import signal
import unittest

from auth_test import SECRET, Folder
from support import case, wire
from support.broker import MOSQUITTO, Broker, missing_peer
from support.peers import paho_client
from support.raw import RawClient, connected
from support.wire import V5, V311
from tls_test import Certified, Listening, context

RULES = """# the names of certificates
user device-1
topic readwrite own/1/#
user O=Acme,CN=device-3
topic readwrite own/3/#
user device-4.example
topic readwrite own/4/#
"""


@unittest.skipIf(MOSQUITTO, "Sluice's own listeners")
class CertificateAsUser(Certified):
    def test_the_name_in_a_certificate_is_the_user_of_the_rules(self):
        acl = self.folder.name + "/acl"
        with open(acl, "w", encoding="utf-8") as file:
            file.write(RULES)
        rows = (("cn", "device-1", "/CN=device-1/O=Acme", "", "own/1/t"),
                ("dn", "device-3", "/O=Acme/CN=device-3", "", "own/3/t"),
                ("san", "device-4", "/O=Acme", "DNS:device-4.example", "own/4/t"))
        for kind, name, subject, names, topic in rows:
            certificate = self.authority.sign(name, subject, names)
            with self.subTest(identity=kind), \
                    self.listening(ca_file=self.authority.file, client_certificate="required",
                                   identity=kind, settings={"acl.acl_file": acl}) as at:
                client = self.raw(at.port, context(self.authority, certificate))
                client.version = V5
                client.connect("c", username="device-9")
                self.assertEqual(client.subscribe(topic, "own/9/t", granted=False), [0, 0x87])
                self.assertIn(client.publish(topic, b"x", 1).reason, (0, 0x10))
                self.assertEqual(client.publish("own/9/t", b"x", 1).reason, 0x87)
                _, text = at.broker.fetch("/api/v1/clients")
                self.assertIn("device-3" if kind == "dn" else name, text)

    def test_rules_may_name_listener_and_identity(self):
        rules = self.folder.name + "/rules"
        with open(rules, "w", encoding="utf-8") as file:
            file.write("allow identity device-7 listener doors publish mine\n")
        certificate = self.authority.sign("device-7", "/CN=device-7")
        for name, reason in (("doors", 0x10), ("others", 0x87)):
            with self.listening(ca_file=self.authority.file, client_certificate="required",
                                identity="cn", name=name,
                                settings={"acl.rules_file": rules}) as at:
                client = self.raw(at.port, context(self.authority, certificate))
                client.version = V5
                client.connect("c")
                self.assertEqual(client.publish("mine", b"x", 1).reason, reason)

    def test_over_websocket_too(self):
        if paho_client is None:
            missing_peer("python3-paho-mqtt")
        certificate = self.authority.sign("device-8", "/CN=device-8")
        acl = self.folder.name + "/acl8"
        with open(acl, "w", encoding="utf-8") as file:
            file.write("user device-8\ntopic readwrite own/8\n")
        expired = self.authority.sign("old-8", "/CN=device-8", days=(-20, -10))
        with self.listening("wss", ca_file=self.authority.file, client_certificate="required",
                            identity="cn", settings={"acl.acl_file": acl}) as at:
            client = paho_client.Client("w", transport="websockets")
            client.tls_set_context(context(self.authority, certificate))
            got = []
            client.on_message = lambda c, u, message: got.append(message.topic)
            client.on_subscribe = lambda c, u, mid, codes: (c.publish("own/9"), c.publish("own/8"))
            client.on_connect = lambda c, u, flags, code: c.subscribe("own/8")
            client.connect("localhost", at.port)
            for _ in range(200):
                client.loop(0.1)
                if got:
                    break
            client.disconnect()
            self.assertEqual(got, ["own/8"])
            for bad in (None, expired):
                client = paho_client.Client("w", transport="websockets")
                client.tls_set_context(context(self.authority, bad))
                with self.assertRaises(OSError):
                    client.connect("localhost", at.port)
                    client.loop(1)
                    client.loop(1)
                    raise ConnectionError(client.is_connected())


@unittest.skipIf(MOSQUITTO, "Sluice's own listeners")
class OfAListener(unittest.TestCase):
    def test_versions_and_sizes(self):
        with Listening("mqtt", versions="5.0", packet_bytes_max="1KiB") as at:
            with RawClient(at.port, V311) as old:
                old.connect("old", expect=1)
                old.expect_closed()
            client = connected(at.port, "new", V5)
            client.send(wire.publish("t", b"x" * 2000, V5))
            client.expect_closed(reason=0x95)
            connected(at.broker.port, "old", V311).disconnect()


class Reload(Folder):
    def broker(self, text):
        self.path("sluice.toml", text)
        return Broker(arguments=["--config", self.path("sluice.toml")])

    def reload(self, broker, text, line="Config reloaded"):
        self.path("sluice.toml", text)
        seen = len(broker.lines)
        broker.process.send_signal(signal.SIGHUP)
        broker.wait_for_line(line, since=seen)

    def test_passwords_are_asked_for_from_the_next_reload_on(self):
        users = self.users("ann")
        with self.broker("") as broker:
            inside = connected(broker.port, "inside", V5)
            early = RawClient(broker.port, V5)
            self.reload(broker, f'[auth]\npassword_file = "{users}"\n')
            inside.expect_closed(reason=0x98)
            early.connect("early", expect=0x87)
            self.refused(broker.port, 0x87, V5)
            self.refused(broker.port, 0x86, V5, username="ann", password="wrong")
            connected(broker.port, "ann", V5, username="ann", password=SECRET).disconnect()

    def test_who_is_inside_may_stay_by_option(self):
        users = self.users("ann")
        with self.broker("") as broker:
            inside = connected(broker.port, "inside", V5)
            self.reload(broker, f'[auth]\npassword_file = "{users}"\nrecheck = false\n')
            inside.expect_quiet()
            self.refused(broker.port, 0x87, V5)

    def test_a_changed_password_disconnects(self):
        users = self.users("ann", "bob")
        text = f'[auth]\npassword_file = "{users}"\n'
        with self.broker(text) as broker:
            ann = connected(broker.port, "ann", V5, username="ann", password=SECRET)
            bob = connected(broker.port, "bob", V5, username="bob", password=SECRET)
            self.users("ann", password="another")
            self.reload(broker, text)
            ann.expect_closed(reason=0x98)
            bob.expect_quiet()
            self.refused(broker.port, 0x86, V5, username="ann", password=SECRET)
            connected(broker.port, "ann", V5, username="ann", password="another").disconnect()


if __name__ == "__main__":
    case.main()
