"""The examples, run as a user runs them. Those of the pool have tests of their own (test_pool_example.py)."""

from __future__ import annotations

import os
import subprocess
import sys

from cluster import ROOT, Cluster

EXAMPLES = ROOT / "examples" / "python"


def run(cluster: Cluster, example: str, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command: list[str] = [sys.executable, str(EXAMPLES / example), cluster.addresses[0], *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout


def test_every_example_is_run_by_a_test() -> None:
    tests = "".join(path.read_text() for path in (ROOT / "bindings" / "python" / "tests").glob("test_*.py"))
    assert {path.name for path in EXAMPLES.glob("*.py") if f'"{path.name}"' not in tests} == set()


def test_counter_counts_every_view_once_and_on_one_node_for_each_page(cluster: Cluster) -> None:
    assert "120 of 120 views counted" in run(cluster, "asynchronous.py", "--views", "120")
    counters = cluster.counters()
    # The first write of each page is a plain one, which goes anywhere; all others are read-modify-writes.
    for page, nodes in counters["writes"]["page_views"].items():
        assert max(nodes.values()) >= sum(nodes.values()) - 1 > 30, page


def test_demo_loses_nothing_while_a_node_is_killed(cluster: Cluster) -> None:
    run(cluster, "demo.py", "--control", cluster.control, "--items", "600", "--outage", "1")
