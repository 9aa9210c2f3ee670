"""Fixtures: real clusters, and the library the tests run with.

The library is the one in ALTERNATOR_LB_LIBRARY, else the newest that cargo has built in this repository. Missing parts fail the
run and say what to build: nothing is skipped.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cluster import ROOT, Cluster, binary

import alternator_lb
from alternator_lb import AlternatorLB, _library


def pytest_configure() -> None:
    if not os.environ.get(_library.ENVIRONMENT_VARIABLE) and not _library.BUNDLED.exists():
        built = [ROOT / "target" / profile / _library.FILE_NAME for profile in ("debug", "release", "dist")]
        found = [path for path in built if path.is_file()]
        if not found:
            raise pytest.UsageError(
                f"no {_library.FILE_NAME} under {ROOT / 'target'}: run `cargo build`, or set {_library.ENVIRONMENT_VARIABLE}"
            )
        os.environ[_library.ENVIRONMENT_VARIABLE] = str(max(found, key=lambda path: path.stat().st_mtime))
    try:
        binary()
    except FileNotFoundError as error:
        raise pytest.UsageError(str(error)) from error


@pytest.fixture(autouse=True)
def _no_aws_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def start_cluster() -> Iterator[Callable[..., Cluster]]:
    """Starts clusters that end with the test."""
    running: list[Cluster] = []

    def start(*arguments: str) -> Cluster:
        running.append(Cluster(*arguments))
        return running[-1]

    yield start
    for cluster in running:
        cluster.close()


@pytest.fixture
def cluster(start_cluster: Callable[..., Cluster]) -> Cluster:
    """Three nodes of its own for a test that hurts them."""
    return start_cluster("--nodes", "3")


@pytest.fixture(scope="module")
def calm_cluster() -> Iterator[Cluster]:
    """Three nodes shared by the tests of a module that only use them."""
    running = Cluster("--nodes", "3")
    yield running
    running.close()


@pytest.fixture
def balance() -> Iterator[Callable[..., AlternatorLB]]:
    """Makes balancers over all nodes of a cluster (or over `nodes`), closed with the test."""
    made: list[AlternatorLB] = []

    def make(cluster: Cluster, **arguments: Any) -> AlternatorLB:
        arguments = {"nodes": cluster.addresses, "port": cluster.port, "scheme": cluster.scheme, **arguments}
        made.append(alternator_lb.AlternatorLB(**arguments))
        return made[-1]

    yield make
    for balancer in made:
        balancer.close()
