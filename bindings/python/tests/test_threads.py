"""No thread is started, except the one that `refresh="thread"` asks for."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest
from cluster import Cluster, eventually

from alternator_lb import AlternatorLB

Balance = Callable[..., AlternatorLB]


def os_threads() -> int:
    """Threads of this process as the system counts them, so that those of the library are among them."""
    return len(os.listdir("/proc/self/task"))


@pytest.mark.parametrize("refresh", ["inline", "manual"])
def test_no_thread_is_started(cluster: Cluster, balance: Balance, refresh: str) -> None:
    before = os_threads()
    lb = balance(cluster, refresh=refresh, options={"refresh.active_ms": "100"})
    client = lb.new_dynamodb_client()
    seen = {os_threads()}
    lb.refresh()
    cluster.kill(0)
    for _ in range(200):
        client.list_tables()
        seen.add(os_threads())
    lb.events()
    lb.check_if_rack_datacenter_feature_is_supported()
    seen.add(os_threads())
    lb.close()
    assert seen == {before}
    assert threading.active_count() == 1


def test_thread_mode_has_one_and_ends_it(cluster: Cluster, balance: Balance) -> None:
    before = os_threads()
    lb = balance(cluster, refresh="thread", options={"refresh.active_ms": "100"})
    eventually(lambda: os_threads() == before + 1)
    added = cluster.add("dc1", "r1")
    eventually(lambda: lb.next_node() and added["url"] in lb.nodes)
    lb.close()
    eventually(lambda: os_threads() == before)


@pytest.mark.parametrize("refresh", ["inline", "manual", "thread"])
def test_interpreter_ends_quietly_with_an_open_balancer(cluster: Cluster, refresh: str) -> None:
    program = (
        "import sys, alternator_lb\n"
        f"lb = alternator_lb.AlternatorLB({cluster.addresses!r}, port={cluster.port}, refresh={refresh!r})\n"
        "client = lb.new_dynamodb_client()\n"
        "client.list_tables()\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
