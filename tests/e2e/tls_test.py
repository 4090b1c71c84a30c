# SPDX-License-Identifier: Apache-2.0
"""TLS as clients and operators meet it: certificates, keys, names, tickets, reload."""
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

from support import case, wire
from support.broker import MOSQUITTO, Broker, missing_peer, sluice_binary
from support.certificates import Authority
from support.peers import PATIENCE, mosquitto_program, paho_client
from support.raw import RawClient

HELLO_TOPIC = "tls/hello"


class Listening:
    """A broker with one more listener: listener(), then .port."""

    def __init__(self, protocol, settings=None, threads=2, **options):
        pairs = [f"{key}={item}" for key, value in options.items()
                 for item in (value if isinstance(value, list) else [value])]
        url = f"{protocol}://127.0.0.1:0?" + "&".join(pairs)
        self.broker = Broker(threads=threads, settings=settings, arguments=["--listen", url])
        self.protocol = protocol

    def __enter__(self):
        self.broker.__enter__()
        self.broker.wait_for_line("admin on ")
        shown = rf"^listening on 127\.0\.0\.1:(\d+) \({self.protocol}\)"
        # The listener of --port stands before that of --listen.
        self.port = int(re.findall(shown, self.broker.output(), re.M)[-1])
        return self

    def __exit__(self, *what):
        return self.broker.__exit__(*what)


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False,
                          stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout + done.stderr


def ends(client):
    """Whether the other end closes, whatever it says before."""
    client.settimeout(PATIENCE)
    try:
        while client.recv(4096):
            pass
    except ConnectionResetError:
        pass
    except TimeoutError:
        return False
    return True


def context(authority, certificate=None, check_hostname=True):
    made = ssl.create_default_context(cafile=authority.file)
    made.check_hostname = check_hostname
    if certificate:
        made.load_cert_chain(*certificate)
    return made


class Certified(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="sluice-e2e-")
        cls.authority = Authority(cls.folder.name + "/ca")
        cls.stranger = Authority(cls.folder.name + "/other", "Other CA")
        cls.server = cls.authority.sign("server", "/CN=localhost", "DNS:localhost,IP:127.0.0.1")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def listening(self, protocol="mqtts", **options):
        options = {"cert": self.server[0], "key": self.server[1], **options}
        return Listening(protocol, **options)

    def raw(self, port, tls, name="localhost"):
        client = RawClient(port)
        self.addCleanup(client.close)
        client.socket = tls.wrap_socket(client.socket, server_hostname=name)
        return client


@unittest.skipIf(MOSQUITTO, "Sluice's own listeners")
class Tls(Certified):
    def paho(self, port, certificate=None, client_id="paho"):
        if paho_client is None:
            missing_peer("python3-paho-mqtt")
        client = paho_client.Client(client_id)
        client.tls_set_context(context(self.authority, certificate))
        client.connect("localhost", port)
        return client

    def exchange(self, client):
        """A message there and back on a paho client."""
        got = []
        client.on_message = lambda c, u, message: got.append(message.payload)
        client.on_subscribe = lambda c, u, mid, codes: c.publish(HELLO_TOPIC, b"x" * 40000, 1)
        client.on_connect = lambda c, u, flags, code: c.subscribe(HELLO_TOPIC, 1)
        for _ in range(600):
            client.loop(0.1)
            if got:
                break
        client.disconnect()
        self.assertEqual(got, [b"x" * 40000])

    # Peers

    def test_paho_publishes_and_subscribes(self):
        with self.listening() as at:
            self.exchange(self.paho(at.port))

    def test_sluice_and_mosquitto_tools_talk_to_each_other(self):
        sub = mosquitto_program("mosquitto_sub")
        with self.listening() as at:
            process = subprocess.Popen(
                [sub, "-h", "localhost", "-p", str(at.port), "--cafile", self.authority.file, "-t",
                 HELLO_TOPIC, "-C", "1", "-i", "listener", "-q", "1"],
                stdout=subprocess.PIPE, text=True)
            self.addCleanup(process.stdout.close)
            self.addCleanup(process.kill)
            at.broker.wait_for_line("as listener")
            code, said = run(sluice_binary(), "pub", f"mqtts://localhost:{at.port}/{HELLO_TOPIC}",
                             "--cafile", self.authority.file, "-m", "over tls", "-q", "1", "-r")
            self.assertEqual(code, 0, said)
            self.assertEqual(process.communicate(timeout=PATIENCE)[0], "over tls\n")
            code, said = run(sluice_binary(), "sub", "-h", "localhost", "-p", str(at.port),
                             "--cafile", self.authority.file, "-C", "1", HELLO_TOPIC)
            self.assertEqual((code, said), (0, "over tls\n"))

    def test_the_client_refuses_a_server_that_it_cannot_trust_and_says_why(self):
        with self.listening() as at:
            url = f"mqtts://127.0.0.1:{at.port}/t"
            code, said = run(sluice_binary(), "pub", url, "-m", "x")
            self.assertNotEqual(code, 0)
            self.assertRegex(said, "issuer|self.signed")
            code, said = run(sluice_binary(), "pub", url, "-m", "x", "--cafile",
                             self.stranger.file)
            self.assertNotEqual(code, 0)
        other = self.authority.sign("elsewhere", "/CN=elsewhere.example", "DNS:elsewhere.example")
        with self.listening(cert=other[0], key=other[1]) as at:
            url = f"mqtts://localhost:{at.port}/t"
            arguments = ("pub", url, "-m", "x", "--cafile", self.authority.file)
            code, said = run(sluice_binary(), *arguments)
            self.assertNotEqual(code, 0)
            self.assertRegex(said, "[Hh]ostname mismatch")
            code, said = run(sluice_binary(), *arguments, "--insecure")
            self.assertEqual(code, 0, said)

    def test_versions(self):
        for wanted, minimum, works in (("tlsv1.2", "tlsv1.2", True), ("tlsv1.3", "tlsv1.2", True),
                                       ("tlsv1.2", "tlsv1.3", False)):
            with self.subTest(wanted=wanted, minimum=minimum):
                with self.listening(tls_version_min=minimum) as at:
                    code, said = run(sluice_binary(), "pub", f"mqtts://localhost:{at.port}/t",
                                     "--cafile", self.authority.file, "--tls-version", wanted,
                                     "-m", "x")
                    self.assertEqual(code == 0, works, said)

    def test_alpn_is_mqtt_and_a_client_that_wants_another_is_refused(self):
        with self.listening() as at:
            program = mosquitto_program("mosquitto_pub")
            pub = [program, "-h", "localhost", "-p", str(at.port), "--cafile", self.authority.file,
                   "-t", "t", "-m", "x"]
            self.assertEqual(run(*pub, "--tls-alpn", "mqtt")[0], 0)
            self.assertNotEqual(run(*pub, "--tls-alpn", "h2")[0], 0)
            tls = context(self.authority)
            tls.set_alpn_protocols(["h2", "mqtt"])
            client = self.raw(at.port, tls)
            self.assertEqual(client.socket.selected_alpn_protocol(), "mqtt")

    def test_the_name_asked_for_chooses_the_certificate(self):
        other = self.authority.sign("second", "/CN=second.example",
                                    "DNS:second.example,DNS:*.second.example")
        with self.listening(cert=[self.server[0], other[0]],
                            key=[self.server[1], other[1]]) as at:
            for name in ("localhost", "second.example", "a.second.example"):
                client = self.raw(at.port, context(self.authority), name)
                client.connect("sni-" + name)
            with self.assertRaises(ssl.SSLCertVerificationError):
                self.raw(at.port, context(self.authority), "third.example")

    # Clients' certificates

    def mutual(self, **options):
        return self.listening(ca_file=self.authority.file, client_certificate="required",
                              identity="cn", allow_anonymous="false", **options)

    def accepted(self, port, certificate):
        """Whether the broker takes a client with this certificate."""
        try:
            client = self.raw(port, context(self.authority, certificate))
            client.send(wire.connect(""))
            found = client.read(PATIENCE)
        except (OSError, AssertionError):
            return False
        return found is not None and found.kind == "CONNACK" and found.reason == 0

    def test_certificates_of_clients(self):
        sign = self.authority.sign
        good = sign("good", "/CN=device-1/O=Acme")
        revoked = sign("revoked", "/CN=device-2")
        rows = [
            ("good", good, True),
            ("none", None, False),
            ("expired", sign("expired", "/CN=device-3", days=(-20, -10)), False),
            ("not yet valid", sign("early", "/CN=device-4", days=(10, 20)), False),
            ("revoked", revoked, False),
            ("of another authority", self.stranger.sign("x", "/CN=device-1"), False),
            ("in UTF-8", sign("utf8", "/CN=gerät-ü"), True),
            ("without a name", sign("nameless", "/O=Acme"), False),
            ("with a control character", sign("control", "/CN=device\x01x"), False),
        ]
        crl = self.authority.revoke(revoked[0])
        with self.mutual(crl_file=crl) as at:
            for what, certificate, works in rows:
                with self.subTest(certificate=what):
                    self.assertEqual(self.accepted(at.port, certificate), works)
            at.broker.wait_for_line("certificate revoked|certificate verify failed")
        with self.mutual() as at:
            self.assertTrue(self.accepted(at.port, revoked), "without a list nobody is revoked")

    def test_a_client_certificate_is_asked_for_and_may_be_optional(self):
        good = self.authority.sign("optional", "/CN=device-9")
        with self.listening(ca_file=self.authority.file, client_certificate="optional",
                            identity="cn", allow_anonymous="false") as at:
            self.assertTrue(self.accepted(at.port, good))
            self.assertFalse(self.accepted(at.port, None), "no certificate, no name, no password")

    # Pre-shared keys

    def test_pre_shared_keys(self):
        path = self.folder.name + "/psk"
        with open(path, "w", encoding="ascii") as file:
            file.write("# keys\ndevice-1:0123456789abcdef\ndevice-2:ff00\n")
        with Listening("mqtts", psk_file=path, psk_hint="hint", allow_anonymous="false") as at:
            program = mosquitto_program("mosquitto_pub")
            for key, works in (("0123456789abcdef", True), ("0123456789abcdee", False)):
                arguments = ("--psk-identity", "device-1", "--psk", key, "-t", "t", "-m", "x")
                self.assertEqual(run(program, "-h", "127.0.0.1", "-p", str(at.port),
                                     *arguments)[0] == 0, works)
                for version in ("tlsv1.2", "tlsv1.3"):
                    code, said = run(sluice_binary(), "pub", "-h", "127.0.0.1", "-p", str(at.port),
                                     "--tls-version", version, *arguments)
                    self.assertEqual(code == 0, works, said)

    # Sessions, files

    def test_a_session_is_resumed_on_whatever_thread(self):
        if shutil.which("openssl") is None:
            missing_peer("openssl")
        with self.listening() as at:
            saved = self.folder.name + "/session"
            for version in ("-tls1_2", "-tls1_3"):
                def connect(*arguments):
                    process = subprocess.run(
                        ["openssl", "s_client", "-connect", f"127.0.0.1:{at.port}", version,
                         "-ign_eof", *arguments],
                        input=wire.connect("resume") + wire.disconnect(), capture_output=True,
                        timeout=60, check=False)
                    return process.stdout.decode("latin-1")
                self.assertIn("New, ", connect("-sess_out", saved))
                for _ in range(8):
                    self.assertIn("Reused, ", connect("-sess_in", saved))

    def test_an_ocsp_response_is_stapled(self):
        response = self.folder.name + "/ocsp.der"
        folder = self.authority.folder
        self.authority.openssl("ocsp", "-index", folder + "/index.txt", "-CA", self.authority.file,
                               "-rsigner", self.authority.file, "-rkey", folder + "/ca.key",
                               "-issuer", self.authority.file, "-cert", self.server[0],
                               "-respout", response, "-ndays", "5")
        with self.listening(ocsp=response) as at:
            _, said = run("openssl", "s_client", "-connect", f"127.0.0.1:{at.port}", "-status",
                          "-CAfile", self.authority.file)
            self.assertIn("OCSP Response Status: successful", said)
            self.assertIn("Cert Status: good", said)

    def test_wrong_files_are_named(self):
        other = self.authority.sign("mismatch", "/CN=x")
        rows = [({"cert": "/nowhere.pem"}, "/nowhere.pem"),
                ({"key": other[1]}, "key values mismatch"),
                ({"client_certificate": "required"}, "listener.ca_file"),
                ({"certt": "x"}, "did you mean listener.certificate?|unknown option"),
                ({"deny_addresses": "10.0.0.0/99"}, "deny_addresses")]
        for options, expected in rows:
            with self.subTest(options=options):
                given = {"cert": self.server[0], "key": self.server[1], **options}
                url = "mqtts://127.0.0.1:0?" + "&".join(f"{k}={v}" for k, v in given.items())
                code, said = run(sluice_binary(), "serve", "--port", "0", "--set", "admin.port=0",
                                 "--durability", "memory", "--listen", url)
                self.assertEqual(code, 1, said)
                self.assertRegex(said, expected)

    # Reload

    def test_a_reload_takes_new_certificates_and_listeners_and_refuses_bad_ones(self):
        path = self.folder.name + "/reload.toml"
        fresh = self.authority.sign("fresh", "/CN=localhost", "DNS:localhost")

        def write(certificate, more=""):
            with open(path, "w", encoding="ascii") as file:
                file.write(f'[[listener]]\nprotocol = "mqtts"\nport = 0\n'
                           f'certificate = "{certificate[0]}"\nkey = "{certificate[1]}"\n{more}')

        def serial(port):
            client = self.raw(port, context(self.authority))
            client.connect("serial")
            return client.socket.getpeercert()["serialNumber"]

        write(self.server)
        with Broker(arguments=["--config", path]) as broker:
            port = int(broker.wait_for_line(r":(\d+) \(mqtts\)")[1])
            old = RawClient(port)
            self.addCleanup(old.close)
            old.socket = context(self.authority).wrap_socket(old.socket,
                                                             server_hostname="localhost")
            old.connect("stays")
            first = serial(port)
            write(fresh, '[[listener]]\nport = 0\n')
            broker.process.send_signal(signal.SIGHUP)
            broker.wait_for_line("Config reloaded")
            second = serial(port)
            self.assertNotEqual(first, second, "the new certificate is shown")
            old.send(wire.PINGREQ)
            old.expect("PINGRESP")
            plain = int(broker.wait_for_line(r"Listening for mqtt on 127\.0\.0\.1:(\d+)",
                                             since=self.line(broker, "Config reloaded", -3))[1])
            client = RawClient(plain)
            client.connect("plain")
            for bad in (("/nowhere.pem", "/nowhere.key"), (self.server[0], fresh[1])):
                since = len(broker.lines)
                write(bad)
                broker.process.send_signal(signal.SIGHUP)
                broker.wait_for_line("not taken over", since=since)
                self.assertEqual(serial(port), second, "the old one stays")
                client.send(wire.PINGREQ)
                client.expect("PINGRESP")
            since = len(broker.lines)
            write(fresh)
            broker.process.send_signal(signal.SIGHUP)
            broker.wait_for_line("Config reloaded", since=since)
            self.assertIn(f"No longer listening on 127.0.0.1:{plain}", broker.output())
            with self.assertRaises(OSError):
                RawClient(plain)
            client.send(wire.PINGREQ)
            client.expect("PINGRESP")
            client.close()

    @staticmethod
    def line(broker, pattern, before=0):
        """The place of a line that came, or of one before it."""
        places = [i for i, line in enumerate(broker.lines) if re.search(pattern, line)]
        return max(0, places[-1] + before)

    def test_the_end_of_the_first_certificate_is_a_metric(self):
        with self.listening() as at:
            _, text = at.broker.fetch("/metrics")
            found = re.search(r"^sluice_tls_certificate_end_s(?:econds)? ([\d.e+]+)$", text, re.M)
            self.assertIsNotNone(found, text)
            self.assertGreater(float(found[1]), 1.7e9)

    def test_the_time_that_handshakes_take_is_a_metric(self):
        def spent(broker):
            _, text = broker.fetch("/metrics")
            found = re.search(r"^sluice_churn_us_total ([\d.e+]+)$", text, re.M)
            self.assertIsNotNone(found, text)
            return float(found[1])

        with self.listening() as at:
            before = spent(at.broker)
            for _ in range(5):
                with socket.create_connection(("127.0.0.1", at.port)) as plain, \
                        context(self.authority).wrap_socket(plain, server_hostname="localhost"):
                    pass
            # A handshake of a server with a key of its own takes 100 us and more.
            self.assertGreater(spent(at.broker), before + 100)


@unittest.skipIf(MOSQUITTO, "Sluice's own listeners")
class Doors(unittest.TestCase):
    def test_addresses_and_numbers_of_connections_are_limited(self):
        with Listening("mqtt", deny_addresses="127.0.0.0/8") as at:
            client = RawClient(at.port)
            client.expect_closed(PATIENCE)
            client.close()
        with Listening("mqtt", allow_addresses="127.0.0.0/8", connections_max=2) as at:
            first, second = RawClient(at.port), RawClient(at.port)
            first.connect("a")
            second.connect("b")
            third = RawClient(at.port)
            third.expect_closed(PATIENCE)
            first.close()
            at.broker.wait_for_line("Client a closed")
            fourth = self.let_in(at.port, "d")
            for client in (second, third, fourth):
                client.close()

    def let_in(self, port, client_id):
        """A client; the place of one that is gone is free a moment after the log has said so."""
        end = time.monotonic() + PATIENCE
        while True:
            client = RawClient(port)
            try:
                client.connect(client_id)
                return client
            except (AssertionError, OSError):
                client.close()
                if time.monotonic() > end:
                    raise

    def test_a_unix_socket(self):
        with tempfile.TemporaryDirectory(prefix="sluice-e2e-") as folder:
            path = folder + "/mqtt.sock"
            with Broker(arguments=["--listen", f"unix://{path}?socket_mode=600"]):
                self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
                code, said = run(sluice_binary(), "pub", "--unix", path, "-t", "t", "-m", "x",
                                 "-q", "1")
                self.assertEqual(code, 0, said)
                with socket.socket(socket.AF_UNIX) as client:
                    client.connect(path)
                    client.sendall(wire.connect("unix"))
                    self.assertEqual(client.recv(4), b"\x20\x02\x00\x00")


@unittest.skipIf(MOSQUITTO, "Sluice's own listeners")
class Abuse(Certified):
    """Bytes that are no TLS, and none at all."""

    def test_garbage_is_closed_and_harms_nobody(self):
        rows = [b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00", b"GET / HTTP/1.1\r\n\r\n",
                b"\x16\x03\x01\xff\xff" + b"\x01" * 70000, b"\x16\x03\x01\x00\x05hello",
                b"\x15\x03\x03\x00\x02\x02\x28", os.urandom(4096), b"\x00" * 10]
        with self.listening() as at:
            good = self.raw(at.port, context(self.authority))
            good.connect("good")
            for row in rows:
                client = RawClient(at.port)
                client.send(row)
                self.assertTrue(ends(client.socket))
                client.close()
            good.send(wire.PINGREQ)
            good.expect("PINGRESP")
            _, text = at.broker.fetch("/metrics")
            self.assertRegex(text, r'transport_handshakes_total\{result="failed"\} [1-9]')

    def test_a_handshake_that_goes_nowhere_is_closed_in_time(self):
        with self.listening(settings={"limits.connect_timeout": "1s"}) as at:
            for begin in (b"", b"\x16", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"):
                client = RawClient(at.port)
                if begin:
                    client.send(begin)
                self.assertTrue(ends(client.socket))
                client.close()


if __name__ == "__main__":
    case.main()
