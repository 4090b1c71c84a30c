# SPDX-License-Identifier: Apache-2.0
"""Sockets that a service manager listens on and hands over: found by name or address, and kept
while the broker starts again."""
import os
import shutil
import socket
import subprocess
import tempfile
import unittest

from support import case, wire
from support.broker import Broker, free_port, missing_peer, sluice_binary
from support.raw import RawClient, connected
from support.wire import V5

# What a service manager does between fork and exec.
HAND_OVER = 'LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES="$0" exec "$@"'


class GivenSocket(unittest.TestCase):
    def command(self, *arguments):
        folder = tempfile.TemporaryDirectory(prefix="sluice-given-")
        self.addCleanup(folder.cleanup)
        return [sluice_binary(), "serve", "--durability", "memory", "--threads", "2", "--data",
                folder.name, "--set", "admin.port=0", *arguments]

    def started(self, command, **more):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   text=True, **more)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def listening(self):
        listener = socket.socket()
        self.addCleanup(listener.close)
        listener.bind(("127.0.0.1", 0))
        listener.listen(100)
        return listener, listener.getsockname()[1]

    def handed_over(self, listener, name, *arguments):
        """The broker with that socket as descriptor 3."""
        script = f"exec 3<&{listener.fileno()}; {HAND_OVER}"
        return self.started(["sh", "-c", script, name, *self.command(*arguments)],
                            pass_fds=(listener.fileno(),))

    def test_by_address_from_systemd(self):
        program = shutil.which("systemd-socket-activate") or missing_peer("systemd")
        port = free_port()
        process = self.started([program, "-l", f"127.0.0.1:{port}", *self.command(
            "--port", str(port), "--bind", "127.0.0.1")])
        while "Listening on" not in (line := process.stdout.readline()):
            self.assertNotEqual(line, "", "systemd-socket-activate does not listen")
        # It starts the broker when the first client comes.
        for number in range(2):
            connected(port, f"c{number}", V5).disconnect()

    def test_by_name_and_kept_while_the_broker_starts_again(self):
        listener, port = self.listening()
        # The listener says another port, and has it from the socket of its name.
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as config:
            config.write('[[listener]]\nname = "door"\nport = 1\n')
            config.flush()
            self.kept_by_name(listener, port, ("--config", config.name))

    def kept_by_name(self, listener, port, arguments):
        first = self.handed_over(listener, "door", *arguments)
        connected(port, "first", V5).disconnect()
        first.kill()
        first.wait()
        with RawClient(port, V5) as waiting:
            waiting.send(wire.connect("waits", V5))
            second = self.handed_over(listener, "door", *arguments)
            self.assertEqual(waiting.read(30).reason, 0)
        second.terminate()
        output, _ = second.communicate(timeout=60)
        self.assertEqual(second.returncode, 0, output)
        self.assertIn(f"127.0.0.1:{port}", output)

    def test_one_that_nobody_wants_is_told(self):
        listener, port = self.listening()
        process = self.handed_over(listener, "stray", "--port", "0")
        output, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, output)
        self.assertIn(f"'stray' at 127.0.0.1:{port}", output)

    def test_those_of_another_process_are_not_ours(self):
        with Broker(environment={"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}) as broker:
            connected(broker.port, "c", V5).disconnect()


if __name__ == "__main__":
    case.main()
