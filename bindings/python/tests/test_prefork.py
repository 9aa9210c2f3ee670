"""A pre-fork server, as gunicorn is one: the balancer and its client are made before the fork, and workers come and go."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest
from cluster import Cluster, eventually
from dynamo import create_table, get, put

from alternator_lb import AlternatorLB

# Newer Pythons warn of os.fork in a process with threads, which is exactly what is tested.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")


class Server:
    """Accepts in each worker, and starts another worker for one that has gone."""

    def __init__(self, workers: int, answer: Callable[[str], str]) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.answer = answer
        self.workers: set[int] = set()
        self.size = workers
        self.fill()

    def fill(self) -> None:
        while len(self.workers) < self.size:
            pid = os.fork()
            if pid == 0:
                try:
                    self.work()
                finally:
                    os._exit(1)
            self.workers.add(pid)

    def work(self) -> None:
        while True:
            connection, _ = self.socket.accept()
            with connection, connection.makefile("rw") as stream:
                stream.write(f"{os.getpid()} {self.answer(stream.readline().strip())}\n")
                stream.flush()

    def kill_one(self) -> None:
        pid = self.workers.pop()
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        self.fill()

    def ask(self, question: str) -> tuple[int, str]:
        with socket.create_connection(self.socket.getsockname(), timeout=20) as connection, connection.makefile("rw") as stream:
            stream.write(question + "\n")
            stream.flush()
            pid, answer = stream.readline().split()
            return int(pid), answer

    def close(self) -> None:
        self.socket.close()
        for pid in self.workers:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


@pytest.mark.parametrize("refresh", ["inline", "thread"])
def test_workers_share_nothing_but_the_code(cluster: Cluster, refresh: str) -> None:
    cluster.settings(gossip_delay_ms=600_000)
    lb = AlternatorLB(cluster.addresses, port=cluster.port, refresh=refresh, affinity="any_write")
    client = lb.new_dynamodb_client()
    create_table(client)
    put(client, "items", "warm")

    def answer(question: str) -> str:
        put(client, "items", question, f"answer-to-{question}")
        return get(client, "items", question)

    server = Server(4, answer)
    try:
        served: dict[int, int] = {}
        failed: list[Any] = []

        def load(number: int) -> None:
            for step in range(30):
                question = f"{number}-{step}"
                pid, text = server.ask(question)
                served[pid] = served.get(pid, 0) + 1
                if text != f"answer-to-{question}":
                    failed.append((question, text))

        threads = [threading.Thread(target=load, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        cluster.kill(1)
        for thread in threads:
            thread.join()
        assert not failed
        assert len(served) > 1
        server.kill_one()
        cluster.restart(1)

        def all_asked() -> bool:
            pid, text = server.ask("again")
            assert text == "answer-to-again"
            served[pid] = served.get(pid, 0) + 1
            return server.workers <= served.keys()

        eventually(all_asked)
    finally:
        server.close()
        lb.close()
