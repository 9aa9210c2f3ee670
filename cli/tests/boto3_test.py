"""A boto3 client that knows nothing but a name: `alb dns` answers for it, and nodes die.

ALB and ALTCLUSTER name the programs. The resolver of this process asks `alb dns`; nothing of the system is changed.
"""

from __future__ import annotations

import json
import os
import subprocess
import urllib.request
from collections import Counter
from collections.abc import Iterator
from typing import Any

import boto3
import dns.resolver
import pytest
from botocore.config import Config

NAME = "alternator.example.com"


class Program:
    """A program that says in its first line where it is; it ends with the test."""

    def __init__(self, *command: str) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.told: dict[str, Any] = json.loads(self.process.stdout.readline())

    def close(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture
def cluster() -> Iterator[Program]:
    """Three nodes, of which a dead one stays listed."""
    subnet = f"127.88.{1 + os.getpid() % 250}"
    running = Program(os.environ["ALTCLUSTER"], "--nodes", "3", "--subnet", subnet, "--gossip-delay-ms", "600000")
    yield running
    running.close()


@pytest.fixture
def server(cluster: Program) -> Iterator[Program]:
    """`alb dns` for that cluster, asked by this process's resolver; answers are not kept."""
    seed = cluster.told["nodes"][0]["address"]
    arguments = ["--name", NAME, "--listen", "127.0.0.1:0", "--json", "--ttl", "0", "--look-each", "0.2"]
    running = Program(os.environ["ALB"], "dns", seed, *arguments)
    address, port = running.told["address"].rsplit(":", 1)
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port, resolver.cache = [address], int(port), None
    dns.resolver.default_resolver = resolver
    dns.resolver.override_system_resolver(resolver)
    yield running
    dns.resolver.restore_system_resolver()
    dns.resolver.default_resolver = None
    running.close()


def control(cluster: Program, path: str) -> Any:
    with urllib.request.urlopen(urllib.request.Request(cluster.told["control"] + path, method="POST")) as answer:
        return json.load(answer)


def requests(cluster: Program) -> Counter[int]:
    with urllib.request.urlopen(f"{cluster.told['control']}/counters?attempts=false") as answer:
        return Counter({node["index"]: node["requests"] for node in json.load(answer)["nodes"]})


def client(cluster: Program) -> Any:
    """A client of its own connections, whose endpoint is the name."""
    return boto3.client(
        "dynamodb",
        endpoint_url=f"http://{NAME}:{cluster.told['port']}",
        region_name="us-east-1",
        aws_access_key_id="alternator",
        aws_secret_access_key="secret",
        config=Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=2, read_timeout=2),
    )


def addresses(server: Program) -> set[str]:
    try:
        return {record.to_text() for record in dns.resolver.resolve(NAME, "A")}
    except dns.resolver.NoNameservers:
        return set()  # it is SERVFAIL until the cluster has told its nodes


def wait_for(server: Program, wanted: set[str]) -> None:
    for _ in range(600):
        if addresses(server) == wanted:
            return
        server.process.poll()
        try:
            server.process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError(f"alb dns ended with {server.process.returncode}")
    raise AssertionError(f"{addresses(server)} instead of {wanted}")


def test_a_name_spreads_clients_over_the_nodes_and_past_those_that_die(cluster: Program, server: Program) -> None:
    nodes = [node["address"] for node in cluster.told["nodes"]]
    wait_for(server, set(nodes))
    client(cluster).create_table(
        TableName="visits",
        KeySchema=[{"AttributeName": "page", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "page", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for number in range(60):
        client(cluster).put_item(TableName="visits", Item={"page": {"S": str(number)}})
    spread = requests(cluster)
    assert all(spread[node] > 0 for node in range(3)), spread

    control(cluster, "/nodes/1/kill")
    before = requests(cluster)
    # The dead node is still in some answers at first, and the client goes on to the next address.
    for number in range(60, 90):
        client(cluster).put_item(TableName="visits", Item={"page": {"S": str(number)}})
    wait_for(server, {nodes[0], nodes[2]})
    after = requests(cluster) - before
    assert after[1] == 0 and after[0] + after[2] == 30, after

    control(cluster, "/nodes/1/restart")
    wait_for(server, set(nodes))
    kept = client(cluster)
    found = {kept.get_item(TableName="visits", Key={"page": {"S": str(number)}})["Item"]["page"]["S"] for number in range(90)}
    assert len(found) == 90
