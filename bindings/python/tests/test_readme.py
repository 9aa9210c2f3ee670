"""The README: its first screen runs as pasted, and what it lists exists."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from collections.abc import Callable

from cluster import ROOT, Cluster

import alternator_lb
from alternator_lb import AlternatorLB

README = (ROOT / "bindings" / "python" / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)


def test_first_screen_runs_as_pasted(start_cluster: Callable[..., Cluster]) -> None:
    started = re.search(r"altcluster -- (.*)$", blocks("sh")[0], flags=re.MULTILINE)
    assert started is not None
    cluster = start_cluster(*started.group(1).split())
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", blocks("python")[0]], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "hello" in done.stdout
    assert all(url in done.stdout for url in cluster.urls)


def test_other_blocks_are_python_and_name_what_exists() -> None:
    for block in blocks("python"):
        compile(block, "README.md", "exec")
    used = set(re.findall(r"\blb\.([a-z_]+)", README)) | set(re.findall(r"alternator_lb\.([A-Z]\w+)", README))
    assert len(used) > 10
    missing = {name for name in used if not hasattr(AlternatorLB, name) and not hasattr(alternator_lb, name)}
    assert missing == set()


def test_table_of_options_is_that_of_the_constructor() -> None:
    table = README.split("## Options")[1].split("##")[0]
    listed = {name for row in table.splitlines() if row.startswith("| `") for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    parameters = set(inspect.signature(AlternatorLB).parameters)
    assert listed == parameters
