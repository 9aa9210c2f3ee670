"""Each Python snippet in the READMEs of the official clients runs with only the import changed.

The snippets are read from the packages as installed, not kept here. Beside the import, only what stands for the reader's own
surroundings is put in place: addresses of nodes and paths of certificates.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import logging
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cluster import Cluster
from dynamo import create_table
from official import VERSIONS, snippets

from alternator_lb import AlternatorLB, Helper

# How many there are, so that none is lost by a README that is read wrongly.
COUNTS = {"1.0": 14, "2.0": 25}
PRELUDE = """
import asyncio
from alternator_lb import *
"""


def ours(snippet: str) -> str:
    """The snippet with its imports changed: `alternator` is `alternator_lb`."""
    snippet = re.sub(r"^(\s*)import alternator$", r"\1import alternator_lb as alternator", snippet, flags=re.MULTILINE)
    return re.sub(r"^(\s*)from alternator(\.\w+)? import", r"\1from alternator_lb\2 import", snippet, flags=re.MULTILINE)


def here(snippet: str, cluster: Cluster, folder: Path) -> str:
    """The snippet in the surroundings of this test."""
    for foreign in ("192.168.1.1", "node1.example.com", "node1"):
        snippet = snippet.replace(f'"{foreign}"', f'"{cluster.addresses[0]}"')
    for foreign in ("192.168.1.2", "node2.example.com", "node2"):
        snippet = snippet.replace(f'"{foreign}"', f'"{cluster.addresses[1]}"')
    return re.sub(r'"/(?:path/to|secure/tmp)/', f'"{folder}/', snippet)


def run(snippet: str, names: dict[str, Any]) -> None:
    """As a notebook runs a cell: `await` may stand anywhere."""
    code = compile(snippet, "README", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if code.co_flags & inspect.CO_COROUTINE:
        asyncio.run(eval(code, names))
    else:
        exec(code, names)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Any:
    running = Cluster("--nodes", "3")
    with AlternatorLB(running.addresses, port=running.port) as lb:
        create_table(lb.new_dynamodb_client(), "my_table")
    yield running
    running.close()


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """Some snippets configure logging, which is the process's."""
    root, alternator = logging.getLogger(), logging.getLogger("alternator")
    before = root.level, root.handlers[:], alternator.level
    yield
    root.setLevel(before[0])
    root.handlers[:] = before[1]
    alternator.setLevel(before[2])


@pytest.mark.parametrize("version", VERSIONS)
def test_no_snippet_is_lost(version: str) -> None:
    assert len(snippets(version)) == COUNTS[version]


@pytest.mark.parametrize(("version", "number"), [(version, number) for version in VERSIONS for number in range(COUNTS[version])])
def test_snippet_runs(town: Cluster, tmp_path: Path, version: str, number: int) -> None:
    snippet = snippets(version)[number]
    changed = ours(snippet)
    assert changed != snippet or not re.search("(from|import) alternator", snippet)
    lines = [(before, after) for before, after in zip(snippet.splitlines(), changed.splitlines(), strict=True) if before != after]
    assert all("import" in before for before, _ in lines), "more than imports was changed"
    names: dict[str, Any] = {"__name__": "readme"}
    exec(PRELUDE, names)
    names["config"] = names["Config"](seed_hosts=town.addresses, port=town.port)
    run(here(changed, town, tmp_path), names)
    assert threading.active_count() <= 2


def test_configurations_of_the_snippets_work(town: Cluster, tmp_path: Path) -> None:
    """Those over http and without another datacenter are used as well."""
    used = 0
    for version in VERSIONS:
        for snippet in snippets(version):
            names: dict[str, Any] = {"__name__": "readme"}
            exec(PRELUDE, names)
            changed = here(ours(snippet), town, tmp_path)
            if "config = " not in changed or "await" in changed:
                continue
            try:
                run(changed, names)
            except NameError:  # the one that shows what is refused
                continue
            config = names.get("config")
            if config is None or config.scheme == "https" or "us-east-1" in config.routing_scope.chain:
                continue
            with Helper(config) as helper:
                assert helper.get_nodes() == town.addresses
                helper.client().put_item(TableName="my_table", Item={"pk": {"S": "user123"}, "data": {"S": "x" * 3000}})
                used += 1
    assert used > 15
