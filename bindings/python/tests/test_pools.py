"""Each node keeps its connection, however many nodes there are."""

from __future__ import annotations

from collections.abc import Callable

import boto3
import pytest
from cluster import Cluster

from alternator_lb import AlternatorLB, _pools

Balance = Callable[..., AlternatorLB]


def test_botocore_still_lets_us_reach_its_pools() -> None:
    """Fails when botocore or urllib3 moves what is reached without its consent: then only 10 nodes keep connections."""
    client = boto3.client("dynamodb", region_name="us-east-1")
    assert _pools.renew(client)
    assert client._endpoint.http_session._manager.pools._maxsize == _pools._HOSTS_KEPT


def test_client_whose_pools_have_moved_still_works(cluster: Cluster, balance: Balance, caplog: pytest.LogCaptureFixture) -> None:
    client = boto3.client("dynamodb", region_name="us-east-1", aws_access_key_id="id", aws_secret_access_key="secret")
    manager = client._endpoint.http_session._manager
    pools = manager.pools
    del manager.pools
    balance(cluster).patch_dynamodb_client(client)
    assert "only 10 nodes keep their connections" in caplog.text
    manager.pools = pools
    client.list_tables()


@pytest.mark.parametrize("count", [12, 50])
def test_each_node_is_connected_to_once(start_cluster: Callable[..., Cluster], balance: Balance, count: int) -> None:
    cluster = start_cluster("--nodes", str(count), "--engine", "canned")
    lb = balance(cluster, policy="round_robin", refresh="manual")
    client = lb.new_dynamodb_client()
    cluster.reset_counters()
    for _ in range(5 * count):
        client.list_tables()
    nodes = cluster.counters()["nodes"]
    assert [node["requests"] for node in nodes] == [5] * count
    assert [node["connections"]["opened"] for node in nodes] == [1] * count
    assert sorted(node["url"] for node in lb.statistics()["nodes"]) == sorted(cluster.urls) == sorted(lb.nodes)
