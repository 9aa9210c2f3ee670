"""A process that is stopped and goes on later, as serverless platforms do it, finds another cluster and notices nothing else.

ALTERNATOR_TEST_FREEZE_SECONDS says for how long it is stopped; a minute takes nothing else than patience.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cluster import Cluster, eventually

SECONDS = float(os.environ.get("ALTERNATOR_TEST_FREEZE_SECONDS", "2"))

PROGRAM = """
import asyncio, json, sys, time
import alternator_lb
from botocore.config import Config

addresses, port, refresh = json.loads(sys.argv[1]), int(sys.argv[2]), sys.argv[3]

def tell(lb, number, retries):
    print(json.dumps({"number": number, "nodes": lb.nodes, "retries": retries}), flush=True)

def run():
    lb = alternator_lb.AlternatorLB(addresses, port=port, refresh=refresh, policy="random")
    client = lb.new_dynamodb_client(config=Config(read_timeout=2, connect_timeout=2))
    for number in range(10**9):
        answer = client.list_tables()
        tell(lb, number, answer["ResponseMetadata"]["RetryAttempts"])
        time.sleep(0.01)

async def run_async():
    lb = alternator_lb.AsyncAlternatorLB(addresses, port=port, policy="random")
    client = await lb.new_dynamodb_client(config=Config(read_timeout=2, connect_timeout=2))
    for number in range(10**9):
        answer = await client.list_tables()
        tell(lb, number, answer["ResponseMetadata"]["RetryAttempts"])
        await asyncio.sleep(0.01)

asyncio.run(run_async()) if refresh == "asyncio" else run()
"""


class Program:
    def __init__(self, cluster: Cluster, refresh: str) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        arguments = [sys.executable, "-c", PROGRAM, json.dumps(cluster.addresses), str(cluster.port), refresh]
        self.process = subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def line(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        text = self.process.stdout.readline()
        if not text:
            assert self.process.stderr is not None
            pytest.fail(f"the program ended: {self.process.stderr.read()}")
        line: dict[str, Any] = json.loads(text)
        return line

    def stop(self) -> None:
        self.process.send_signal(signal.SIGSTOP)
        eventually(lambda: Path(f"/proc/{self.process.pid}/stat").read_text().split(")")[1].split()[0] == "T")

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.mark.parametrize("refresh", ["inline", "thread", "asyncio"])
def test_frozen_process_goes_on(start_cluster: Callable[..., Cluster], refresh: str) -> None:
    cluster = start_cluster("--nodes", "3", "--gossip-delay-ms", "100")
    program = Program(cluster, refresh)
    try:
        eventually(lambda: program.line()["number"] > 20)
        program.stop()
        began = time.monotonic()
        # All connections are gone, one node is, and another one is new.
        added = cluster.add("dc1", "r1")
        cluster.restart(0)
        cluster.restart(1)
        cluster.call("DELETE", "/nodes/2")
        time.sleep(max(0.0, SECONDS - (time.monotonic() - began)))
        woken = time.monotonic()
        program.process.send_signal(signal.SIGCONT)
        wanted = sorted([cluster.urls[0], cluster.urls[1], added["url"]])
        eventually(lambda: sorted(program.line()["nodes"]) == wanted)
        assert time.monotonic() - woken < 5
        # Errors would have ended it.
        cluster.reset_counters()
        eventually(lambda: cluster.requests()[added["index"]] > 0 and bool(program.line()))
    finally:
        program.end()
