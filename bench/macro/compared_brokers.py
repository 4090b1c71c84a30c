# SPDX-License-Identifier: Apache-2.0
"""The brokers that bench/macro/compare starts: fresh processes, limits as far as manuals go."""
import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

START_WITHIN, STOP_WITHIN = 90.0, 20.0
PATH = "/usr/sbin:/usr/bin:/sbin:/bin:" + os.environ.get("PATH", "")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def first_line(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except OSError:
        return ""
    return (done.stdout + done.stderr).strip().split("\n")[0]


class Running:
    """A broker's process on a core of its own; `port` takes MQTT."""

    def __init__(self, kind, core):
        self.kind, self.folder = kind, tempfile.TemporaryDirectory(prefix="sluice-compare-")
        self.port = free_port()
        command = kind.command(self.folder.name, self.port)
        self.log = open(self.folder.name + "/log", "w+", encoding="utf-8", errors="replace")
        self.process = subprocess.Popen(
            ["taskset", "-c", str(core)] + command, stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=subprocess.STDOUT, cwd=self.folder.name,
            env=os.environ | kind.environment(self.folder.name))

    @property
    def pid(self):
        """Of the process that does the work, which a broker's script may have started."""
        return self.kind.worker(self.process.pid)

    def __enter__(self):
        deadline = time.monotonic() + START_WITHIN
        while time.monotonic() < deadline and self.process.poll() is None:
            found = self.kind.banner and re.search(self.kind.banner, self.said())
            if found:
                self.port = int(found[1])
            if (found or not self.kind.banner) and self.answers():
                return self
            time.sleep(0.05)
        said = self.said()
        self.__exit__()
        raise RuntimeError(f"{self.kind.name} does not start: {said[-500:]}")

    def said(self):
        with open(self.folder.name + "/log", encoding="utf-8", errors="replace") as file:
            return file.read()

    def answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def __exit__(self, *unused):
        os.kill(self.pid, signal.SIGTERM)
        try:
            self.process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.kind.clean_up(self.folder.name)
        self.log.close()
        self.folder.cleanup()


class Kind:
    """What is so unless a broker says otherwise."""
    banner = None          # a pattern of what it prints, with its port
    qos_max = 2
    is_floor = False       # no broker, and not asked for what only a broker does
    is_slow = False        # with large states

    def environment(self, _folder):
        return {}

    def worker(self, pid):
        return pid

    def clean_up(self, _folder):
        """What its own stop leaves behind."""


class Sluice(Kind):
    name, banner = "Sluice", r"listening on [^ ]*:(\d+) \(mqtt\)"

    def __init__(self, program):
        self.program = program

    def command(self, folder, _port):
        return [self.program, "serve", "--port", "0", "--bind", "127.0.0.1", "--threads", "1",
                "--durability", "memory", "--set", "admin.port=0", "--data", folder + "/data"]

    def version(self):
        return first_line([self.program, "--version"])


class Relay(Kind):
    name, banner, qos_max, is_floor = "relay", r"listening on [^ ]*:(\d+)", 0, True

    def __init__(self, program):
        self.program = program

    def command(self, _folder, _port):
        return [self.program]

    def version(self):
        return "bare relay, no MQTT (bench/macro/relay.cc)"


class Mosquitto(Kind):
    name = "mosquitto"

    def __init__(self):
        self.program = shutil.which("mosquitto", path=PATH)

    def command(self, folder, port):
        with open(folder + "/mosquitto.conf", "w", encoding="ascii") as file:
            file.write(f"listener {port} 127.0.0.1\nallow_anonymous true\nlog_type none\n"
                       "persistence false\nset_tcp_nodelay true\nsys_interval 0\n"
                       "max_queued_messages 0\nmax_queued_bytes 0\n"
                       "max_inflight_messages 0\nmax_inflight_bytes 0\n"
                       "memory_limit 0\nmax_connections -1\n"
                       + ("user root\n" if os.geteuid() == 0 else ""))
        return [self.program, "-c", folder + "/mosquitto.conf"]

    def version(self):
        return first_line([self.program, "-h"])


class Nats(Kind):
    # Each subscription and session is a consumer or a record of JetStream: the large states take it
    # many minutes.
    name, qos_max, is_slow = "nats-server", 1, True

    def __init__(self):
        self.program = shutil.which("nats-server", path=PATH)

    def command(self, folder, port):
        store = tempfile.mkdtemp(prefix="nats-", dir=folder)
        with open(folder + "/nats.conf", "w", encoding="ascii") as file:
            file.write(f'port: {free_port()}\nhost: "127.0.0.1"\nserver_name: "compare"\n'
                       f'jetstream {{ store_dir: "{store}" }}\n'
                       "max_connections: 65536\nmax_pending: 1073741824\n"
                       f'mqtt {{ port: {port}, host: "127.0.0.1", ack_wait: "60s", '
                       "max_ack_pending: 65535 }\n")
        return [self.program, "-c", folder + "/nats.conf"]

    def version(self):
        return first_line([self.program, "--version"])


class RabbitMq(Kind):
    # One scheduler, and a name server of its own on a port of its own. Sessions are queues on disk;
    # QoS 2 is taken as QoS 1.
    name, banner, qos_max, is_slow = "rabbitmq-server", None, 1, True

    def __init__(self):
        found = sorted(glob.glob("/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server"))
        self.program = found[-1] if found else None

    def command(self, folder, port):
        for name in ("home", "data", "logs"):
            os.mkdir(f"{folder}/{name}")
        with open(folder + "/rabbitmq.conf", "w", encoding="ascii") as file:
            file.write(f"listeners.tcp = none\nmqtt.listeners.tcp.default = 127.0.0.1:{port}\n"
                       "mqtt.allow_anonymous = true\nmqtt.prefetch = 65535\n"
                       "log.console.level = warning\nvm_memory_high_watermark.relative = 0.8\n")
        with open(folder + "/enabled_plugins", "w", encoding="ascii") as file:
            file.write("[rabbitmq_mqtt].")
        with open(folder + "/ports", "w", encoding="ascii") as file:
            file.write(f"{free_port()} {free_port()}")
        return [self.program]

    def environment(self, folder):
        with open(folder + "/ports", encoding="ascii") as file:
            names, nodes = file.read().split()
        return {"HOME": folder + "/home", "RABBITMQ_CONFIG_FILE": folder + "/rabbitmq.conf",
                "RABBITMQ_ENABLED_PLUGINS_FILE": folder + "/enabled_plugins",
                "RABBITMQ_MNESIA_BASE": folder + "/data", "RABBITMQ_LOG_BASE": folder + "/logs",
                "RABBITMQ_GENERATED_CONFIG_DIR": folder + "/data",
                "RABBITMQ_NODENAME": "compare@localhost", "RABBITMQ_DIST_PORT": nodes,
                "ERL_EPMD_PORT": names,
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none"}

    def worker(self, pid):
        found = first_line(["pgrep", "-P", str(pid), "-f", "beam"])
        return int(found) if found else pid

    def clean_up(self, folder):
        with open(folder + "/ports", encoding="ascii") as file:
            first_line(["epmd", "-port", file.read().split()[0], "-kill"])

    def version(self):
        return "RabbitMQ " + self.program.split("rabbitmq_server-")[1].split("/")[0]


def all_brokers(build):
    """Those that are there; what is missing is named."""
    relay, sluice = Relay(f"{build}/bench_relay"), Sluice(f"{build}/sluice")
    kinds = [relay, sluice, Mosquitto(), Nats(), RabbitMq()]
    missing = [kind.name for kind in kinds
               if not kind.program or not os.access(kind.program, os.X_OK)]
    return [kind for kind in kinds if kind.name not in missing], missing
