# SPDX-License-Identifier: Apache-2.0
"""A broker killed at any moment under load, and a power cut: nothing acknowledged is lost, QoS 2
comes once, order is kept, the last retained message is the last acknowledged, wills are published.

SLUICE_E2E_LONG=1 is the long form; SLUICE_CRASH_SEED repeats one history.
"""
import os
import random
import subprocess
import tempfile
import unittest

from support import case
from support.broker import MOSQUITTO, Broker
from support.crash_load import Publisher, Subscriber, retained_number
from support.power_cut import Recorder
from support.raw import PATIENCE, connected

IS_LONG = os.environ.get("SLUICE_E2E_LONG") == "1"
SEED = int(os.environ.get("SLUICE_CRASH_SEED", "1"))
SETTINGS = {"will.restart_grace": "100ms", "store.checkpoint_bytes_min": "1MiB",
            "store.segment_bytes_min": "256KiB", "store.segment_bytes_max": "1MiB"}


class CrashingBroker(Broker):
    """Its data survive it."""

    def __init__(self, durability, recorder=None):
        super().__init__(settings={**SETTINGS, "durability.mode": durability})
        self.folder = tempfile.TemporaryDirectory(prefix="sluice-crash-")
        self.recorder, self.kills = recorder, 0

    def clean_up(self):
        """Of a life, not of what it leaves."""
        if self.process:
            self.reader.join(5)
            self.process.stdout.close()
            self.process = None

    def begin(self, kill_at=0):
        """Starts; False if it was killed before it listened."""
        self.clean_up()
        self.lines = []
        if self.recorder:
            self.environment = {**os.environ, **self.recorder.environment(kill_at)}
        try:
            self.start()
        except AssertionError:
            if "exit -9" in str(self.ended):
                return False
            raise
        return True

    def die_within(self, seconds):
        """By the call that it was to be killed at, or by us."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self):
        self.ended = None
        if self.process:
            super().kill()
            self.ended = f"exit {self.process.returncode}"


class History:
    """Lives of one broker, and what was promised and delivered over all of them."""

    def __init__(self, seed, durability="fsync", broken="", kills="by time", is_rearranged=False):
        self.chance = random.Random(seed)
        self.kills, self.is_rearranged = kills, is_rearranged
        self.broker = CrashingBroker(durability)
        self.recorder = None
        if kills != "by time" or broken:
            self.recorder = Recorder(self.broker.folder.name + "/data", broken)
            self.broker.recorder = self.recorder
        self.publishers = [Publisher(f"p{qos}", qos) for qos in (1, 2)]
        self.offline = [Subscriber(f"offline{qos}", qos) for qos in (1, 2)]
        self.online = [Subscriber(f"online{qos}", qos) for qos in (1, 2)]
        self.wills, self.problems = {}, []

    def close(self):
        self.broker.kill()
        self.broker.clean_up()
        self.broker.folder.cleanup()
        if self.recorder:
            self.recorder.close()

    def clients(self):
        return self.publishers + self.offline + self.online

    def live(self, lives):
        self.broker.begin()
        for client in self.clients():
            client.begin(self.broker.port)
        for life in range(lives):
            self.one_life(life, is_last=life == lives - 1)
        self.settle()

    def one_life(self, life, is_last):
        threads = [client.thread(self.broker.port) for client in self.publishers + self.online]
        for thread in threads:
            thread.start()
        self.hand_in_will(life)
        self.broker.die_within(self.chance.uniform(0.05, 0.5))
        for thread in threads:
            thread.join(PATIENCE)
        while True:
            if self.recorder and self.kills == "power cut" and self.recorder.broken != "late":
                self.recorder.play(self.chance)
            if self.is_rearranged:
                self.broker.threads = self.chance.randint(1, 3)
            is_by_time = self.kills == "by time" or is_last
            kill_at = 0 if is_by_time else self.chance.randint(1, 400)
            if self.broker.begin(kill_at):
                return
            self.broker.kills += 1

    # The broker's end is the end of its connection.
    def hand_in_will(self, life):
        name = f"will{life}"
        try:
            connected(self.broker.port, name, clean=life % 2 == 0,
                      will={"topic": f"load/{name}", "payload": f"{name} 1".encode(), "qos": 1})
            self.wills[name] = 1
        except (OSError, AssertionError):
            self.wills.pop(name, None)

    def settle(self):
        """Everything that is durable is drained, and compared with what was acknowledged."""
        port = self.broker.port
        owed = {p.name: p.acknowledged for p in self.publishers} | self.wills
        for subscriber in self.offline + self.online:
            subscriber.drain(port, owed)
        for publisher in self.publishers:
            if publisher.retained_acknowledged == 0:
                continue
            found = retained_number(port, publisher.name)
            if found < publisher.retained_acknowledged:
                self.problems.append(f"retained of {publisher.name} is {found}, acknowledged was "
                                     f"{publisher.retained_acknowledged}")
        for client in self.clients():
            self.problems += client.problems


def run_history(seed, lives, **options):
    history = History(seed, **options)
    try:
        history.live(lives)
        return history
    finally:
        history.close()


@unittest.skipIf(MOSQUITTO, "mosquitto acknowledges from memory")
@unittest.skipIf(os.environ.get("SLUICE_E2E_SANITIZED"), "a sanitizer must be loaded first")
class Crash(unittest.TestCase):
    def check(self, histories, lives, **options):
        total = kills = 0
        for seed in range(SEED, SEED + histories):
            history = run_history(seed, lives, **options)
            self.assertFalse(history.problems, f"seed {seed}")
            if history.recorder and history.kills == "power cut":
                self.assertGreater(history.recorder.syncs, lives, f"seed {seed}: it does not sync")
            total += sum(p.acknowledged for p in history.publishers)
            kills += lives + history.broker.kills
        self.assertGreater(total, 20 * kills, "too little was published to mean anything")
        print(f"{kills} kills, {total} messages acknowledged, none lost")

    def test_a_kill_at_any_moment_loses_nothing(self):
        self.check(60 if IS_LONG else 1, 8)

    def test_a_kill_loses_nothing_with_durability_os(self):
        self.check(20 if IS_LONG else 1, 4, durability="os")

    def test_a_kill_at_any_call_loses_nothing(self):
        self.check(30 if IS_LONG else 1, 8, kills="at a call")

    def test_a_kill_while_the_number_of_threads_changes_loses_nothing(self):
        self.check(20 if IS_LONG else 1, 6, kills="at a call", is_rearranged=True)

    def test_a_power_cut_at_any_call_loses_nothing(self):
        self.check(25 if IS_LONG else 1, 8, kills="power cut")

    # The test of the test: what is known to lose must be found.

    def must_fail(self, **options):
        for seed in range(1, 21):
            try:
                problems = run_history(seed, 2, **options).problems
            except AssertionError as error:
                problems = [str(error).splitlines()[-1]]
            if problems:
                print(f"found with history {seed}: {problems[0]}")
                return
        self.fail("20 histories of a broker that loses found nothing: this test tests nothing")

    def test_it_finds_a_disk_whose_sync_does_nothing(self):
        self.must_fail(broken="sync", kills="power cut")

    def test_it_finds_an_acknowledgement_before_the_write(self):
        self.must_fail(broken="late")


if __name__ == "__main__":
    case.main(3000 if IS_LONG else 280)
