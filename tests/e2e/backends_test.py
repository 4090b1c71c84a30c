# SPDX-License-Identifier: Apache-2.0
"""Where clients may be known: tokens, keys that an issuer serves, a web service; each right, wrong,
down and slow, and in a chain."""
import base64
import hmac
import http.server
import json
import os
import shutil
import signal
import subprocess
import threading
import time
import unittest

from auth_test import SECRET, Folder
from support import case, wire
from support.broker import PEERS_REQUIRED, Broker, free_port, missing_peer
from support.certificates import Authority
from support.raw import RawClient, connected
from support.wire import V5, V311

try:
    import jwt
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
except ImportError:
    jwt = None

SHARED = "a shared secret of enough bytes"
REFUSED, UNAVAILABLE = 0x86, 0x88


class Service:
    """with Service(answer) as service: … service.url …; answer(path, body) gives (status, text)."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def __enter__(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                size = int(self.headers.get("Content-Length", 0))
                body = json.loads(self.rfile.read(size)) if size else None
                outer.asked.append((self.path, body, dict(self.headers)))
                status, text = outer.answer(self.path, body)
                data = text.encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                try:
                    self.wfile.write(data)
                except OSError:
                    pass  # the broker did not wait

            do_GET = do_POST

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.block_on_close = False
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Backends(Folder):
    def code(self, port, password, username="device", version=V5):
        """What CONNACK says to this password."""
        with RawClient(port, version) as client:
            client.send(wire.connect("", version, username=username, password=password))
            return client.read(30).reason

    def bystander_is_served(self, port, **login):
        """Publishes and gets, for as long as the returned function is not called; it returns the
        longest wait."""
        client = connected(port, "bystander", V311, **login)
        client.subscribe("t")
        waits, stop = [], threading.Event()

        def run():
            while not stop.is_set():
                begin = time.perf_counter()
                client.publish("t", b"x")
                client.expect("PUBLISH")
                waits.append(time.perf_counter() - begin)

        thread = threading.Thread(target=run)
        thread.start()

        def end():
            stop.set()
            thread.join()
            client.close()
            return max(waits)

        return end


@unittest.skipIf(jwt is None and not PEERS_REQUIRED, "python3-jwt is missing")
class Tokens(Backends):
    def claims(self, **more):
        return {"sub": "device", "exp": int(time.time()) + 60, **more}

    def token(self, key=SHARED, algorithm="HS256", headers=None, **more):
        return jwt.encode(self.claims(**more), key, algorithm=algorithm, headers=headers)

    def shared(self, **settings):
        path = self.path("secret", SHARED + "\n")
        return Broker(settings={"jwt.secret_file": path, **settings})

    def keys(self):
        return {"RS256": rsa.generate_private_key(65537, 2048),
                "ES256": ec.generate_private_key(ec.SECP256R1()),
                "ES384": ec.generate_private_key(ec.SECP384R1()),
                "EdDSA": ed25519.Ed25519PrivateKey.generate()}

    @staticmethod
    def jwk(algorithm, key, kid):
        maker = jwt.algorithms.get_default_algorithms()[algorithm]
        return {**json.loads(maker.to_jwk(key.public_key())), "kid": kid, "use": "sig"}

    def test_a_right_token_is_a_password_and_wrong_ones_are_not(self):
        with self.shared(**{"jwt.issuer": "me", "jwt.audience": "mqtt"}) as broker:
            good = {"iss": "me", "aud": ["other", "mqtt"]}
            self.assertEqual(self.code(broker.port, self.token(**good)), 0)
            self.assertEqual(self.code(broker.port, self.token(**good), version=V311), 0)
            now = int(time.time())
            for what, token in (
                    ("another key", self.token("x" * 32, **good)),
                    ("expired", self.token(**{**good, "exp": now - 1})),
                    ("not yet", self.token(**{**good, "nbf": now + 60})),
                    ("another issuer", self.token(iss="you", aud="mqtt")),
                    ("another audience", self.token(iss="me", aud="http")),
                    ("no user", self.token(**{**good, "sub": ""})),
                    ("without end", jwt.encode({"sub": "d", **good}, SHARED)),
                    ("unsigned", jwt.encode(self.claims(**good), None, algorithm="none")),
                    ("critical header", self.token(headers={"crit": ["x"]}, **good)),
                    ("cut", self.token(**good)[:-4]),
                    ("no token", "password"), ("", "")):
                with self.subTest(what=what):
                    self.assertEqual(self.code(broker.port, token), REFUSED)
            self.assertEqual(self.code(broker.port, None, username=None), 0x87)
            self.assertNotIn(self.token(**good).split(".")[2], broker.output())

    def test_signatures_of_every_kind(self):
        keys = self.keys()
        document = {"keys": [self.jwk(name, key, name) for name, key in keys.items()]}
        path = self.path("keys.json", json.dumps(document))
        with Broker(settings={"jwt.keys_file": path}) as broker:
            for name, key in keys.items():
                with self.subTest(algorithm=name):
                    token = self.token(key, name, {"kid": name})
                    self.assertEqual(self.code(broker.port, token), 0)
                    head, body, signature = token.split(".")
                    other = self.token(key, name, {"kid": name}, sub="other").split(".")[1]
                    self.assertEqual(self.code(broker.port, f"{head}.{other}.{signature}"), REFUSED)
            # A public key is no secret: it must not do for HMAC.
            public = keys["RS256"].public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.PKCS1)
            signed = self.token().rpartition(".")[0]
            mac = hmac.new(public, signed.encode(), "sha256").digest()
            forged = signed + "." + base64.urlsafe_b64encode(mac).decode().rstrip("=")
            self.assertEqual(self.code(broker.port, forged), REFUSED)

    def test_coordinates_of_a_key_may_leave_leading_zeros_out_or_have_one_more(self):
        def encoded(number, size):
            return base64.urlsafe_b64encode(number.to_bytes(size, "big")).decode().rstrip("=")

        for name, curve, crv, size in (("ES256", ec.SECP256R1(), "P-256", 32),
                                       ("ES384", ec.SECP384R1(), "P-384", 48),
                                       ("ES512", ec.SECP521R1(), "P-521", 66)):
            made = (ec.derive_private_key(n, curve) for n in range(1, 1 << 16))
            key = next(key for key in made
                       if key.public_key().public_numbers().x.bit_length() <= 8 * (size - 1))
            at = key.public_key().public_numbers()
            for bytes_of_x in ((at.x.bit_length() + 7) // 8, size, size + 1):
                with self.subTest(algorithm=name, bytes=bytes_of_x):
                    document = {"keys": [{"kty": "EC", "crv": crv, "x": encoded(at.x, bytes_of_x),
                                          "y": encoded(at.y, size + (bytes_of_x > size))}]}
                    path = self.path("keys.json", json.dumps(document))
                    with Broker(settings={"jwt.keys_file": path}) as broker:
                        self.assertEqual(self.code(broker.port, self.token(key, name)), 0)

    def test_claims_are_groups_and_rules(self):
        with self.shared() as broker:
            token = self.token(acl={"pub": ["own/%u"], "sub": ["news/#"]})
            client = connected(broker.port, "c", V5, username="any", password=token)
            self.assertEqual(client.subscribe("news/today", "own/device", granted=False), [0, 0x87])
            self.assertEqual(client.publish("own/device", b"", 1).reason, 0x10)
            self.assertEqual(client.publish("news/today", b"", 1).reason, 0x87)
            free = connected(broker.port, "f", V5, username="any", password=self.token())
            self.assertEqual(free.publish("anything", b"", 1).reason, 0x10)
        rules = self.path("rules", "allow group operators publish #\n")
        with self.shared(**{"acl.rules_file": rules}) as broker:
            for groups, reason in ((["operators"], 0x10), (["others"], 0x87)):
                client = connected(broker.port, "c" + groups[0], V5, username="any",
                                   password=self.token(groups=groups))
                self.assertEqual(client.publish("t", b"", 1).reason, reason)

    def test_the_end_of_a_token_ends_the_connection(self):
        with self.shared() as broker:
            end = int(time.time()) + 3
            client = connected(broker.port, "c", V5, username="any", password=self.token(exp=end))
            client.expect_closed(30, reason=0x87)
            self.assertGreaterEqual(time.time(), end)

    def test_keys_of_a_url_may_be_others_tomorrow(self):
        first, second = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        document = {"keys": [self.jwk("ES256", first, "1")]}
        with Service(lambda *_: (200, json.dumps(document))) as issuer, \
                Broker(settings={"jwt.keys_url": issuer.url, "auth.cache_time": "0s"}) as broker:
            self.assertEqual(self.code(broker.port, self.token(first, "ES256", {"kid": "1"})), 0)
            for _ in range(5):
                self.assertEqual(self.code(broker.port, self.token(first, "ES256")), 0)
            self.assertEqual(len(issuer.asked), 1)
            document["keys"] = [self.jwk("ES256", second, "2")]
            end = time.monotonic() + 30
            while self.code(broker.port, self.token(second, "ES256", {"kid": "2"})) != 0:
                self.assertLess(time.monotonic(), end)
            self.assertEqual(self.code(broker.port, self.token(first, "ES256")), REFUSED)
            self.assertLess(len(issuer.asked), 10)

    def test_an_issuer_that_is_down_lets_nobody_in(self):
        with Broker(settings={"jwt.keys_url": "http://127.0.0.1:9/", "jwt.timeout": "1s",
                              "jwt.secret_file": self.path("secret", SHARED)}) as broker:
            key = ec.generate_private_key(ec.SECP256R1())
            self.assertEqual(self.code(broker.port, self.token(key, "ES256")), UNAVAILABLE)
            self.assertEqual(self.code(broker.port, self.token()), 0)


    def test_a_slow_issuer_keeps_nobody_else_waiting(self):
        release = threading.Event()

        def answer(*_):
            release.wait(30)
            return 200, "{}"

        key = ec.generate_private_key(ec.SECP256R1())
        with Service(answer) as issuer, \
                Broker(settings={"jwt.keys_url": issuer.url, "jwt.timeout": "2s",
                                 "jwt.secret_file": self.path("secret", SHARED)}) as broker:
            end = self.bystander_is_served(broker.port, username="any", password=self.token())
            slow = [RawClient(broker.port, V5) for _ in range(8)]
            for i, client in enumerate(slow):
                client.send(wire.connect(f"slow{i}", V5, username=f"slow{i}",
                                         password=self.token(key, "ES256")))
            codes = [client.read(30).reason for client in slow]
            longest = end()
            release.set()
            for client in slow:
                client.close()
            self.assertEqual(codes, [UNAVAILABLE] * 8)
            self.assertGreater(len(issuer.asked), 0)
            self.assertLess(longest, 1.0, "a slow issuer has stalled a shard")


class WebService(Backends):
    def test_right_wrong_and_unknown(self):
        def answer(_, body):
            if body["username"] == "nobody":
                return 404, ""
            if body.get("password") != SECRET:
                return 403, ""
            return 200, json.dumps({"username": "someone", "acl": {"pub": ["t"]}})

        token = self.path("token", "our token\n")
        users = self.users("nobody")
        with Service(answer) as service, \
                Broker(settings={"auth_http.url": service.url, "auth_http.secret_file": token,
                                 "auth.password_file": users,
                                 "auth.chain": "http,file"}) as broker:
            client = connected(broker.port, "c", V5, username="ann", password=SECRET)
            self.assertEqual(client.publish("t", b"", 1).reason, 0x10)
            self.assertEqual(client.publish("u", b"", 1).reason, 0x87)
            _, body, headers = service.asked[0]
            self.assertEqual((body["username"], body["client_id"], body["address"],
                              body["protocol"]), ("ann", "c", "127.0.0.1", 5))
            self.assertEqual(headers["Authorization"], "Bearer our token")
            self.assertEqual(self.code(broker.port, "wrong", "ann"), REFUSED)
            # Who is not known there may be known to the next.
            self.assertEqual(self.code(broker.port, SECRET, "nobody"), 0)
            self.assertNotIn(SECRET, broker.output())
            asked = len(service.asked)
            connected(broker.port, "c2", V5, username="bob", password=SECRET).disconnect()
            connected(broker.port, "c2", V5, username="bob", password=SECRET).disconnect()
            self.assertEqual(len(service.asked), asked + 1, "what was right a moment ago is known")

    def test_what_cannot_be_asked_lets_nobody_in(self):
        rows = ((500, ""), (200, "rubbish"), (200, '{"username": "a", "acl": 1}'), (302, ""))
        for status, text in rows:
            with self.subTest(status=status, text=text), \
                    Service(lambda *_, row=(status, text): row) as service, \
                    Broker(settings={"auth_http.url": service.url}) as broker:
                self.assertEqual(self.code(broker.port, SECRET), UNAVAILABLE)
        with Broker(settings={"auth_http.url": "http://127.0.0.1:9/"}) as broker:
            self.assertEqual(self.code(broker.port, SECRET), UNAVAILABLE)

    def test_a_slow_service_keeps_nobody_else_waiting(self):
        release = threading.Event()

        def answer(_, body):
            if body["username"] != "quick":
                release.wait(30)
            return 200, ""

        with Service(answer) as service, \
                Broker(settings={"auth_http.url": service.url,
                                 "auth_http.timeout": "2s"}) as broker:
            end = self.bystander_is_served(broker.port, username="quick", password="x")
            begin = time.monotonic()
            slow = [RawClient(broker.port, V5) for _ in range(8)]
            for i, client in enumerate(slow):
                client.send(wire.connect(f"slow{i}", V5, username=f"slow{i}", password="x"))
            connected(broker.port, "q", V5, username="quick", password="y").disconnect()
            quick = time.monotonic() - begin
            codes = [client.read(30).reason for client in slow]
            took = time.monotonic() - begin
            longest = end()
            release.set()
            for client in slow:
                client.close()
            self.assertEqual(codes, [UNAVAILABLE] * 8)
            self.assertLess(quick, 1.5)
            self.assertLess(took, 8)
            self.assertLess(longest, 1.0, "a slow service has stalled a shard")


SLAPD_CONFIG = """include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
TLSCACertificateFile {ca}
TLSCertificateFile {cert}
TLSCertificateKeyFile {key}
access to attrs=userPassword by anonymous auth
access to * by self read
database mdb
suffix "dc=example,dc=org"
directory {folder}/db
"""
ENTRIES = """dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: uid=ann,dc=example,dc=org
objectClass: inetOrgPerson
uid: ann
cn: Ann
sn: Ann
employeeType: operators
employeeType: others
userPassword: {secret}

dn: uid=o\\2cx,dc=example,dc=org
objectClass: inetOrgPerson
uid: o,x
cn: O
sn: O
userPassword: {secret}
"""


class Directory(Backends):
    @classmethod
    def setUpClass(cls):
        cls.slapd = shutil.which("slapd", path="/usr/sbin:/usr/bin") or missing_peer("slapd")

    def setUp(self):
        super().setUp()
        authority = Authority(self.path("ca"))
        self.ca = authority.file
        cert, key = authority.sign("ldap", "/CN=localhost", "DNS:localhost,IP:127.0.0.1")
        os.mkdir(self.path("db"))
        config = self.path("slapd.conf", SLAPD_CONFIG.format(folder=self.folder, ca=self.ca,
                                                             cert=cert, key=key))
        entries = self.path("entries", ENTRIES.format(secret=SECRET))
        subprocess.run(["/usr/sbin/slapadd", "-f", config, "-l", entries], check=True, timeout=60,
                       capture_output=True)
        self.plain, self.tls = (f"{scheme}://127.0.0.1:{free_port()}" for scheme in
                                ("ldap", "ldaps"))
        self.process = subprocess.Popen([self.slapd, "-f", config, "-d", "0", "-h",
                                         f"{self.plain} {self.tls}"], stderr=subprocess.DEVNULL)
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)
        self.addCleanup(self.process.send_signal, signal.SIGCONT)
        end = time.monotonic() + 30
        while subprocess.run(["ldapwhoami", "-x", "-H", self.plain], capture_output=True,
                             timeout=30, check=False).returncode:
            self.assertLess(time.monotonic(), end, "slapd does not answer")

    def broker(self, url=None, **settings):
        return Broker(settings={"auth_ldap.url": url or self.plain,
                                "auth_ldap.user_dn": "uid=%u,dc=example,dc=org",
                                "auth_ldap.timeout": "2s", **settings})

    def test_who_binds_is_who_it_says(self):
        rules = self.path("rules", "allow group operators publish ops\n")
        for url, more in ((self.plain, {}), (self.tls, {"auth_ldap.ca_file": self.ca}),
                          (self.plain, {"auth_ldap.ca_file": self.ca,
                                        "auth_ldap.start_tls": "true"})):
            with self.subTest(url=url, **more), \
                    self.broker(url, **more, **{"acl.rules_file": rules,
                                                "auth_ldap.groups_attribute": "employeeType"}
                                ) as broker:
                client = connected(broker.port, "c", V5, username="ann", password=SECRET)
                self.assertEqual(client.publish("ops", b"", 1).reason, 0x10)
                self.assertEqual(client.publish("else", b"", 1).reason, 0x87)
                self.assertEqual(self.code(broker.port, "wrong", "ann"), REFUSED)
                self.assertEqual(self.code(broker.port, "", "ann"), REFUSED)
                self.assertEqual(self.code(broker.port, SECRET, "eve"), REFUSED)
                self.assertEqual(self.code(broker.port, SECRET, "o,x"), 0)
                self.assertEqual(self.code(broker.port, SECRET, "ann,dc=example,dc=org"), REFUSED)
                self.assertNotIn(SECRET, broker.output())

    def test_a_certificate_of_a_stranger_lets_nobody_in(self):
        stranger = Authority(self.path("stranger"), "Stranger")
        with self.broker(self.tls, **{"auth_ldap.ca_file": stranger.file}) as broker:
            self.assertEqual(self.code(broker.port, SECRET, "ann"), UNAVAILABLE)

    def test_down_and_slow(self):
        users = self.users("file")
        with self.broker(**{"auth.password_file": users}) as broker:
            end = self.bystander_is_served(broker.port, username="file", password=SECRET)
            self.process.send_signal(signal.SIGSTOP)
            begin = time.monotonic()
            self.assertEqual(self.code(broker.port, SECRET, "ann"), UNAVAILABLE)
            self.assertLess(time.monotonic() - begin, 10)
            self.assertLess(end(), 1.0, "a slow directory has stalled a shard")
            self.process.send_signal(signal.SIGCONT)
            self.assertEqual(self.code(broker.port, SECRET, "ann"), 0)
            self.process.kill()
            self.process.wait()
            self.assertEqual(self.code(broker.port, SECRET + "x", "ann"), UNAVAILABLE)
            self.assertEqual(self.code(broker.port, SECRET, "file"), 0)


if __name__ == "__main__":
    case.main()
