"""Writes by partition key: from the body as it goes on the wire, in clients and resources, with keys given or learned."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import boto3
import pytest
from boto3.dynamodb.types import Binary
from cluster import Cluster, eventually
from dynamo import count_native_calls, create_table, put

from alternator_lb import AlternatorLB, ConfigurationError, _hooks

Balance = Callable[..., AlternatorLB]
KEYS = [f"key{number}" for number in range(12)]


def coordinators(cluster: Cluster, table: str = "items") -> dict[str, set[int]]:
    """By partition key: the nodes that its writes went to."""
    writes = cluster.counters()["writes"].get(table, {})
    return {key: {int(node) for node in nodes} for key, nodes in writes.items()}


def routed(lb: AlternatorLB) -> dict[str, int]:
    counts: dict[str, int] = lb.statistics()["affinity"]["routed"]
    return counts


def test_writes_of_a_key_meet_on_one_node(cluster: Cluster, balance: Balance) -> None:
    lb = balance(cluster, affinity="any_write", table_keys={"items": "pk"})
    client = lb.new_dynamodb_client()
    create_table(client)
    for key in KEYS:
        for value in ("first", "second"):
            put(client, "items", key, value)
        update = {"UpdateExpression": "SET v = :v", "ExpressionAttributeValues": {":v": {"S": "third"}}}
        client.update_item(TableName="items", Key={"pk": {"S": key}}, **update)
        client.delete_item(TableName="items", Key={"pk": {"S": key}})
    assert all(len(nodes) == 1 for nodes in coordinators(cluster).values())
    assert set(coordinators(cluster)) == set(KEYS)
    assert {node for nodes in coordinators(cluster).values() for node in nodes} == {0, 1, 2}
    assert routed(lb)["by_key"] == 4 * len(KEYS)


def test_keys_are_read_before_bodies_are_compressed(cluster: Cluster, balance: Balance) -> None:
    compressed = {"compression": "gzip", "options": {"compression.min_bytes": "0"}}
    lb = balance(cluster, affinity="any_write", table_keys={"items": "pk"}, **compressed)
    client = lb.new_dynamodb_client()
    create_table(client)
    for key in KEYS:
        put(client, "items", key, "long" * 50)
        put(client, "items", key, "other" * 50)
    assert routed(lb)["by_key"] == 2 * len(KEYS)
    assert all(len(nodes) == 1 for nodes in coordinators(cluster).values())


def test_two_processes_worth_of_clients_agree(cluster: Cluster, balance: Balance) -> None:
    """Different balancers, seeds, clients and resources: the same node for a key."""
    first = balance(cluster, affinity="any_write", table_keys={"items": "pk"})
    second = balance(cluster, nodes=cluster.addresses[:1], affinity="any_write", table_keys={"items": "pk"})
    second.refresh()
    client = first.new_dynamodb_client()
    create_table(client)
    table = second.new_dynamodb_resource().Table("items")
    for key in KEYS:
        put(client, "items", key)
        table.put_item(Item={"pk": key, "n": Decimal("1.5"), "raw": Binary(b"\x00\xff"), "set": {"a", "b"}, "none": None})
        table.update_item(Key={"pk": key}, UpdateExpression="SET n = n + :one", ExpressionAttributeValues={":one": 1})
        answer = table.get_item(Key={"pk": key}, ConsistentRead=True)["Item"]
        assert answer == {"pk": key, "n": Decimal("2.5"), "raw": Binary(b"\x00\xff"), "set": {"a", "b"}, "none": None}
    assert all(len(nodes) == 1 for nodes in coordinators(cluster).values())
    assert routed(second)["by_key"] == 2 * len(KEYS)


@pytest.mark.parametrize(
    ("kind", "values"),
    [("S", ["ä€😀", "x" * 600]), ("N", ["42", "-1.5E+10"]), ("B", [b"\x00\x01\xff", b"q" * 100])],
)
def test_keys_of_every_type_agree_with_the_core(cluster: Cluster, balance: Balance, kind: str, values: list[Any]) -> None:
    lb = balance(cluster, affinity="any_write", table_keys={"typed": "pk"}, refresh="manual")
    client = lb.new_dynamodb_client()
    client.create_table(
        TableName="typed",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": kind}],
        BillingMode="PAY_PER_REQUEST",
    )
    core = lb.open_core()
    for value in values:
        cluster.reset_counters()
        for _ in range(4):
            client.put_item(TableName="typed", Item={"pk": {kind: value}})
        raw = value if isinstance(value, bytes) else value.encode()
        node = core._library.alb_node_for_key(core.handle, "SNB".index(kind) + 1, raw, len(raw), None)
        served = [number for number in cluster.requests() if number]
        assert served == [4]
        assert cluster.urls[cluster.requests().index(4)] == core.urls[node]


def test_rmw_pins_conditional_writes_alone(cluster: Cluster, balance: Balance) -> None:
    lb = balance(cluster, affinity="rmw", table_keys={"items": "pk"}, policy="round_robin")
    client = lb.new_dynamodb_client()
    create_table(client)
    for _ in range(6):
        put(client, "items", "plain")
        client.put_item(
            TableName="items",
            Item={"pk": {"S": "conditional"}},
            ConditionExpression="attribute_exists(pk) OR attribute_not_exists(pk)",
        )
    assert len(coordinators(cluster)["plain"]) == 3
    assert len(coordinators(cluster)["conditional"]) == 1


def test_batches_go_where_their_items_vote(cluster: Cluster, balance: Balance) -> None:
    lb = balance(cluster, affinity="any_write", table_keys={"items": "pk"})
    client = lb.new_dynamodb_client()
    create_table(client)
    put(client, "items", "one")
    (node,) = coordinators(cluster)["one"]
    cluster.reset_counters()
    for _ in range(5):
        client.batch_write_item(RequestItems={"items": [{"PutRequest": {"Item": {"pk": {"S": "one"}}}}]})
    assert [index for index, count in enumerate(cluster.requests()) if count] == [node]
    assert routed(lb)["by_votes"] == 5


def test_retries_of_a_key_follow_its_plan(cluster: Cluster, balance: Balance) -> None:
    """While the key's node fails, its writes meet on one other node."""
    lb = balance(cluster, affinity="any_write", table_keys={"items": "pk"}, refresh="manual")
    client = lb.new_dynamodb_client()
    create_table(client)
    put(client, "items", "one")
    (first,) = coordinators(cluster)["one"]
    cluster.fault(first, "error", status=500)
    cluster.reset_counters()
    for _ in range(6):
        put(client, "items", "one")
    (second,) = coordinators(cluster)["one"] - {first}
    assert second != first


@pytest.mark.parametrize("refresh", ["inline", "thread"])
def test_key_is_learned_after_a_write_that_wanted_it(cluster: Cluster, balance: Balance, refresh: str) -> None:
    create_table(balance(cluster).new_dynamodb_client())
    lb = balance(cluster, affinity="any_write", refresh=refresh)
    client = lb.new_dynamodb_client()
    assert lb.get_partition_key_name("items") is None
    put(client, "items", "one")
    if refresh == "inline":
        assert lb.get_partition_key_name("items") == "pk"
    else:
        eventually(lambda: lb.get_partition_key_name("items") == "pk")
    assert routed(lb)["key_unknown"] == 1
    cluster.reset_counters()
    for _ in range(6):
        put(client, "items", "one")
    assert len(coordinators(cluster)["one"]) == 1
    assert routed(lb)["by_key"] == 6


def test_manual_mode_learns_when_it_refreshes(cluster: Cluster, balance: Balance) -> None:
    create_table(balance(cluster).new_dynamodb_client())
    lb = balance(cluster, affinity="any_write", refresh="manual")
    client = lb.new_dynamodb_client()
    put(client, "items", "one")
    assert lb.get_partition_key_name("items") is None
    lb.refresh()
    assert lb.get_partition_key_name("items") == "pk"


def test_key_is_learned_from_answers_that_pass_by(cluster: Cluster, balance: Balance) -> None:
    first = balance(cluster, affinity="any_write", refresh="manual")
    create_table(first.new_dynamodb_client())
    assert first.get_partition_key_name("items") == "pk"
    second = balance(cluster, affinity="any_write", refresh="manual")
    assert second.new_dynamodb_resource().Table("items").key_schema
    assert second.get_partition_key_name("items") == "pk"


def test_without_affinity_nobody_asks(cluster: Cluster, balance: Balance) -> None:
    lb = balance(cluster)
    client = lb.new_dynamodb_client()
    create_table(client)
    put(client, "items", "one")
    assert lb.get_partition_key_name("items") is None
    assert "DescribeTable" not in {name for node in cluster.counters()["nodes"] for name in node["operations"]}


def describes(cluster: Cluster) -> int:
    nodes = cluster.counters()["nodes"]
    return sum(node["operations"].get("DescribeTable", {}).get("requests", 0) for node in nodes)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "error", "status": 500},
        {"kind": "error", "status": 400, "error_type": "AccessDeniedException"},
        {"kind": "close_before_reply"},
        {"kind": "hang"},
    ],
)
def test_table_that_cannot_be_described_costs_one_bounded_attempt(
    cluster: Cluster, balance: Balance, fault: dict[str, Any]
) -> None:
    create_table(balance(cluster).new_dynamodb_client())
    for index in range(3):
        cluster.fault(index, operation="DescribeTable", **fault)
    lb = balance(cluster, affinity="any_write")
    client = lb.new_dynamodb_client()
    began = time.monotonic()
    put(client, "items", "one")
    assert time.monotonic() - began < 2
    assert describes(cluster) == 1
    assert lb.get_partition_key_name("items") is None
    (event,) = [event for event in lb.events() if event["kind"] == "table_key_failed"]
    assert fault.get("error_type", "") in event["reason"]


def test_own_describe_table_is_still_retried(cluster: Cluster, balance: Balance) -> None:
    lb = balance(cluster, affinity="any_write")
    client = lb.new_dynamodb_client()
    create_table(client)
    for index in range(3):
        cluster.fault(index, "error", status=500, operation="DescribeTable", count=1)
    assert client.describe_table(TableName="items")["ResponseMetadata"]["RetryAttempts"] == 3


def test_table_made_again_with_another_key_is_noticed(cluster: Cluster, balance: Balance) -> None:
    lb = balance(cluster, affinity="any_write")
    client = lb.new_dynamodb_client()
    create_table(client)
    put(client, "items", "one")
    other = balance(cluster).new_dynamodb_client()
    other.delete_table(TableName="items")
    other.create_table(
        TableName="items",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )

    def learned() -> bool:
        client.put_item(TableName="items", Item={"id": {"S": "one"}})
        return lb.get_partition_key_name("items") == "id"

    eventually(learned)


def test_patched_clients_go_by_key_and_unpatched_ones_do_not(cluster: Cluster, balance: Balance) -> None:
    lb = balance(cluster, affinity="any_write", table_keys={"items": "pk"})
    client = boto3.client(
        "dynamodb",
        region_name="us-east-1",
        endpoint_url=cluster.urls[2],
        aws_access_key_id="id",
        aws_secret_access_key="secret",
    )
    lb.patch_dynamodb_client(client)
    create_table(client)
    for key in KEYS:
        put(client, "items", key)
    assert {node for nodes in coordinators(cluster).values() for node in nodes} == {0, 1, 2}
    lb.unpatch_dynamodb_client(client)
    cluster.reset_counters()
    for key in KEYS:
        put(client, "items", key)
    assert {node for nodes in coordinators(cluster).values() for node in nodes} == {2}


def test_threads_share_what_is_learned(cluster: Cluster, balance: Balance) -> None:
    create_table(balance(cluster).new_dynamodb_client())
    lb = balance(cluster, affinity="any_write")
    clients = [lb.new_dynamodb_client() for _ in range(4)]
    began = threading.Barrier(4)
    failed: list[BaseException] = []

    def work(client: Any) -> None:
        try:
            began.wait()
            for key in KEYS:
                put(client, "items", key)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert describes(cluster) == 1
    assert lb.get_partition_key_name("items") == "pk"


def test_write_by_key_makes_three_native_calls(cluster: Cluster, balance: Balance, monkeypatch: pytest.MonkeyPatch) -> None:
    lb = balance(cluster, affinity="any_write", table_keys={"items": "pk"}, refresh="manual")
    client = lb.new_dynamodb_client()
    create_table(client)
    put(client, "items", "one")
    called = count_native_calls(lb.open_core(), monkeypatch)
    put(client, "items", "one")
    assert called == ["alb_plan_for_request", "alb_plan_next", "alb_report"]
    called.clear()
    client.get_item(TableName="items", Key={"pk": {"S": "one"}})
    assert called == ["alb_next_node", "alb_report"]


def test_writes_look_for_wanted_keys_once_in_a_while(cluster: Cluster, balance: Balance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_hooks, "_LOOK_EVERY_NS", 10**15)
    lb = balance(cluster, affinity="any_write", table_keys={"items": "pk"})
    client = lb.new_dynamodb_client()
    called = count_native_calls(lb.open_core(), monkeypatch)
    create_table(client)
    for key in KEYS:
        put(client, "items", key)
    assert called.count("alb_table_key_next_wanted") == 1


def test_a_describe_of_ours_leads_to_no_other(cluster: Cluster, balance: Balance, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after one write, however many tables are wanted: a caller waits for no more."""
    monkeypatch.setattr(_hooks, "_LOOK_EVERY_NS", 0)
    tables = ["one", "two", "three"]
    plain = balance(cluster).new_dynamodb_client()
    for table in tables:
        create_table(plain, table)
    client = balance(cluster, affinity="any_write").new_dynamodb_client()
    item = {"PutRequest": {"Item": {"pk": {"S": "k"}}}}
    for described in (1, 2, 3, 3):
        client.batch_write_item(RequestItems={table: [item] for table in tables})
        assert describes(cluster) == described


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"affinity": "always"}, ["affinity", "always", "any_write"]),
        ({"table_keys": {"items": ""}}, ["table.items.key"]),
        ({"table_keys": {"no table!": "pk"}}, ["no table!"]),
    ],
)
def test_refused_options_are_named(arguments: dict[str, Any], said: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        AlternatorLB(["127.0.0.1"], **arguments)
    for text in said:
        assert text in str(caught.value)
