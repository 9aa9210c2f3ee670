"""Shows what an application notices when an Alternator node dies: nothing but a short line in this report.

    python demo.py SEED... --control URL [--items 3000]

Threads write and read items through AlternatorLB. Half-way a node is killed through the control API of the test cluster, and
started again a few seconds later. At the end every acknowledged write is read back. The exit status is 0 only when none was
lost and no error reached the application.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from alternator_lb import AlternatorLB
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

TABLE = "demo_python"


@dataclass
class Phase:
    """A part of the run: it lasts until it has written its items and its time is over."""

    name: str
    items: int
    seconds: float
    began: float = 0.0
    began_at: float = 0.0
    ended: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def written(self) -> int:
        return len(self.latencies) // 2  # each item is written once and read once

    def finished(self, now: float) -> bool:
        return self.written >= self.items and now - self.began >= self.seconds

    @property
    def throughput(self) -> float:
        return len(self.latencies) / (self.ended - self.began)

    @property
    def p99_ms(self) -> float:
        return 1000 * statistics.quantiles(self.latencies, n=100)[98]


class Worker(threading.Thread):
    """Writes its own items, again and again, and reads each back; nobody else writes them, so the last value is known."""

    def __init__(self, client: Any, number: int, keys: int, shared: Run) -> None:
        super().__init__(daemon=True)
        self.client = client
        self.keys = [f"worker{number}-item{key}" for key in range(keys)]
        self.shared = shared
        self.acknowledged: dict[str, str] = {}

    def run(self) -> None:
        version = 0
        while not self.shared.over.is_set():
            key = self.keys[version % len(self.keys)]
            value = f"version {version}"
            version += 1
            try:
                self._timed(self.client.put_item, Item={"pk": {"S": key}, "value": {"S": value}})
                self.acknowledged[key] = value
                answer = self._timed(self.client.get_item, Key={"pk": {"S": key}}, ConsistentRead=True)
                if answer["Item"]["value"]["S"] != value:
                    self.shared.errors.append(f"{key} reads {answer['Item']['value']['S']}, written was {value}")
            except Exception as error:  # whatever reaches an application counts
                self.shared.errors.append(repr(error))

    def _timed(self, call: Any, **arguments: Any) -> Any:
        phase = self.shared.phase
        began = time.perf_counter()
        try:
            return call(TableName=TABLE, **arguments)
        finally:
            phase.latencies.append(time.perf_counter() - began)


class Run:
    """What the workers share: the phase of the moment, the errors seen, and whether it is over."""

    def __init__(self, phases: list[Phase]) -> None:
        self.phases = phases
        self.phase = phases[0]
        self.errors: list[str] = []
        self.over = threading.Event()

    def follow(self, show: Any) -> Iterator[Phase]:
        """Yields each phase as it begins and goes on when it is finished."""
        for phase in self.phases:
            phase.began, phase.began_at = time.monotonic(), time.time()
            self.phase = phase
            yield phase
            while not phase.finished(time.monotonic()):
                show(phase)
                time.sleep(0.05)
            phase.ended = time.monotonic()
            show(phase)
        self.over.set()


@contextmanager
def progress(console: Console, phases: list[Phase]) -> Iterator[Any]:
    """A function that shows how far a phase is: a bar on a terminal, a line at each tenth elsewhere."""
    if not console.is_terminal:
        tenths = {phase.name: -1 for phase in phases}

        def line(phase: Phase) -> None:
            tenth = min(10 * phase.written // phase.items, 10)
            if tenth > tenths[phase.name]:
                tenths[phase.name] = tenth
                console.print(f"{phase.name}: {min(phase.written, phase.items)} of {phase.items} items", highlight=False)

        yield line
        return
    columns = (TextColumn("{task.description:<18}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        tasks = {phase.name: bars.add_task(phase.name, total=phase.items, start=False) for phase in phases}

        def bar(phase: Phase) -> None:
            task = tasks[phase.name]
            bars.start_task(task)
            bars.update(task, completed=min(phase.written, phase.items))
            if phase.ended:
                bars.stop_task(task)

        yield bar


def control(url: str, method: str, path: str) -> Any:
    with urllib.request.urlopen(urllib.request.Request(url + path, method=method), timeout=60) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def create_table(client: Any) -> None:
    with suppress(client.exceptions.ResourceInUseException):  # from an earlier run
        client.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    client.get_waiter("table_exists").wait(TableName=TABLE)


def lost_writes(client: Any, workers: list[Worker]) -> list[str]:
    lost = []
    for worker in workers:
        for key, value in worker.acknowledged.items():
            item = client.get_item(TableName=TABLE, Key={"pk": {"S": key}}, ConsistentRead=True).get("Item")
            if item is None or item["value"]["S"] != value:
                lost.append(key)
    return lost


def report(console: Console, run: Run, nodes: list[dict[str, Any]], victim: int, events: list[dict[str, Any]]) -> None:
    total = sum(node["requests"] for node in nodes)
    shares = Table("node", "requests", "share", title="Requests by node")
    for node in nodes:
        killed = " (killed and restarted)" if node["index"] == victim else ""
        shares.add_row(node["address"] + killed, str(node["requests"]), f"{node['requests'] / total:.1%}")
    phases = Table("phase", "requests", "per second", "p99 ms", "slowest ms", title="As the application saw it")
    for phase in run.phases:
        slowest = 1000 * max(phase.latencies)
        phases.add_row(phase.name, str(len(phase.latencies)), f"{phase.throughput:.0f}", f"{phase.p99_ms:.1f}", f"{slowest:.1f}")
    began = run.phases[0].began_at
    seen = Table("after", "event", "node", title="As the balancer saw it")
    for event in events:
        if event["kind"].startswith("node_"):
            seen.add_row(f"{max(0.0, event['unix_ms'] / 1000 - began):.1f} s", event["kind"].replace("_", " "), event["at"])
    console.print(shares, phases, seen)


def wait_until_none_is_set_aside(lb: AlternatorLB) -> None:
    deadline = time.monotonic() + 60
    while any(node["set_aside"] for node in lb.statistics()["nodes"]) and time.monotonic() < deadline:
        time.sleep(0.05)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seeds", nargs="+", metavar="SEED", help="a node to begin with; the others are discovered")
    parser.add_argument("--control", required=True, metavar="URL", help="control API of the test cluster")
    parser.add_argument("--items", type=int, default=3000, help="items to write at least (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=8, help="threads that write and read (default: %(default)s)")
    parser.add_argument("--victim", type=int, default=0, help="index of the node to kill (default: %(default)s)")
    parser.add_argument("--outage", type=float, default=3.0, help="seconds the node is away at least (default: %(default)s)")
    options = parser.parse_args()
    if options.items < 4 * options.threads or options.threads < 1:
        parser.error(f"--items {options.items} is not enough: at least 4 for each of the --threads {options.threads}")
    return options


def main() -> int:
    options = arguments()
    console = Console()
    state = control(options.control, "GET", "/state")
    phases = [
        Phase("all nodes up", options.items // 2, 0.0),
        Phase("one node down", options.items // 4, options.outage),
        Phase("node starting", 1, 0.0),
        Phase("node back", options.items - options.items // 2 - options.items // 4, options.outage / 2),
    ]
    run = Run(phases)
    with AlternatorLB(
        options.seeds,
        port=state["port"],
        scheme=state["scheme"],
        ca_file=state["ca_file"],
        aws_access_key_id=state["access_key"],
        aws_secret_access_key=state["secret_key"],
    ) as lb:
        client = lb.new_dynamodb_client()
        create_table(client)
        control(options.control, "POST", "/counters/reset")
        keys = options.items // options.threads
        workers = [Worker(client, number, keys, run) for number in range(options.threads)]
        for worker in workers:
            worker.start()
        with progress(console, phases) as show:
            for phase in run.follow(show):
                if phase is phases[1]:
                    control(options.control, "POST", f"/nodes/{options.victim}/kill")
                elif phase is phases[2]:
                    control(options.control, "POST", f"/nodes/{options.victim}/restart")
                    wait_until_none_is_set_aside(lb)
        for worker in workers:
            worker.join()
        nodes = control(options.control, "GET", "/counters?attempts=false")["nodes"]
        lost = lost_writes(client, workers)
        events = lb.events()
    report(console, run, nodes, options.victim, events)
    console.print(f"Errors that reached the application: {len(run.errors)}", *run.errors[:3], sep="\n  ")
    written = sum(len(worker.acknowledged) for worker in workers)
    console.print(f"Acknowledged items: {written}, lost: {len(lost)}", *lost[:3], sep="\n  ")
    return 1 if lost or run.errors else 0


if __name__ == "__main__":
    sys.exit(main())
