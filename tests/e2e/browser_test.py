# SPDX-License-Identifier: Apache-2.0
"""A page in Chromium, with MQTT.js as pages load it: it connects, subscribes and publishes over
WebSocket, plain and over TLS, and may not where its origin is not allowed."""
import base64
import hashlib
import http.server
import shutil
import subprocess
import tempfile
import threading
import unittest

from support import case
from support.broker import MOSQUITTO, missing_peer
from support.certificates import Authority
from support.node_peers import FOLDER
from support.peers import PATIENCE, Paho
from support.wire import V5
from tls_test import Listening

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.support.ui import WebDriverWait
except ImportError:
    webdriver = None

SCRIPT = FOLDER / "node_modules/mqtt/dist/mqtt.min.js"
PAGE = b"""<!doctype html>
<title>page</title>
<script src="/mqtt.js"></script>
<script>
  const heard = [], said = new URLSearchParams(location.search);
  let state = "connecting", client;
  function begin(url, version) {
    client = mqtt.connect(url, {protocolVersion: version, clientId: "page-" + version,
                                reconnectPeriod: 0, connectTimeout: 20000});
    client.on("connect", () => client.subscribe("to/page/#", {qos: 2}, (error) => {
      state = error ? "failed" : "ready";
    }));
    client.on("message", (topic, payload, packet) =>
      heard.push([topic, payload.toString(), packet.qos]));
    client.on("close", () => { state = "closed"; });
    client.on("error", () => {});
  }
  function publish(topic, payload, qos) {
    client.publish(topic, payload, {qos}, (error) => heard.push(["sent", topic, !error]));
  }
</script>
"""


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        data = SCRIPT.read_bytes() if self.path == "/mqtt.js" else PAGE
        kind = "text/javascript" if self.path == "/mqtt.js" else "text/html; charset=utf-8"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *unused):
        pass


def key_hash(certificate):
    """What Chromium is told of a certificate that no authority of its own has signed."""
    public = subprocess.run(["openssl", "x509", "-in", certificate, "-pubkey", "-noout"],
                            capture_output=True, check=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "der"], input=public,
                         capture_output=True, check=True).stdout
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


@unittest.skipIf(MOSQUITTO, "Sluice's own listeners")
class Browser(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        driver = shutil.which("chromedriver")
        if webdriver is None or driver is None or not SCRIPT.exists():
            missing_peer("chromium-driver, python3-selenium or MQTT.js (tools/setup)")
        cls.folder = tempfile.TemporaryDirectory(prefix="sluice-browser-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.authority = Authority(cls.folder.name)
        cls.certificate = cls.authority.sign("here", "/CN=localhost", "DNS:localhost")
        cls.pages = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        threading.Thread(target=cls.pages.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.pages.shutdown)
        options = webdriver.ChromeOptions()
        for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     "--disable-background-networking", "--no-first-run",
                     "--host-resolver-rules=MAP *.example 127.0.0.1",
                     f"--user-data-dir={cls.folder.name}/profile",
                     f"--ignore-certificate-errors-spki-list={key_hash(cls.certificate[0])}"):
            options.add_argument(word)
        cls.chromium = webdriver.Chrome(service=Service(driver), options=options)
        cls.addClassCleanup(cls.chromium.quit)
        cls.chromium.set_page_load_timeout(4 * PATIENCE)

    def page(self, url, version, host="127.0.0.1"):
        self.chromium.get(f"http://{host}:{self.pages.server_port}/")
        self.chromium.execute_script("begin(arguments[0], arguments[1])", url, version)

    def until(self, expression):
        return WebDriverWait(self.chromium, 2 * PATIENCE, 0.05).until(
            lambda driver: driver.execute_script("return " + expression))

    def state(self):
        return self.until("state != 'connecting' && state")

    def origin(self, host):
        return f"http://{host}:{self.pages.server_port}"

    def talk(self, at, url, version):
        """Both ways, with another client on the other side."""
        self.page(url, version)
        self.assertEqual(self.state(), "ready")
        other = Paho(at.broker.port, f"other-{version}", V5)
        self.addCleanup(other.lose)
        other.subscribe("from/page", qos=2)
        for qos in (0, 1, 2):
            self.chromium.execute_script("publish('from/page', 'hello', arguments[0])", qos)
            self.assertEqual(other.take()[0], ("from/page", b"hello", qos, False))
            other.publish(f"to/page/{qos}", "gr\u00fc\u00df dich".encode(), qos)
            self.assertEqual(
                self.until(f"heard.find(m => m[0] == 'to/page/{qos}')"),
                [f"to/page/{qos}", "gr\u00fc\u00df dich", qos])

    def test_a_page_publishes_and_subscribes(self):
        for version in (4, 5):
            with self.subTest(version=version), Listening("ws") as at:
                self.talk(at, f"ws://127.0.0.1:{at.port}/mqtt", version)

    def test_over_tls_too(self):
        with Listening("wss", certificate=self.certificate[0],
                       key=self.certificate[1]) as at:
            self.talk(at, f"wss://localhost:{at.port}/mqtt", 5)

    def test_only_pages_of_listed_origins_connect(self):
        with Listening("ws", ws_origins=self.origin("app.example")) as at:
            url = f"ws://127.0.0.1:{at.port}/mqtt"
            for host, state in (("app.example", "ready"), ("other.example", "closed"),
                                ("app.example", "ready")):
                self.page(url, 5, host)
                self.assertEqual(self.state(), state, host)

    def test_a_page_is_told_that_its_password_is_wrong(self):
        with tempfile.TemporaryDirectory() as folder:
            users = folder + "/users"
            with open(users, "w", encoding="ascii") as file:
                file.write("ann:$7$101$c2FsdHNhbHQ=$" + base64.b64encode(b"x" * 64).decode() + "\n")
            with Listening("ws", {"auth.password_file": users}, allow_anonymous="false") as at:
                self.page(f"ws://127.0.0.1:{at.port}/mqtt", 5)
                self.assertEqual(self.state(), "closed")


if __name__ == "__main__":
    case.main()
