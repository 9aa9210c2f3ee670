"""Requests of every kind of client reach every node, signed or not."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import botocore.session
import pytest
from cluster import Cluster
from dynamo import create_table, get, put

from alternator_lb import AlternatorLB, ConfigurationError

Balance = Callable[..., AlternatorLB]
ELSEWHERE = {"region_name": "us-east-1", "aws_access_key_id": "id", "aws_secret_access_key": "secret"}


@pytest.fixture(scope="module")
def calm_cluster() -> Iterator[Cluster]:
    running = Cluster("--nodes", "3", "--auth", "enforce")
    yield running
    running.close()


def keys(cluster: Cluster) -> dict[str, str]:
    return {"aws_access_key_id": cluster.start["access_key"], "aws_secret_access_key": cluster.start["secret_key"]}


def make_boto3(cluster: Cluster) -> Any:
    return boto3.client("dynamodb", region_name="us-east-1", **keys(cluster))


def make_botocore(cluster: Cluster) -> Any:
    return botocore.session.get_session().create_client("dynamodb", region_name="us-east-1", **keys(cluster))


def make_resource(cluster: Cluster) -> Any:
    return boto3.resource("dynamodb", region_name="us-east-1", **keys(cluster)).meta.client


@pytest.mark.parametrize("make", [make_boto3, make_botocore, make_resource])
def test_patched_client_is_signed_for_and_spread_over_all_nodes(
    calm_cluster: Cluster, balance: Balance, make: Callable[[Cluster], Any]
) -> None:
    lb = balance(calm_cluster, nodes=calm_cluster.addresses[:1], policy="round_robin")
    client = make(calm_cluster)
    lb.patch_dynamodb_client(client)
    lb.refresh()
    calm_cluster.reset_counters()
    for _ in range(30):
        client.list_tables()
    assert calm_cluster.requests() == [10, 10, 10]


def test_latency_is_reported_in_microseconds(calm_cluster: Cluster, balance: Balance) -> None:
    lb = balance(calm_cluster, nodes=calm_cluster.addresses[:1], refresh="manual", **keys(calm_cluster))
    client = lb.new_dynamodb_client()
    began = time.perf_counter()
    for _ in range(10):
        client.list_tables()
    took_us = (time.perf_counter() - began) * 1e6
    assert 0 < lb.open_core().health(0).mean_us <= took_us


def test_patching_twice_counts_once_and_unpatching_ends_it(calm_cluster: Cluster, balance: Balance) -> None:
    lb = balance(calm_cluster, policy="round_robin")
    client = boto3.client("dynamodb", endpoint_url=calm_cluster.urls[2], region_name="us-east-1", **keys(calm_cluster))
    lb.patch_dynamodb_client(client)
    lb.patch_dynamodb_client(client)
    calm_cluster.reset_counters()
    for _ in range(6):
        client.list_tables()
    assert calm_cluster.requests() == [2, 2, 2]
    lb.unpatch_dynamodb_client(client)
    lb.unpatch_dynamodb_client(client)
    for _ in range(6):
        client.list_tables()
    assert calm_cluster.requests() == [2, 2, 8]
    lb.patch_dynamodb_client(client)
    for _ in range(6):
        client.list_tables()
    assert calm_cluster.requests() == [4, 4, 10]


def test_client_of_another_balancer_is_refused_until_it_lets_go(calm_cluster: Cluster, balance: Balance) -> None:
    first, second = balance(calm_cluster), balance(calm_cluster)
    client = first.new_dynamodb_client()
    with pytest.raises(ConfigurationError, match="patched by another AlternatorLB"):
        second.patch_dynamodb_client(client)
    second.unpatch_dynamodb_client(client)
    with pytest.raises(ConfigurationError):
        second.patch_dynamodb_client(client)
    first.unpatch_dynamodb_client(client)
    second.patch_dynamodb_client(client)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: boto3.client("s3", **ELSEWHERE), "a client of s3 cannot be patched"),
        (lambda: boto3.client("dynamodbstreams", **ELSEWHERE), "a client of dynamodbstreams cannot be patched"),
        (lambda: boto3.resource("sqs", **ELSEWHERE), "a client of sqs cannot be patched"),
        (lambda: 7, "7 cannot be patched"),
    ],
)
def test_only_dynamodb_clients_are_patched(calm_cluster: Cluster, balance: Balance, make: Callable[[], Any], said: str) -> None:
    lb = balance(calm_cluster)
    for refuse in (lb.patch_dynamodb_client, lb.unpatch_dynamodb_client):
        with pytest.raises(ValueError, match=said):
            refuse(make())


def test_new_client_and_resource_write_and_read_through_all_nodes(calm_cluster: Cluster, balance: Balance) -> None:
    lb = balance(calm_cluster, **keys(calm_cluster), policy="round_robin")
    client, resource = lb.new_dynamodb_client(), lb.new_dynamodb_resource()
    table = create_table(client)
    calm_cluster.reset_counters()
    for number in range(15):
        put(client, table, str(number), f"value {number}")
        assert resource.Table(table).get_item(Key={"pk": str(number)})["Item"]["value"] == f"value {number}"
        assert get(client, table, str(number)) == f"value {number}"
    assert calm_cluster.requests() == [15, 15, 15]


def test_random_policy_uses_every_node(calm_cluster: Cluster, balance: Balance) -> None:
    client = balance(calm_cluster, **keys(calm_cluster), policy="random").new_dynamodb_client()
    calm_cluster.reset_counters()
    for _ in range(150):
        client.list_tables()
    # 50 expected at each; fewer than 20 has a chance of 1 in 10 million.
    assert sum(calm_cluster.requests()) == 150
    assert min(calm_cluster.requests()) >= 20


def test_threads_share_one_client(calm_cluster: Cluster, balance: Balance) -> None:
    client = balance(calm_cluster, **keys(calm_cluster), policy="random").new_dynamodb_client()
    client.list_tables()
    calm_cluster.reset_counters()
    failed: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(50):
                client.list_tables()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert sum(calm_cluster.requests()) == 400
    assert min(calm_cluster.requests()) > 50


def test_new_nodes_are_used_without_being_told(start_cluster: Callable[..., Cluster], balance: Balance) -> None:
    cluster = start_cluster("--nodes", "2")
    lb = balance(cluster, options={"refresh.active_ms": "100"})
    client = lb.new_dynamodb_client()
    added = cluster.add("dc1", "r1")
    for _ in range(2000):
        client.list_tables()
        if cluster.requests()[added["index"]]:
            break
    assert added["url"] in lb.nodes
