"""Under load, a node that is killed, stopped or restarted is not felt: no error, no wrong answer, and hardly fewer calls.

Nodes answer slowly here, so that they bound the rate and not the processor, which the client shares with them. What the machine
takes away meanwhile is known from a plain client of another node, to which nothing happens, and is not held against ours.
"""

from __future__ import annotations

import gc
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from cluster import Cluster, eventually
from dynamo import create_table
from load import Tasks, Threads

from alternator_lb import AlternatorLB, AsyncAlternatorLB

# How long each call takes at a node, in milliseconds, by the number of workers: 200 calls a second, a fifth of a processor.
SLOW = {4: 20, 48: 240}
BEFORE, DURING = 2.0, 6.0
IMPATIENT = Config(connect_timeout=1, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 4})
# What is done to a node, what ends it, and the least that must be left of the rate.
FAULTS = [("kill", "restart", 0.9), ("stop", "cont", 0.7)]

StartCluster = Callable[..., Cluster]

# urllib3 leaves it to the garbage collector to close a socket whose peer is killed during the TLS handshake.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")


def started(start_cluster: StartCluster, nodes: int, slow_ms: int) -> Cluster:
    """A cluster that goes on naming a dead node for longer than a test takes."""
    cluster = start_cluster("--nodes", str(nodes), "--gossip-delay-ms", "60000")
    with AlternatorLB(cluster.addresses, port=cluster.port) as lb:
        create_table(lb.new_dynamodb_client())
    for index in range(nodes):
        cluster.fault(index, "slow", ms=slow_ms)
    return cluster


def share_kept(load: Threads | Tasks, reference: Threads, hurt: Callable[[], None]) -> float:
    """The rate during a fault as a share of that before, where the reference kept all of its own."""
    eventually(lambda: len(load.seen.ended_at) > 50 and len(reference.seen.ended_at) > 50)
    began = time.monotonic()
    time.sleep(BEFORE)
    hurt_at = time.monotonic()
    hurt()
    time.sleep(DURING)
    ours, undisturbed = (seen.rate(hurt_at, hurt_at + DURING) / seen.rate(began, hurt_at) for seen in (load.seen, reference.seen))
    print(f"{ours:.0%} of the rate before (reference {undisturbed:.0%})")
    return ours / min(1.0, undisturbed)


def hurt_under_load(
    start_cluster: StartCluster, start: Callable[[Cluster], Threads | Tasks], workers: int, hurt: str, heal: str
) -> float:
    """Checks that nobody noticed anything, and gives the share of the rate that was kept."""
    cluster, other = started(start_cluster, 3, SLOW[workers]), started(start_cluster, 1, SLOW[workers])
    plain = boto3.client(
        "dynamodb", endpoint_url=other.urls[0], region_name="us-east-1", config=Config(signature_version=UNSIGNED)
    )
    load, reference = start(cluster), Threads(plain, workers // 4)
    try:
        kept = share_kept(load, reference, lambda: getattr(cluster, hurt)(1))
        cluster.reset_counters()
        getattr(cluster, heal)(1)
        eventually(lambda: cluster.requests()[1] > 10, seconds=45)
    finally:
        seen = load.stop()
        reference.stop()
    assert (seen.errors, seen.wrong) == ([], [])
    return kept


@pytest.mark.parametrize(("hurt", "heal", "least"), FAULTS)
@pytest.mark.parametrize("workers", SLOW)
def test_threads_hardly_feel_it(start_cluster: StartCluster, workers: int, hurt: str, heal: str, least: float) -> None:
    balancers: list[AlternatorLB] = []

    def start(cluster: Cluster) -> Threads:
        balancers.append(AlternatorLB(cluster.addresses, port=cluster.port))
        return Threads(balancers[-1].new_dynamodb_client(config=IMPATIENT), workers)

    assert hurt_under_load(start_cluster, start, workers, hurt, heal) >= least
    balancers[-1].close()


@pytest.mark.parametrize(("hurt", "heal", "least"), FAULTS)
def test_tasks_hardly_feel_it(start_cluster: StartCluster, hurt: str, heal: str, least: float) -> None:
    def start(cluster: Cluster) -> Tasks:
        @asynccontextmanager
        async def client() -> AsyncIterator[Any]:
            async with AsyncAlternatorLB(cluster.addresses, port=cluster.port) as lb:
                yield await lb.new_dynamodb_client(config=IMPATIENT)

        return Tasks(client, 48)

    assert hurt_under_load(start_cluster, start, 48, hurt, heal) >= least


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_every_kind_of_client_survives_every_node(
    start_cluster: StartCluster, scheme: str, signed: bool, asynchronous: bool
) -> None:
    """Each node in turn is killed and started again, then stopped and continued."""
    arguments = (["--https"] if scheme == "https" else []) + (["--auth", "enforce"] if signed else [])
    cluster = start_cluster("--nodes", "3", *arguments)
    made: Any = {"port": cluster.port, "scheme": scheme, "ca_file": cluster.start["ca_file"]}
    if signed:
        made |= {"aws_access_key_id": cluster.start["access_key"], "aws_secret_access_key": cluster.start["secret_key"]}
    with AlternatorLB(cluster.addresses, **made) as lb:
        create_table(lb.new_dynamodb_client())

        @asynccontextmanager
        async def client() -> AsyncIterator[Any]:
            async with AsyncAlternatorLB(cluster.addresses, **made) as own:
                yield await own.new_dynamodb_client(config=IMPATIENT)

        load = Tasks(client, 4) if asynchronous else Threads(lb.new_dynamodb_client(config=IMPATIENT), 4)
        try:
            eventually(lambda: len(load.seen.ended_at) > 50, seconds=30)
            for index in range(3):
                for hurt, heal in ((cluster.kill, cluster.restart), (cluster.stop, cluster.cont)):
                    hurt(index)
                    before = len(load.seen.ended_at)
                    eventually(lambda before=before: len(load.seen.ended_at) > before + 30)  # type: ignore[misc]
                    heal(index)
        finally:
            seen = load.stop()
    gc.collect()
    assert (seen.errors, seen.wrong) == ([], [])
