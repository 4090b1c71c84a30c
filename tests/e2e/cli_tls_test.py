# SPDX-License-Identifier: Apache-2.0
"""The TLS flags of mosquitto's tools beside ours under their names, at mosquitto's own broker: the
same flags publish, or fail with the same exit code."""
import os
import subprocess
import unittest

from cli_compat_test import PATIENCE, SLUICE, CliCase, can_connect, find_peer, free_port, wait_until
from support.certificates import Authority

KEY = "0123456789abcdef"


class TlsFlags(CliCase):
    """Three listeners: one for anybody, one that asks for a certificate, one of pre-shared keys."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        authority = Authority(cls.folder + "/ca")
        cls.ca, cls.other_ca = authority.file, Authority(cls.folder + "/other", "Another CA").file
        cls.cert, cls.key = authority.sign("client", "/CN=device-1")
        cls.hashed = cls.folder + "/hashed"
        os.makedirs(cls.hashed)
        name = subprocess.run(["openssl", "x509", "-hash", "-noout", "-in", cls.ca], check=True,
                              stdout=subprocess.PIPE, text=True).stdout.strip()
        os.symlink(cls.ca, f"{cls.hashed}/{name}.0")
        server, server_key = authority.sign("server", "/CN=localhost", "DNS:localhost")
        files = f"cafile {cls.ca}\ncertfile {server}\nkeyfile {server_key}\n"
        cls.open_to_all, cls.certified, cls.keyed = free_port(), free_port(), free_port()
        with open(cls.folder + "/psk", "w", encoding="ascii") as out:
            out.write(f"device-1:{KEY}\n")
        with open(cls.folder + "/tls.conf", "w", encoding="ascii") as out:
            out.write(f"user root\nallow_anonymous true\npsk_file {cls.folder}/psk\n"
                      f"listener {cls.open_to_all} 127.0.0.1\n{files}"
                      f"listener {cls.certified} 127.0.0.1\n{files}require_certificate true\n"
                      f"listener {cls.keyed} 127.0.0.1\npsk_hint hint\n")
        with open(cls.folder + "/tls.log", "wb") as log:
            broker = subprocess.Popen([find_peer("mosquitto"), "-c", cls.folder + "/tls.conf"],
                                      stdout=log, stderr=log)
        cls.addClassCleanup(cls.stop, broker)
        wait_until(lambda: can_connect(cls.keyed), "mosquitto listens for TLS")

    def outcome(self, program, port, flags, host):
        """The exit code of one acknowledged message."""
        return self.run_one(program, ["-h", host, "-p", str(port), "-t", "tls", "-m", "x",
                                      "-q", "1", *flags])[0]

    def compare(self, flags, port=None, host="localhost", works=True):
        with self.subTest(flags=flags):
            port = port or self.open_to_all
            theirs = self.outcome(self.theirs["mosquitto_pub"], port, flags, host)
            ours = self.outcome(self.ours["mosquitto_pub"], port, flags, host)
            self.assertEqual(theirs == 0, works, "mosquitto_pub itself")
            self.assertEqual(ours == 0, works, f"exit code {ours}, mosquitto_pub's {theirs}")

    def test_who_is_trusted(self):
        self.compare(["--cafile", self.ca])
        self.compare(["--capath", self.hashed])
        self.compare(["--cafile", self.other_ca], works=False)
        self.compare(["--tls-use-os-certs"], works=False)
        self.compare(["--cafile", self.ca], host="127.0.0.1", works=False)
        self.compare(["--cafile", self.ca, "--insecure"], host="127.0.0.1")

    def test_what_is_agreed_on(self):
        for version in ("tlsv1.2", "tlsv1.3"):
            self.compare(["--cafile", self.ca, "--tls-version", version])
        self.compare(["--cafile", self.ca, "--tls-version", "tlsv9"], works=False)
        self.compare(["--cafile", self.ca, "--tls-alpn", "mqtt"])
        old = ["--cafile", self.ca, "--tls-version", "tlsv1.2", "--ciphers"]
        self.compare([*old, "ECDHE-ECDSA-AES128-GCM-SHA256"])
        self.compare([*old, "nonsense"], works=False)

    def test_who_we_are(self):
        ours = ["--cafile", self.ca, "--cert", self.cert, "--key", self.key]
        self.compare(ours, self.certified)
        self.compare([*ours, "--keyform", "pem"], self.certified)
        self.compare([*ours, "--keyform", "nonsense"], self.certified, works=False)
        self.compare(["--cafile", self.ca], self.certified, works=False)
        self.compare(["--cafile", self.ca, "--cert", self.cert], self.certified, works=False)
        self.compare(["--cafile", self.ca, "--key", self.key], self.certified, works=False)

    def test_pre_shared_keys(self):
        self.compare(["--psk", KEY, "--psk-identity", "device-1"], self.keyed)
        self.compare(["--psk", KEY, "--psk-identity", "device-2"], self.keyed, works=False)
        self.compare(["--psk", "0123", "--psk-identity", "device-1"], self.keyed, works=False)
        self.compare(["--psk", "xyz", "--psk-identity", "device-1"], self.keyed, works=False)
        self.compare(["--psk", KEY], self.keyed, works=False)
        self.compare(["--psk", KEY, "--psk-identity", "device-1", "--cafile", self.ca], self.keyed,
                     works=False)

    def test_messages_come_over_tls(self):
        flags = ["-h", "localhost", "-p", str(self.open_to_all), "--cafile", self.ca]
        self.assertEqual(self.run_one(SLUICE, ["pub", *flags, "-r", "tls/kept", "hello"])[0], 0)
        for program in (self.theirs["mosquitto_sub"], self.ours["mosquitto_sub"]):
            code, output, error = self.run_one(program, [*flags, "-t", "tls/kept", "-C", "1"])
            self.assertEqual((code, output), (0, b"hello\n"), error)

    def test_url_of_mqtts_needs_an_authority_that_the_system_knows(self):
        url = f"mqtts://localhost:{self.open_to_all}/tls/url"
        for program in (self.theirs["mosquitto_pub"], self.ours["mosquitto_pub"]):
            self.assertNotEqual(self.run_one(program, ["-L", url, "-m", "x"])[0], 0)
            self.assertEqual(self.run_one(program, ["-L", url, "-m", "x", "--cafile", self.ca])[0],
                             0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
