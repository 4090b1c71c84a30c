# SPDX-License-Identifier: Apache-2.0
"""How the broker ends, and what it says when it cannot begin."""
import signal
import subprocess
import unittest

from support import case
from support.broker import MOSQUITTO, Broker, not_for_mosquitto, sluice_binary
from support.peers import Paho
from support.raw import RawClient, connected
from support.wire import V5, V311


class Stop(unittest.TestCase):
    def stop_with_clients(self, number):
        with Broker(threads=4) as broker:
            fives = [connected(broker.port, f"five{n}", V5) for n in range(20)]
            threes = [connected(broker.port, f"three{n}", V311) for n in range(20)]
            silent = RawClient(broker.port)
            broker.process.send_signal(number)
            for client in fives:
                client.expect_closed(reason=0x8B)
            for client in threes + [silent]:
                client.expect_closed()
            broker.expect_exit(0)
            for client in fives + threes + [silent]:
                client.close()

    @not_for_mosquitto("2.0.11 exits 0 too, but not always with a DISCONNECT")
    def test_sigterm_tells_clients_and_exits_0(self):
        self.stop_with_clients(signal.SIGTERM)

    @not_for_mosquitto("as above")
    def test_sigint_does_the_same(self):
        self.stop_with_clients(signal.SIGINT)

    @not_for_mosquitto("2.0.11 may miss a signal just after its start")
    def test_sigterm_without_clients_exits_0(self):
        with Broker(threads=1) as broker:
            broker.stop()

    def test_sighup_does_not_end_it(self):
        with Broker() as broker:
            client = connected(broker.port, "still-here")
            broker.process.send_signal(signal.SIGHUP)
            client.expect_quiet()
            client.disconnect()
            client = connected(broker.port, "and-new-ones")
            client.disconnect()
            broker.stop()

    def test_what_was_acknowledged_before_the_stop_was_delivered(self):
        with Broker(threads=2) as broker:
            hear, speaker = connected(broker.port, "hear"), connected(broker.port, "speaker")
            hear.subscribe("a", qos=1)
            for number in range(1000):
                speaker.publish("a", b"%d" % number, 1)
            broker.process.send_signal(signal.SIGTERM)
            got = []
            while True:
                found = hear.read()
                if found is None:
                    break
                got.append(int(found.payload))
            self.assertEqual(got, list(range(1000)))
            broker.expect_exit(0)
            hear.close()
            speaker.close()

    @unittest.skipIf(MOSQUITTO, "mosquitto words it otherwise")
    def test_a_second_broker_on_the_same_port_says_so_and_exits_1(self):
        with Broker() as broker:
            done = subprocess.run(
                [sluice_binary(), "serve", "--port", str(broker.port), "--bind", "127.0.0.1",
                 "--durability", "memory", "--set", "admin.port=0"], capture_output=True,
                text=True, timeout=60, check=False, cwd=broker.folder.name)
            said = done.stdout + done.stderr
            self.assertEqual(done.returncode, 1, said)
            self.assertIn(str(broker.port), said)
            self.assertRegex(said, r"(?i)in use")
            self.assertRegex(said, r"--port")
            client = connected(broker.port, "the-first-goes-on")
            client.disconnect()

    @not_for_mosquitto("2.0.11 keeps a client that is gone until its time is over")
    def test_the_port_can_be_taken_again_at_once(self):
        with Broker() as first:
            port = first.port
            client = Paho(port, "p")
            client.client.reconnect_delay_set(1, 1)
            first.stop()
            with Broker(port=port) as second:
                self.assertEqual(second.port, port)
                again = Paho(port, "q")
                again.close()
            client.close()


if __name__ == "__main__":
    case.main()
