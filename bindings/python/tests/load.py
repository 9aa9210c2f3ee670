"""Load from threads or tasks, and what it sees while a node dies, hangs and comes back.

Each worker writes items that nobody else writes, and reads each back. An item is written with one value alone: a node that hangs
has a request in its socket that was made again elsewhere, and carries it out when it goes on.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Seen:
    """What workers have seen."""

    ended_at: list[float] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def rate(self, since: float, until: float) -> float:
        """Calls a second that ended in this time."""
        return sum(1 for at in self.ended_at if since <= at < until) / (until - since)

    def ended(self) -> None:
        self.ended_at.append(time.monotonic())

    def read(self, item: dict[str, Any], answer: dict[str, Any]) -> None:
        self.ended()
        if answer.get("Item") != item:
            self.wrong.append(f"read was {answer.get('Item')}, written {item}")


def item_of(worker: int, number: int) -> dict[str, Any]:
    return {"pk": {"S": f"worker {worker}, item {number}"}, "value": {"S": f"{worker}.{number}"}}


class Threads:
    """`count` threads that write and read through one client until `stop`."""

    def __init__(self, client: Any, count: int, table: str = "items") -> None:
        self.seen = Seen()
        self._threads = [threading.Thread(target=self._work, args=(client, table, worker)) for worker in range(count)]
        for thread in self._threads:
            thread.start()

    def _work(self, client: Any, table: str, worker: int) -> None:
        number = 0
        while not self.seen.over.is_set():
            item = item_of(worker, number)
            number += 1
            try:
                client.put_item(TableName=table, Item=item)
                self.seen.ended()
                self.seen.read(item, client.get_item(TableName=table, Key={"pk": item["pk"]}, ConsistentRead=True))
            except BaseException as error:  # whatever reaches an application counts
                self.seen.errors.append(error)

    def stop(self) -> Seen:
        self.seen.over.set()
        for thread in self._threads:
            thread.join()
        return self.seen


class Tasks:
    """A thread with a loop of its own, on which `count` tasks write and read until `stop`."""

    def __init__(self, make: Callable[[], Any], count: int, table: str = "items") -> None:
        """`make` gives an asynchronous context manager whose value is a client."""
        self.seen = Seen()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(make, count, table)))
        self._thread.start()

    async def _run(self, make: Callable[[], Any], count: int, table: str) -> None:
        async with make() as client:
            await asyncio.gather(*(self._work(client, table, worker) for worker in range(count)))

    async def _work(self, client: Any, table: str, worker: int) -> None:
        number = 0
        while not self.seen.over.is_set():
            item = item_of(worker, number)
            number += 1
            try:
                await client.put_item(TableName=table, Item=item)
                self.seen.ended()
                self.seen.read(item, await client.get_item(TableName=table, Key={"pk": item["pk"]}, ConsistentRead=True))
            except BaseException as error:
                self.seen.errors.append(error)

    def stop(self) -> Seen:
        self.seen.over.set()
        self._thread.join()
        return self.seen
