"""Whatever exists already is patched: clients and resources of boto3 and botocore, and sessions for all that they will make."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import boto3
import botocore.session
import pytest
from cluster import Cluster
from dynamo import create_table, get, put

from alternator_lb import AlternatorLB, ConfigurationError

Balance = Callable[..., AlternatorLB]
ELSEWHERE: Any = {"region_name": "us-east-1", "aws_access_key_id": "id", "aws_secret_access_key": "secret"}


def used_nodes(cluster: Cluster, client: Any) -> int:
    cluster.reset_counters()
    for _ in range(9):
        client.list_tables()
    return sum(1 for requests in cluster.requests() if requests)


@pytest.fixture
def lb(calm_cluster: Cluster, balance: Balance) -> AlternatorLB:
    return balance(calm_cluster, policy="round_robin", refresh="manual")


def test_resource_is_patched_and_unpatched(calm_cluster: Cluster, lb: AlternatorLB) -> None:
    resource = boto3.resource("dynamodb", endpoint_url=calm_cluster.urls[1], **ELSEWHERE)
    lb.patch_dynamodb_client(resource)
    assert used_nodes(calm_cluster, resource.meta.client) == 3
    lb.unpatch_dynamodb_client(resource)
    assert used_nodes(calm_cluster, resource.meta.client) == 1


@pytest.mark.parametrize("kind", ["boto3", "botocore"])
def test_session_patches_what_it_makes_from_then_on(calm_cluster: Cluster, lb: AlternatorLB, kind: str) -> None:
    session: Any = boto3.session.Session() if kind == "boto3" else botocore.session.get_session()
    method = "client" if kind == "boto3" else "create_client"

    def make(*arguments: Any, **options: Any) -> Any:
        return getattr(session, method)(*arguments, **options)

    here = {"endpoint_url": calm_cluster.urls[1], **ELSEWHERE}
    before = make("dynamodb", **here)
    lb.patch_session(session)
    lb.patch_session(session)
    assert used_nodes(calm_cluster, make("dynamodb", **here)) == 3
    assert used_nodes(calm_cluster, make(service_name="dynamodb", **here)) == 3
    if kind == "boto3":
        assert used_nodes(calm_cluster, session.resource("dynamodb", **here).meta.client) == 3
    make("sts", **ELSEWHERE)
    assert used_nodes(calm_cluster, before) == 1
    lb.unpatch_session(session)
    assert used_nodes(calm_cluster, make("dynamodb", **here)) == 1


def test_session_belongs_to_one_balancer(calm_cluster: Cluster, lb: AlternatorLB, balance: Balance) -> None:
    session = boto3.session.Session()
    other = balance(calm_cluster)
    lb.patch_session(session)
    with pytest.raises(ConfigurationError, match="patched by another AlternatorLB"):
        other.patch_session(session)
    other.unpatch_session(session)
    assert "create_client" in vars(session._session)
    lb.unpatch_session(session)
    other.patch_session(session)
    other.unpatch_session(session)


def test_what_is_no_session_is_refused(lb: AlternatorLB) -> None:
    with pytest.raises(ConfigurationError, match="7 cannot be patched"):
        lb.patch_session(7)


def test_values_of_resources_keep_their_types(calm_cluster: Cluster, lb: AlternatorLB) -> None:
    resource = boto3.resource("dynamodb", **ELSEWHERE)
    lb.patch_dynamodb_client(resource)
    create_table(resource.meta.client, "typed")
    table = resource.Table("typed")
    item = {
        "pk": "a",
        "n": Decimal("1.25"),
        "list": [1, "two", None, True],
        "map": {"deep": {Decimal(1), Decimal(2)}},
        "raw": b"\x00",
    }
    table.put_item(Item=item)
    answer = table.get_item(Key={"pk": "a"})["Item"]
    assert answer == {**item, "list": [Decimal(1), "two", None, True]}
    assert {type(answer[name]).__name__ for name in ("n", "raw")} == {"Decimal", "Binary"}
    with table.batch_writer() as batch:
        for number in range(30):
            batch.put_item(Item={"pk": f"batch {number}", "n": number})
    assert sum(page["Count"] for page in resource.meta.client.get_paginator("scan").paginate(TableName="typed")) == 31


def test_one_client_per_thread(calm_cluster: Cluster, lb: AlternatorLB) -> None:
    table = create_table(lb.new_dynamodb_client(), "threads")
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            client = lb.new_dynamodb_client()
            for step in range(20):
                put(client, table, f"{number}-{step}", f"value {step}")
                assert get(client, table, f"{number}-{step}") == f"value {step}"
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    calm_cluster.reset_counters()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert min(calm_cluster.requests()) > 20
