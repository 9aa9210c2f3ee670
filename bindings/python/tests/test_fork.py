"""A balancer and its clients go on working in forked children, whatever the parent was doing at that moment."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from cluster import Cluster, eventually
from dynamo import create_table, get, put

from alternator_lb import AlternatorLB, ClosedError

Balance = Callable[..., AlternatorLB]

# Newer Pythons warn of os.fork in a process with threads, which is exactly what is tested.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")


class Child:
    """A forked child that runs `work` and ends; a child that hangs is killed and counts as failed."""

    def __init__(self, work: Callable[[], None]) -> None:
        self.pid = os.fork()
        if self.pid == 0:
            status = 1
            try:
                work()
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)

    def succeeds(self, seconds: float = 30.0) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status) == 0
            time.sleep(0.01)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return False


def write_and_read(client: Any, table: str, who: str, count: int = 60) -> None:
    """Answers must be those to our own questions: fails when connections are shared with another process."""
    for number in range(count):
        put(client, table, f"{who}-{number}", f"{who} wrote {number}")
        assert get(client, table, f"{who}-{number}") == f"{who} wrote {number}"


@pytest.fixture(params=["inline", "manual", "thread"])
def client(request: pytest.FixtureRequest, calm_cluster: Cluster, balance: Balance) -> Any:
    return balance(calm_cluster, refresh=request.param).new_dynamodb_client()


@pytest.fixture(scope="module")
def table(calm_cluster: Cluster) -> Iterator[str]:
    with AlternatorLB(calm_cluster.addresses, port=calm_cluster.port) as lb:
        yield create_table(lb.new_dynamodb_client())


def test_fork_before_the_first_request(client: Any, table: str) -> None:
    child = Child(lambda: write_and_read(client, table, "child"))
    write_and_read(client, table, "parent")
    assert child.succeeds()


def test_fork_with_open_connections(client: Any, table: str) -> None:
    write_and_read(client, table, "before", 12)
    children = [Child(partial(write_and_read, client, table, f"child{number}")) for number in range(3)]
    write_and_read(client, table, "parent")
    assert all([child.succeeds() for child in children])


def test_fork_while_other_threads_send_requests(client: Any, table: str) -> None:
    done = threading.Event()
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            while not done.is_set():
                write_and_read(client, table, f"thread{number}", 5)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    try:
        for round_ in range(8):
            assert Child(partial(write_and_read, client, table, f"child{round_}", 20)).succeeds()
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert not failed


def test_grandchild_works(client: Any, table: str) -> None:
    write_and_read(client, table, "parent", 6)

    def middle() -> None:
        write_and_read(client, table, "child", 6)
        assert Child(lambda: write_and_read(client, table, "grandchild", 6)).succeeds()

    assert Child(middle).succeeds()


@pytest.mark.parametrize("refresh", ["inline", "thread"])
def test_child_learns_of_changes_by_itself(start_cluster: Callable[..., Cluster], balance: Balance, refresh: str) -> None:
    cluster = start_cluster("--nodes", "2")
    lb = balance(cluster, refresh=refresh, options={"refresh.active_ms": "100"})
    client = lb.new_dynamodb_client()
    client.list_tables()
    reader, writer = os.pipe()

    def watch() -> None:
        os.read(reader, 1)

        def grown() -> bool:
            client.list_tables()
            return len(lb.nodes) == 3

        eventually(grown)

    child = Child(watch)
    cluster.add("dc1", "r1")
    os.write(writer, b"!")
    assert child.succeeds()
    os.close(reader)
    os.close(writer)


def test_closing_in_the_child_leaves_the_parent_alone(calm_cluster: Cluster, balance: Balance, table: str) -> None:
    lb = balance(calm_cluster, refresh="thread")
    client = lb.new_dynamodb_client()
    write_and_read(client, table, "parent", 3)

    def close() -> None:
        lb.close()
        with pytest.raises(ClosedError):
            client.list_tables()

    assert Child(close).succeeds()
    write_and_read(client, table, "parent", 30)


def test_children_do_not_walk_in_lockstep(calm_cluster: Cluster, balance: Balance) -> None:
    lb = balance(calm_cluster, policy="random", refresh="manual")
    lb.next_node()
    walks = []
    for _ in range(6):
        reader, writer = os.pipe()

        def walk(writer: int = writer) -> None:
            os.write(writer, "".join(lb.next_node()[-6] for _ in range(40)).encode())

        assert Child(walk).succeeds()
        walks.append(os.read(reader, 100))
        os.close(reader)
        os.close(writer)
    assert len(set(walks)) == 6


# For multiprocessing: the inherited client with `fork`, one of its own otherwise.
inherited: Any = None


def use_inherited(name: str) -> None:
    write_and_read(inherited, "items", name, 20)


def use_own(name: str, addresses: list[str], port: int) -> None:
    with AlternatorLB(addresses, port=port) as lb:
        write_and_read(lb.new_dynamodb_client(), "items", name, 20)


def test_multiprocessing_with_an_inherited_client(client: Any, table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.inherited", client)
    write_and_read(client, table, "parent", 6)
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=use_inherited, args=(f"worker{number}",)) for number in range(3)]
    run(workers)


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_multiprocessing_with_a_balancer_in_each_process(calm_cluster: Cluster, table: str, method: str) -> None:
    context: Any = multiprocessing.get_context(method)
    workers = [
        context.Process(target=use_own, args=(f"{method}{number}", calm_cluster.addresses, calm_cluster.port))
        for number in range(2)
    ]
    run(workers)


def run(workers: list[Any]) -> None:
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    codes = [worker.exitcode for worker in workers]
    for worker in workers:
        worker.kill()
        worker.join()
    assert codes == [0] * len(workers)
