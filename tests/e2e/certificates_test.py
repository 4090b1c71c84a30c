# SPDX-License-Identifier: Apache-2.0
"""Certificates of clients, good and bad in every way, over TLS and over WebSocket in TLS, by our
own client; and names that would be read as another's."""
import datetime
import unittest

from support import case
from support.broker import MOSQUITTO, PEERS_REQUIRED, sluice_binary
from tls_test import Certified, run

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
except ImportError:
    x509 = None


@unittest.skipIf(MOSQUITTO, "Sluice's own listeners")
@unittest.skipIf(x509 is None and not PEERS_REQUIRED, "python3-cryptography is missing")
class Matrix(Certified):
    def sign_anything(self, file, common_name=None, alternative=None):
        """What openssl's command would not sign."""
        with open(self.authority.folder + "/ca.key", "rb") as text:
            ca_key = serialization.load_pem_private_key(text.read(), None)
        with open(self.authority.file, "rb") as text:
            ca = x509.load_pem_x509_certificate(text.read())
        key = ec.generate_private_key(ec.SECP256R1())
        name = [x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)] if common_name else []
        day, now = datetime.timedelta(days=1), datetime.datetime.utcnow()
        builder = x509.CertificateBuilder(
            ca.subject, x509.Name(name), key.public_key(), x509.random_serial_number(), now - day,
            now + day)
        if alternative:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([x509.DNSName(alternative)]), False)
        paths = [f"{self.folder.name}/{file}.{kind}" for kind in ("pem", "key")]
        texts = (builder.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM),
                 key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                   serialization.NoEncryption()))
        for path, text in zip(paths, texts):
            with open(path, "wb") as out:
                out.write(text)
        return paths

    def is_let_in(self, protocol, port, certificate):
        """By rules that let device-1 publish to its topic and nobody anything else."""
        shown = ("--cert", certificate[0], "--key", certificate[1]) if certificate else ()
        path = "/mqtt" if protocol == "wss" else ""
        return run(sluice_binary(), "pub", f"{protocol}://localhost:{port}{path}", "--cafile",
                   self.authority.file, *shown, "-t", "t", "-m", "x", "-q", "1")[0] == 0

    def test_over_every_door(self):
        sign = self.authority.sign
        good, revoked = sign("good", "/CN=device-1"), sign("revoked", "/CN=device-1")
        rows = (("good", good, True),
                ("none", None, False),
                ("expired", sign("expired", "/CN=device-1", days=(-20, -10)), False),
                ("not yet valid", sign("early", "/CN=device-1", days=(10, 20)), False),
                ("revoked", revoked, False),
                ("of another authority", self.stranger.sign("x", "/CN=device-1"), False),
                ("another's name and NUL", self.sign_anything("nul", "device-1\0.evil"), False),
                ("NUL before it", self.sign_anything("nul2", "\0device-1"), False),
                ("UTF-8", self.sign_anything("utf8", "gerät-ü"), True))
        crl = self.authority.revoke(revoked[0])
        for protocol in ("mqtts", "wss"):
            with self.listening(protocol, ca_file=self.authority.file, identity="cn",
                                client_certificate="required", crl_file=crl) as at:
                for what, certificate, works in rows:
                    with self.subTest(protocol=protocol, certificate=what):
                        self.assertEqual(self.is_let_in(protocol, at.port, certificate), works)

    def test_a_name_with_nul_is_nobody_by_any_kind_of_name(self):
        acl = self.folder.name + "/acl"
        with open(acl, "w", encoding="ascii") as file:
            file.write("user device-1\ntopic readwrite t\n")
        nul = self.sign_anything("nul3", "device-1\0", "device-1\0.evil")
        good = self.sign_anything("good3", "device-1", "device-1")
        for kind, works in (("cn", True), ("san", True), ("dn", False)):
            with self.subTest(identity=kind), \
                    self.listening(ca_file=self.authority.file, identity=kind,
                                   client_certificate="required", settings={"acl.acl_file": acl}
                                   ) as at:
                self.assertEqual(self.is_let_in("mqtts", at.port, good), works)
                self.assertFalse(self.is_let_in("mqtts", at.port, nul))


if __name__ == "__main__":
    case.main()
