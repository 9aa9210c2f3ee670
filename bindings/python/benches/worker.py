"""A process with clients of one kind, that does what `overhead.py` and `outage.py` tell it on its standard input.

    python worker.py ours|official CLUSTER       (CLUSTER: the JSON line of altcluster)

It needs boto3, and `alternator_lb` or the official `alternator`; so each kind can run in an environment of its own. Each line of
input is answered by a line of JSON:

    measure CLIENT COUNT    that many requests with a client; the answer is the CPU time of one, in microseconds
    load THREADS            begins to write and read
    loaded                  how many calls have ended until now, how many of them failed, and those that took longer than 100 ms
"""

from __future__ import annotations

import itertools
import json
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import boto3
from botocore.config import Config

KEYS = {"aws_access_key_id": "alternator", "aws_secret_access_key": "secret"}
SLOW_SECONDS = 0.1


def ours(cluster: dict[str, Any], affinity: bool) -> Any:
    """Of this package."""
    from alternator_lb import AlternatorLB

    seeds = [node["address"] for node in cluster["nodes"]]
    lb = AlternatorLB(seeds, port=cluster["port"], **KEYS, **({"affinity": "any_write"} if affinity else {}))  # type: ignore[arg-type]
    return lb.new_dynamodb_client(config=Config(**TIMEOUTS))


def official(cluster: dict[str, Any], affinity: bool) -> Any:
    """Of the official client."""
    import alternator

    mode = alternator.KeyRouteAffinityMode.ANY_WRITE if affinity else alternator.KeyRouteAffinityMode.NONE
    config = alternator.Config(
        seed_hosts=[node["address"] for node in cluster["nodes"]],
        port=cluster["port"],
        key_affinity=alternator.KeyRouteAffinityConfig(mode),
        retries=alternator.RetryConfig(max_attempts=4),
        timeouts=alternator.TimeoutConfig(connect_seconds=1, read_seconds=1),
    )
    return alternator.create_client(config, auth=alternator.Auth.static_credentials(*KEYS.values()))


def plain(cluster: dict[str, Any], kind: str) -> Any:
    """boto3 with the User-Agent of the others, which is a fixed text."""
    config = Config(user_agent=USER_AGENTS[kind], **TIMEOUTS)
    return boto3.client("dynamodb", endpoint_url=cluster["nodes"][0]["url"], region_name="us-east-1", config=config, **KEYS)


TIMEOUTS: dict[str, Any] = {
    "connect_timeout": 1,
    "read_timeout": 1,
    "retries": {"mode": "standard", "total_max_attempts": 4},
}
USER_AGENTS: dict[str, str] = {"ours": "alternator-lb-python/0.1.0", "official": "alternator-client-python/2.0.2"}
KINDS: dict[str, Callable[[dict[str, Any], bool], Any]] = {"ours": ours, "official": official}


class Load:
    """Threads that write and read for as long as the process lives."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._numbers = itertools.count()
        # Appended to by all threads.
        self.took: list[float] = []
        self.errors: list[str] = []

    def start(self, threads: int) -> None:
        for _ in range(threads):
            threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        while True:
            key = {"pk": {"S": f"key {next(self._numbers)}"}}
            for call in (
                partial(self._client.put_item, TableName="items", Item={**key, "value": {"S": "v"}}),
                partial(self._client.get_item, TableName="items", Key=key),
            ):
                began = time.monotonic()
                try:
                    call()
                except Exception as error:  # whatever reaches an application counts
                    self.errors.append(repr(error))
                self.took.append(time.monotonic() - began)

    def seen(self) -> dict[str, Any]:
        took = self.took[:]
        return {"ended": len(took), "errors": len(self.errors), "slow": sum(1 for each in took if each > SLOW_SECONDS)}


def cpu_us(client: Any, count: int) -> float:
    began = time.process_time_ns()
    for number in range(count):
        client.put_item(TableName="items", Item={"pk": {"S": f"key {number}"}, "value": {"S": "v"}})
    return (time.process_time_ns() - began) / 1000 / count


def main() -> None:
    kind, cluster = sys.argv[1], json.loads(sys.argv[2])
    make = KINDS[kind]
    clients: dict[str, Any] = {}
    load: Load | None = None
    for line in sys.stdin:
        command, *words = line.split()
        if command == "measure":
            name, count = words
            if name not in clients:
                clients[name] = plain(cluster, kind) if name == "plain" else make(cluster, name == "affinity")
            answer: Any = cpu_us(clients[name], int(count))
        elif command == "load":
            load = Load(make(cluster, False))
            load.start(int(words[0]))
            answer = None
        else:
            assert load is not None
            answer = load.seen()
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
