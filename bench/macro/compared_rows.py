# SPDX-License-Identifier: Apache-2.0
"""The rows of bench/macro/compare: a name, the words for `sluice bench`, the figures to show."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    table: str
    name: str
    words: tuple
    figures: tuple        # (name of the figure, what stands behind the row's name, unit)
    qos: int = 0
    has_floor: bool = False
    is_long: bool = False


CPU = (("server_cpu_ns", "", "ns"),)
TRAFFIC = "Messages: processor time of the broker for each message delivered"
STATE = "State: what one of each thing costs"


def traffic(name, words, qoses, sizes, has_floor=False):
    for size in sizes:
        for qos in qoses:
            text = f"{size} B" if size < 1024 else f"{size // 1024} KiB"
            yield Row(TRAFFIC, f"{name}, {text}, QoS {qos}",
                      (*words, "-s", str(size), "-q", str(qos)), CPU, qos, has_floor and qos == 0)


def traffic_rows():
    yield from traffic("1 to 1", ("pairs",), (0, 1, 2), (16, 256), True)
    yield from traffic("100 pairs", ("pairs", "-n", "100"), (0, 1, 2), (256,), True)
    yield from traffic("100 pairs", ("pairs", "-n", "100"), (0,), (4096,), True)
    yield from traffic("fan-out 1 to 100", ("fan-out",), (0,), (16,), True)
    yield from traffic("fan-out 1 to 100", ("fan-out",), (0, 1, 2), (256,), True)
    yield from traffic("fan-in 100 to 1", ("fan-in",), (0, 1, 2), (256,))
    yield from traffic("shared 10 to 10", ("shared",), (0, 1, 2), (256,))
    yield from traffic("1,000 pairs, 30,000/s", ("pairs", "-n", "1000", "--rate", "30000"),
                       (0, 1), (256,), True)


def state_rows():
    for clients in (1000, 10000):
        yield Row(STATE, f"{clients:,} clients", ("connections", "-n", str(clients)),
                  (("connection_bytes", "an idle connection", "B"),
                   ("connection_with_subscription_bytes", "with one subscription", "B"),
                   ("connection_cpu_ns", "connecting", "ns")), is_long=clients > 1000)
    for count in (1000, 100_000, 1_000_000):
        figures = (("subscription_bytes", "a subscription", "B"),) if count > 1000 else ()
        yield Row(STATE, f"{count:,} subscriptions", ("subscriptions", "-c", str(count)),
                  figures + (("subscription_cpu_ns", "SUBSCRIBE, each of 50 filters", "ns"),
                             ("publish_of_three_cpu_ns", "a message with three matches", "ns")),
                  is_long=count > 1000)
    for count in (100_000, 900_000):
        yield Row(STATE, f"{count:,} retained of 64 B", ("retained", "-c", str(count), "-s", "64"),
                  (("store_bytes", "memory", "B"), ("store_cpu_ns", "storing", "ns"),
                   ("deliver_cpu_ns", "delivering", "ns")), 1, is_long=count > 100_000)
    yield Row(STATE, "50,000 queued of 64 B", ("queue", "-c", "50000", "-s", "64"),
              (("queue_bytes", "memory", "B"), ("queue_cpu_ns", "queueing", "ns"),
               ("drain_cpu_ns", "draining", "ns")), 1)
    yield Row(STATE, "churn of 100 clients", ("churn",), (("round_cpu_ns", "a round", "ns"),))
    yield Row(STATE, "storm of 5,000 clients", ("storm", "-n", "5000"),
              (("reconnect_cpu_ns", "a client that comes back", "ns"),
               ("bystander_p99_before_ns", "bystanders' 99 % before", "ns"),
               ("bystander_p99_during_ns", "bystanders' 99 % during", "ns")))


def all_rows():
    return [*traffic_rows(), *state_rows()]
