# SPDX-License-Identifier: Apache-2.0
"""A mosquitto that is a bridge to the broker, as its users have it."""
import os
import shutil
import subprocess
import tempfile

from support import case
from support.broker import BrokerCase, free_port, missing_peer
from support.raw import connected

CONFIGURATION = """listener {local} 127.0.0.1
allow_anonymous true
connection here
address 127.0.0.1:{port}
remote_clientid there
topic site/# both 1
{more}
"""


class MosquittoBridge(BrokerCase):
    def bridge(self, more=""):
        program = shutil.which("mosquitto", path="/usr/sbin:" + os.environ.get("PATH", ""))
        if program is None:
            missing_peer("mosquitto")
        folder = tempfile.TemporaryDirectory(prefix="sluice-e2e-")
        self.addCleanup(folder.cleanup)
        self.local = free_port()
        path = folder.name + "/bridge.conf"
        with open(path, "w", encoding="ascii") as file:
            file.write(CONFIGURATION.format(local=self.local, port=self.port, more=more))
        process = subprocess.Popen([program, "-c", path], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait, 10)
        self.addCleanup(process.kill)
        return process

    def works(self, more=""):
        """It tells its state, carries messages both ways, and its will when it is killed."""
        hear = self.raw("hear")
        state = "$SYS/broker/connection/there/state"
        hear.subscribe(state, "site/#", qos=1)
        process = self.bridge(more)
        # What was retained of a bridge before comes first.
        while (told := hear.receive(topic=state)).payload != b"1":
            pass
        inside = connected(self.local, "inside")
        self.addCleanup(inside.close)
        inside.subscribe("site/down", qos=1)
        inside.publish("site/up", b"up", 1)
        hear.receive(topic="site/up", payload=b"up")
        hear.publish("site/down", b"down", 1)
        self.assertEqual(inside.receive().payload, b"down")
        process.kill()
        while (told := hear.receive()).topic != state:
            pass
        self.assertEqual((told.topic, told.payload), (state, b"0"))

    def test_of_3_1_1(self):
        self.works()

    def test_of_5_0(self):
        self.works("bridge_protocol_version mqttv50")


if __name__ == "__main__":
    case.main()
