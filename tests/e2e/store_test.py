# SPDX-License-Identifier: Apache-2.0
"""The store on disk as an operator meets it: what a start says, and `sluice store`."""
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
import unittest

from support import wire
from support.broker import MOSQUITTO, Broker, sluice_binary
from support.case import main
from support.disk_trouble import DiskTrouble
from support.raw import connected
from support.wire import V5


def sluice(*arguments, code=0, **options):
    done = subprocess.run([sluice_binary(), *arguments], capture_output=True, text=True,
                          timeout=60, **options)
    assert done.returncode == code, f"exit {done.returncode}: {done.stdout}{done.stderr}"
    return done


class StoredBroker(Broker):
    def __init__(self, durability="fsync", **options):
        super().__init__(**options)
        self.durability = durability
        self.folder = tempfile.TemporaryDirectory(prefix="sluice-store-")

    @property
    def data(self):
        return self.folder.name + "/data"

    def sluice_command(self):
        command = super().sluice_command()
        command[command.index("--durability") + 1] = self.durability
        return command

    def queue(self, count):
        """An offline session with so many messages, all acknowledged."""
        with connected(self.port, "keeper", clean=False) as keeper:
            keeper.subscribe("kept", qos=1)
        with connected(self.port, "speaker") as speaker:
            for number in range(1, count + 1):
                speaker.send(wire.publish("kept", f"message {number}", qos=1, packet_id=number))
            for number in range(1, count + 1):
                speaker.expect("PUBACK", packet_id=number)


@unittest.skipIf(MOSQUITTO, "mosquitto has another store")
class Store(unittest.TestCase):
    def broker(self, **options):
        broker = StoredBroker(**options)
        self.addCleanup(broker.clean_up)
        self.addCleanup(broker.kill)
        return broker

    def metric(self, broker, name):
        found = re.search(rf"^sluice_{name} (\S+)$", broker.fetch("/metrics")[1], re.MULTILINE)
        return float(found[1])

    def test_the_banner_says_what_is_promised_and_where_the_data_is(self):
        broker = self.broker()
        broker.start()
        broker.wait_for_line(r"durability: fsync \(what is acknowledged is on the disk\), "
                             r"data in .*/data")
        broker.stop()

    def test_commits_are_counted_and_timed(self):
        broker = self.broker()
        broker.start()
        broker.queue(20)
        self.assertGreater(self.metric(broker, "store_commits_total"), 0)
        self.assertGreater(self.metric(broker, "store_bytes_total"), 1000)
        # The log goes on meanwhile: a client that has left is a commit too.
        end = time.monotonic() + 30
        while self.metric(broker, "store_commits_total") != \
                self.metric(broker, "store_commit_seconds_count"):
            self.assertLess(time.monotonic(), end)
        self.assertEqual(self.metric(broker, "store_full"), 0)
        broker.stop()

    def test_a_second_broker_on_the_same_data_is_told_who_has_them(self):
        first = self.broker()
        first.start()
        done = sluice("serve", "--port", "0", "--set", "admin.enabled=false", "--durability",
                      "fsync", "--data", first.data, code=1)
        self.assertIn(f"is in use by process {first.process.pid}", done.stderr)
        sluice("store", "check", first.data, code=1)
        first.stop()

    def test_what_is_no_store_is_refused_by_name(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        serve = ["serve", "--port", "0", "--set", "admin.enabled=false", "--durability", "fsync"]
        with open(folder.name + "/photo.jpg", "w", encoding="ascii"):
            pass
        self.assertIn("photo.jpg", sluice(*serve, "--data", folder.name, code=1).stderr)
        missing = folder.name + "/no/such/place"
        self.assertIn("No such file", sluice(*serve, "--data", missing, code=1).stderr)
        self.assertIn("No such file", sluice("store", "check", missing, code=1).stderr)

    def test_a_store_of_a_later_version_is_left_alone(self):
        broker = self.broker()
        broker.start()
        broker.stop()
        path = broker.data + "/MANIFEST"
        with open(path, encoding="ascii") as file:
            text = file.read()
        lines = text.replace("sluice-store 1", "sluice-store 2").splitlines(keepends=True)[:-1]
        with open(path, "w", encoding="ascii") as file:
            file.write("".join(lines) + f"checksum {crc32c(''.join(lines).encode()):x}\n")
        done = sluice("store", "check", broker.data, code=1)
        self.assertIn("is of format 2, this program reads 1", done.stderr)

    def test_check_dump_backup_export_and_import_agree(self):
        broker = self.broker()
        broker.start()
        broker.queue(30)
        broker.kill()
        self.assertIn("is in order", sluice("store", "check", broker.data).stdout)
        lines = self.dumped(broker.data)
        kinds = [record["kind"] for line in lines for record in line["records"]]
        payloads = [record["payload"] for line in lines for record in line["records"]
                    if record["kind"] == "message"]
        # Once in the log of the receiver's thread, and in that of the sender's if it is another.
        self.assertEqual(list(dict.fromkeys(payloads)), [f"message {n}" for n in range(1, 31)])
        self.assertIn("subscribed", kinds)

        copy = broker.folder.name + "/copy"
        sluice("store", "backup", broker.data, copy)
        self.assertEqual(self.records(copy), self.records(broker.data))
        exported = sluice("store", "export", broker.data).stdout
        again = broker.folder.name + "/again"
        sluice("store", "import", again, input=exported)
        self.assertEqual(self.records(again), self.records(broker.data))
        half = broker.folder.name + "/half"
        sluice("store", "import", half, code=1, input=exported[:len(exported) // 2])
        refused = sluice("serve", "--port", "0", "--set", "admin.enabled=false", "--data", half,
                         code=1)
        self.assertIn("MANIFEST", refused.stderr)
        sluice("store", "backup", broker.data, copy, code=1)

    def test_a_backup_is_taken_while_the_broker_writes(self):
        broker = self.broker()
        broker.start()
        broker.queue(100)
        stop = threading.Event()
        sent = []

        def load():
            with connected(broker.port, "busy") as busy:
                while not stop.is_set():
                    number = len(sent) % 60_000 + 1
                    busy.send(wire.publish("kept", "x" * 500, qos=1, packet_id=number))
                    busy.expect("PUBACK", packet_id=number)
                    sent.append(number)

        writer = threading.Thread(target=load)
        writer.start()
        copies = []
        for i in range(3):
            known = len(sent)
            copies.append((known, f"{broker.folder.name}/copy-{i}"))
            sluice("store", "backup", broker.data, copies[-1][1])
        stop.set()
        writer.join()
        broker.stop()
        for known, path in copies:
            self.assertIn("is in order", sluice("store", "check", path).stdout)
            copy = self.broker()
            os.rename(path, copy.data)
            copy.start()
            # What one thread had acknowledged and another had not taken yet comes after the start.
            end = time.monotonic() + 30
            while (queued := self.kept(copy)) < 100 + known:
                self.assertLess(time.monotonic(), end, queued)
            self.assertLessEqual(queued, 100 + len(sent))
            copy.stop()
        self.assertGreater(len(sent), 0)

    def test_damage_is_refused_with_its_place_and_repair_cuts_it(self):
        broker = self.broker(threads=1)
        broker.start()
        broker.queue(30)
        broker.kill()
        folder = broker.data + "/log-1-0"
        segment = max((os.path.join(folder, name) for name in os.listdir(folder)),
                      key=lambda path: sum(bytes_of(path)[4096:]) > 0)
        self.flip(segment, 4096 + 20)
        done = sluice("store", "check", broker.data, code=1)
        self.assertIn(f"{segment} is damaged at byte 4096", done.stderr)
        failed = sluice("serve", "--port", "0", "--set", "admin.enabled=false", "--durability",
                        "fsync", "--data", broker.data, code=1)
        self.assertIn("sluice store repair", failed.stderr)
        self.assertIn("Cut there", sluice("store", "repair", broker.data).stdout)
        self.assertIn("is in order", sluice("store", "check", broker.data).stdout)
        self.assertTrue(os.path.isdir(broker.data + "/damaged-1-0"))
        self.assertIn("nothing was changed", sluice("store", "repair", broker.data).stdout)

    def kept(self, broker):
        """The first may have been sent: their client was on its way out."""
        return self.metric(broker, "queue_messages") + self.metric(broker, "inflight_messages")

    def with_a_long_queue(self, count, threads=2):
        """Stopped, with most of a queue in files beside the log, which names them."""
        broker = self.broker(threads=threads, settings={"session.queue_memory_messages": 16,
                                                        "store.checkpoint_bytes_min": "64KiB"})
        broker.start()
        broker.queue(count)
        end = time.monotonic() + 30
        while self.metric(broker, "queue_spilled_messages") < count / 2:
            self.assertLess(time.monotonic(), end)
        # Much more than there is to keep, of which nothing stays: each log is written anew.
        with connected(broker.port, "noise") as noise:
            while self.metric(broker, "checkpoints_total") < 2 * threads:
                self.assertLess(time.monotonic(), end)
                for number in range(32):
                    noise.publish(f"noise/{number}", b"x" * 16_384, 1, retain=True)
            for number in range(32):
                noise.publish(f"noise/{number}", b"", 1, retain=True)
        broker.stop()
        return broker

    def chunk_files(self, broker):
        return sorted(os.path.join(folder, name) for folder, _, names in os.walk(broker.data)
                      for name in names if name.endswith(".chunks") and "damaged" not in folder)

    def drained(self, broker, count):
        """What the keeper gets, in its order."""
        with connected(broker.port, "keeper", clean=False) as keeper:
            payloads = [keeper.receive().payload for _ in range(count)]
            keeper.expect_quiet()
        return payloads

    def test_a_queue_beside_the_log_is_in_every_copy(self):
        count = 5000
        broker = self.with_a_long_queue(count)
        self.assertNotEqual(self.chunk_files(broker), [])
        expected = [f"message {n}".encode() for n in range(1, count + 1)]
        self.assertIn("is in order", sluice("store", "check", broker.data).stdout)
        payloads = [record["payload"].encode() for line in self.dumped(broker.data)
                    for record in line["records"] if record["kind"] == "message"]
        # Once in the log of the receiver's thread, and in that of the sender's if it is another.
        kept = [payload for payload in dict.fromkeys(payloads) if payload.startswith(b"message")]
        self.assertEqual(kept, expected)
        path = broker.folder.name
        sluice("store", "backup", broker.data, path + "/copy")
        exported = sluice("store", "export", broker.data).stdout
        sluice("store", "import", path + "/again", input=exported)
        self.assertEqual(self.records(path + "/copy"), self.records(broker.data))
        self.assertEqual(self.records(path + "/again"), self.records(broker.data))
        self.assertIn("nothing was changed", sluice("store", "repair", broker.data).stdout)
        for name in ("data", "copy", "again"):
            with self.subTest(name=name):
                copy = self.broker(threads=2)
                os.rename(f"{path}/{name}", copy.data)
                copy.start()
                self.assertEqual(self.drained(copy, count), expected)
                copy.stop()

    def test_another_number_of_threads_keeps_a_queue_beside_the_log(self):
        count = 5000
        broker = self.with_a_long_queue(count)
        for threads in (3, 1):
            broker.threads = threads
            broker.start()
            self.assertGreater(self.metric(broker, "queue_spilled_messages"), count / 2)
            broker.stop()
            self.assertIn("is in order", sluice("store", "check", broker.data).stdout)
        broker.start()
        self.assertEqual(self.drained(broker, count),
                         [f"message {n}".encode() for n in range(1, count + 1)])
        broker.stop()

    def test_a_damaged_part_of_a_queue_is_told_and_no_start_takes_it_away_unasked(self):
        count = 5000
        broker = self.with_a_long_queue(count, threads=1)
        files = self.chunk_files(broker)
        self.assertRegex(self.damage_a_chunk(broker, files), r"messages.* cannot be read")
        sluice("store", "backup", broker.data, broker.folder.name + "/copy", code=1)
        sluice("store", "export", broker.data, code=1)
        # Another number of threads writes all of it anew, and would leave the old aside.
        serve = ["serve", "--port", "0", "--set", "admin.enabled=false", "--durability", "fsync",
                 "--data", broker.data]
        for _ in range(4):
            refused = sluice(*serve, "--threads", "3", code=1).stderr
            self.assertIn("wait for clients (the first of them 'keeper') cannot be read", refused)
            self.assertIn("start with --threads 1", refused)
            self.assertIn("sluice store repair", refused)
        # What these starts have written beside is what the last one has.
        self.assertEqual(self.chunk_files(broker)[:len(files)], files)
        self.assertLessEqual(len(self.chunk_files(broker)), len(files) + 1)
        copy = broker.folder.name + "/for-repair"
        shutil.copytree(broker.data, copy)
        # As before, it is lost when its turn comes, and the rest is there.
        broker.start()
        self.check_most(broker, count)
        broker.wait_for_line("cannot be read")
        self.assertGreater(self.metric(broker, "queue_chunks_unreadable_total"), 0)
        broker.stop()
        # Or it is left out, and everything goes on.
        self.assertIn("What was is in", sluice("store", "repair", copy).stdout)
        self.assertIn("is in order", sluice("store", "check", copy).stdout)
        mended = self.broker(threads=3)
        os.rename(copy, mended.data)
        mended.start()
        self.check_most(mended, count)
        mended.stop()

    def damage_a_chunk(self, broker, files):
        """What `check` says of it. Some bytes are of parts that are not needed any more."""
        for path in files:
            for eighth in range(1, 8):
                at = os.path.getsize(path) * eighth // 8
                self.flip(path, at)
                done = subprocess.run([sluice_binary(), "store", "check", broker.data],
                                      capture_output=True, text=True, timeout=60)
                if done.returncode != 0:
                    return done.stderr
                self.flip(path, at)
        raise AssertionError("nothing of any file is needed")

    def check_most(self, broker, count):
        numbers = []
        with connected(broker.port, "keeper", clean=False) as keeper:
            while not numbers or numbers[-1] < count:
                numbers.append(int(keeper.receive().payload.split()[1]))
        self.assertEqual(numbers, sorted(set(numbers)))
        self.assertLess(len(numbers), count)
        self.assertGreater(len(numbers), count - 300)

    def flip(self, path, at):
        with open(path, "r+b") as file:
            file.seek(at)
            byte = file.read(1)[0]
            file.seek(at)
            file.write(bytes([byte ^ 1]))

    def with_disk_trouble(self, **what):
        if os.environ.get("SLUICE_E2E_SANITIZED"):
            self.skipTest("a sanitizer must be loaded first")
        broker = self.broker(threads=1, settings={"store.segment_bytes_min": "64KiB",
                                                  "store.segment_bytes_max": "64KiB"})
        trouble = DiskTrouble(broker.data, **what)
        self.addCleanup(trouble.close)
        broker.environment = {**os.environ, **trouble.environment}
        broker.start()
        return broker

    def test_a_failed_sync_ends_the_broker_and_answers_nothing(self):
        broker = self.with_disk_trouble(eio=25)
        with connected(broker.port, "keeper", clean=False) as keeper, \
                connected(broker.port, "speaker") as speaker:
            keeper.subscribe("kept", qos=1)
            for number in range(1, 100):
                speaker.send(wire.publish("kept", "x", qos=1, packet_id=number))
                try:
                    answer = speaker.read()
                except OSError:
                    answer = None
                if answer is None:
                    break
            self.assertLess(number, 50)
        broker.expect_exit(1)
        broker.wait_for_line(r"The disk failed at .*/log-1-0: f(data)?sync: Input/output error")

    def test_a_full_disk_refuses_what_must_be_kept_and_is_over_when_there_is_room(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        flag = folder.name + "/full"
        broker = self.with_disk_trouble(full=flag)
        keeper = connected(broker.port, "keeper", clean=False)
        keeper.subscribe("kept", qos=1)
        keeper.close()
        with open(flag, "w", encoding="ascii"):
            pass
        with connected(broker.port, "new", V5) as new, connected(broker.port, "old") as old:
            reasons = []
            for number in range(1, 40):
                new.send(wire.publish("kept", b"x" * 2000, V5, qos=1, packet_id=number))
                reasons.append(new.expect("PUBACK", packet_id=number).reason)
                if reasons[-1] == 0x97:
                    break
            self.assertEqual(reasons[-1], 0x97, reasons)
            broker.wait_for_line(r"The disk is full")
            self.assertEqual(self.metric(broker, "store_full"), 1)
            new.send(wire.publish("elsewhere", "x", V5, qos=1, packet_id=100))
            self.assertEqual(new.expect("PUBACK", packet_id=100).reason, 0x10)
            old.send(wire.publish("kept", "x", qos=1, packet_id=1))
            old.expect_closed()
            os.unlink(flag)
            broker.wait_for_line(r"The disk has room again")
            new.send(wire.publish("kept", "x", V5, qos=1, packet_id=101))
            self.assertEqual(new.expect("PUBACK", packet_id=101).reason, 0)
        broker.stop()

    def test_on_a_slow_disk_acknowledgements_are_late_and_pings_are_not(self):
        broker = self.with_disk_trouble(slow_ms=400)
        with connected(broker.port, "keeper", clean=False) as keeper, \
                connected(broker.port, "speaker") as speaker:
            keeper.subscribe("kept", qos=1)
            begin = time.monotonic()
            speaker.send(wire.publish("kept", "x", qos=1, packet_id=1))
            keeper.send(wire.PINGREQ)
            answers = [keeper.read().kind, keeper.read().kind]
            self.assertEqual(sorted(answers), ["PINGRESP", "PUBLISH"])
            pinged = time.monotonic() - begin
            speaker.expect("PUBACK", packet_id=1)
            acknowledged = time.monotonic() - begin
            self.assertGreater(acknowledged, 0.4)
            self.assertLess(pinged, acknowledged)
        broker.stop()

    def dumped(self, path):
        return [json.loads(line) for line in sluice("store", "dump", path).stdout.splitlines()]

    def records(self, path):
        return [(line["shard"], line["wall_ns"], line["records"]) for line in self.dumped(path)]


def bytes_of(path):
    with open(path, "rb") as file:
        return file.read()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


if __name__ == "__main__":
    main()
