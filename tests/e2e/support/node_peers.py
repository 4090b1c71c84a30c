# SPDX-License-Identifier: Apache-2.0
"""MQTT.js as a process of its own, by tests/peers/node/mqtt_js.js."""
import json
import queue
import shutil
import subprocess
import threading
import time
from pathlib import Path

from support.broker import missing_peer
from support.peers import PATIENCE

FOLDER = Path(__file__).resolve().parents[2] / "peers/node"


class MqttJs:
    """One client. Events are dictionaries with `event`, kept in the order they came."""

    def __init__(self, url, environment=None, wait=True, **options):
        node = shutil.which("node")
        if node is None or not (FOLDER / "node_modules/mqtt/package.json").exists():
            missing_peer("MQTT.js (tools/setup installs it)")
        start = json.dumps({"url": url, "options": options})
        self.process = subprocess.Popen([node, str(FOLDER / "mqtt_js.js"), start], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, env=environment)
        self.events, self.seen, self.inbox = queue.Queue(), [], []
        self.thread = threading.Thread(target=self.collect, daemon=True)
        self.thread.start()
        if wait:
            try:
                self.connack = self.until("connect")
            except AssertionError:
                self.close()
                raise

    def collect(self):
        for line in self.process.stdout:
            try:
                self.events.put(json.loads(line))
            except json.JSONDecodeError:
                self.events.put({"event": "noise", "text": line})
        self.events.put(None)

    def call(self, *words):
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()

    def do(self, *words):
        """Calls a method and waits for its callback."""
        self.call(*words)
        done = self.until("done", of=words[0])
        assert "text" not in done, f"{words[0]}: {done}"
        return done

    def until(self, event, within=PATIENCE, **more):
        """The first event of that kind from here on; all that came before is in `seen`."""
        deadline, wanted = time.monotonic() + within, {"event": event, **more}
        while True:
            try:
                found = self.events.get(timeout=max(0.001, deadline - time.monotonic()))
            except queue.Empty:
                found = None
            if found is None:
                raise AssertionError(f"no {wanted} came: {self.seen[-12:]}")
            self.seen.append(found)
            if found["event"] == "message":
                self.inbox.append(found)
            if wanted.items() <= found.items():
                return found

    def messages(self, count):
        """The next so many, also those that came before another event that was waited for."""
        while len(self.inbox) < count:
            self.until("message")
        taken, self.inbox = self.inbox[:count], self.inbox[count:]
        return taken

    def count(self, event, **more):
        return sum(1 for e in self.seen if {"event": event, **more}.items() <= e.items())

    def close(self):
        """The program ends with its input."""
        try:
            self.process.stdin.close()
        except OSError:
            pass
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.thread.join(PATIENCE)
        self.process.stdout.close()
