"""A failed attempt moves to another node at once; whether to retry at all, and waiting after throttling, stay the SDK's."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.endpoint
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from cluster import Cluster
from dynamo import count_native_calls, create_table, get, invocation_ids, put

from alternator_lb import AlternatorLB, _hooks, _patches

Balance = Callable[..., AlternatorLB]
MODES = ("standard", "legacy", "adaptive")


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that botocore makes before retries; they are noted instead of slept."""
    noted: list[float] = []
    monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=noted.append))
    return noted


def client_of(lb: AlternatorLB, mode: str = "standard", attempts: int = 4) -> Any:
    return lb.new_dynamodb_client(config=Config(retries={"mode": mode, "total_max_attempts": attempts}))


@pytest.mark.parametrize("mode", MODES)
def test_the_sdks_retry_handler_is_found(mode: str) -> None:
    """Fails when botocore moves what is reached without its consent: then failover would wait for the SDK's pauses."""
    config = Config(retries={"mode": mode, "total_max_attempts": 3})
    client = boto3.client("dynamodb", region_name="us-east-1", config=config)
    original = _hooks._registered(client.meta.events, _hooks._SDK_RETRY)
    assert original is not None
    with AlternatorLB(["127.0.0.1"], refresh="manual") as lb:
        lb.patch_dynamodb_client(client)
        assert _hooks._registered(client.meta.events, _hooks._SDK_RETRY) != original
        lb.unpatch_dynamodb_client(client)
        assert _hooks._registered(client.meta.events, _hooks._SDK_RETRY) == original


def test_client_whose_retry_handler_has_moved_still_reports(
    cluster: Cluster, balance: Balance, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(_hooks, "_SDK_RETRY", "moved")
    lb = balance(cluster, refresh="manual")
    client = lb.new_dynamodb_client()
    assert "cannot find the retry handler" in caplog.text
    client.list_tables()
    assert sum(node["outcomes"]["success"] for node in lb.statistics()["nodes"]) == 1
    handlers = len(client.meta.events._emitter._handlers.prefix_search("needs-retry.dynamodb.ListTables"))
    lb.unpatch_dynamodb_client(client)
    assert len(client.meta.events._emitter._handlers.prefix_search("needs-retry.dynamodb.ListTables")) == handlers - 1


def test_the_lock_of_the_sdks_retry_quota_is_found() -> None:
    """Fails when botocore moves it: then a child forked at the wrong moment could wait for it for ever."""
    with AlternatorLB(["127.0.0.1"], refresh="manual") as lb:
        client = lb.new_dynamodb_client()
        quota = _patches._patched[client]._sdk_retry.__self__._retry_quota._quota  # type: ignore[attr-defined]
        before = quota._lock
        _patches._after_fork_in_child()
        assert quota._lock is not before


@pytest.mark.parametrize("mode", MODES)
def test_killed_node_costs_one_immediate_retry_elsewhere(
    cluster: Cluster, balance: Balance, pauses: list[float], mode: str
) -> None:
    cluster.settings(gossip_delay_ms=600_000)
    client = client_of(balance(cluster, policy="round_robin", refresh="manual"), mode)
    table = create_table(client)
    for number in range(6):
        put(client, table, str(number))
    calls = invocation_ids(client)
    cluster.kill(1)
    retried = []
    began = time.monotonic()
    for number in range(30):
        if put(client, table, str(number), "after")["ResponseMetadata"]["RetryAttempts"]:
            retried.append(number)
    took = time.monotonic() - began
    assert retried, "no call met the dead node"
    assert pauses == [0] * len(retried)
    assert took < 2
    attempts = cluster.counters()["attempts"]
    for number, call in enumerate(calls):
        # A dead node logs nothing: a retried call has left its second attempt only, and that elsewhere.
        numbers = [attempt["attempt"] for attempt in attempts[call]]
        assert numbers == ([2] if number in retried else [1])
        assert attempts[call][0]["node"] != 1
    assert all(get(client, table, str(number)) == "after" for number in range(30))


@pytest.mark.parametrize("mode", MODES)
def test_failing_nodes_are_left_for_the_others_within_one_call(
    cluster: Cluster, balance: Balance, pauses: list[float], mode: str
) -> None:
    for index in (0, 1):
        cluster.fault(index, "error", status=500)
    client = client_of(balance(cluster), mode)
    calls = invocation_ids(client)
    for _ in range(12):
        client.list_tables()
    attempts = cluster.counters()["attempts"]
    nodes_of_calls = [[attempt["node"] for attempt in attempts[call]] for call in calls]
    assert all(nodes[-1] == 2 and len(set(nodes)) == len(nodes) for nodes in nodes_of_calls)
    assert any(len(nodes) > 1 for nodes in nodes_of_calls)
    assert pauses == [0] * sum(len(nodes) - 1 for nodes in nodes_of_calls)


@pytest.mark.parametrize("fault", ["reset", "close_before_reply", "refuse"])
def test_lost_connections_are_retried_elsewhere(cluster: Cluster, balance: Balance, pauses: list[float], fault: str) -> None:
    client = client_of(balance(cluster, refresh="manual", policy="round_robin"))
    client.list_tables()
    cluster.fault(0, fault)
    retries = [client.list_tables()["ResponseMetadata"]["RetryAttempts"] for _ in range(9)]
    assert set(retries) <= {0, 1}
    assert pauses == [0] * sum(retries)
    assert sum(retries) > 0


def test_hung_node_is_left_after_the_read_timeout(cluster: Cluster, balance: Balance) -> None:
    lb = balance(cluster, policy="round_robin", refresh="manual")
    client = lb.new_dynamodb_client(config=Config(read_timeout=0.5))
    cluster.stop(0)
    began = time.monotonic()
    for _ in range(3):
        client.list_tables()
    assert 0.5 <= time.monotonic() - began < 1.5


def test_unreachable_node_costs_the_connect_timeout_once(cluster: Cluster, balance: Balance) -> None:
    lb = balance(cluster, policy="round_robin", refresh="manual")
    client = lb.new_dynamodb_client()
    cluster.fault(0, "blackhole")
    began = time.monotonic()
    for _ in range(9):
        client.list_tables()
    assert 2 <= time.monotonic() - began < 4


@pytest.mark.parametrize("mode", MODES)
def test_when_every_node_has_failed_the_sdk_waits_as_ever(
    cluster: Cluster, balance: Balance, pauses: list[float], mode: str
) -> None:
    for index in range(3):
        cluster.fault(index, "error", status=500)
    client = client_of(balance(cluster), mode, attempts=5)
    calls = invocation_ids(client)
    with pytest.raises(ClientError, match="InternalServerError"):
        client.list_tables()
    nodes = [attempt["node"] for attempt in cluster.counters()["attempts"][calls[0]]]
    assert len(nodes) == 5
    assert set(nodes[:3]) == {0, 1, 2}
    assert pauses[:2] == [0, 0]
    assert len(pauses) == 4
    assert all(pause > 0 for pause in pauses[2:])


@pytest.mark.parametrize("mode", MODES)
def test_throttling_keeps_the_sdks_pause(cluster: Cluster, balance: Balance, pauses: list[float], mode: str) -> None:
    for index in range(3):
        cluster.fault(index, "error", status=400, error_type="ThrottlingException")
    client = client_of(balance(cluster), mode, attempts=3)
    with pytest.raises(ClientError, match="ThrottlingException"):
        client.list_tables()
    assert len(pauses) == 2
    assert all(pause > 0 for pause in pauses)


def test_throttled_retry_goes_on_along_the_plan(cluster: Cluster, balance: Balance, pauses: list[float]) -> None:
    cluster.fault(0, "error", status=500)
    for index in (1, 2):
        cluster.fault(index, "error", status=400, error_type="ThrottlingException")
    # A node that keeps failing would be set aside, and tried last.
    client = client_of(balance(cluster, policy="random", options={"health": "off"}), attempts=4)
    calls = invocation_ids(client)
    for _ in range(12):
        with pytest.raises(ClientError):
            client.list_tables()
    attempts = cluster.counters()["attempts"]
    assert all({attempt["node"] for attempt in attempts[call][:3]} == {0, 1, 2} for call in calls)
    assert 0 in pauses
    assert all(pause > 0 for pause in pauses[2::3]), "the third retry goes to a node that was tried before"


@pytest.mark.parametrize("mode", MODES)
def test_faults_of_the_request_are_not_retried(cluster: Cluster, balance: Balance, pauses: list[float], mode: str) -> None:
    client = client_of(balance(cluster), mode)
    cluster.reset_counters()
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        get(client, "no_such_table", "key")
    assert sum(cluster.requests()) == 1
    assert pauses == []


def test_number_of_attempts_stays_the_sdks(cluster: Cluster, balance: Balance) -> None:
    for index in range(3):
        cluster.fault(index, "error", status=500)
    client = client_of(balance(cluster), attempts=2)
    with pytest.raises(ClientError, match="reached max retries: 1"):
        client.list_tables()
    assert sum(cluster.requests()) == 2


def test_single_node_is_retried_with_the_sdks_pauses(
    start_cluster: Callable[..., Cluster], balance: Balance, pauses: list[float]
) -> None:
    cluster = start_cluster("--nodes", "1")
    cluster.fault(0, "error", status=500, count=2)
    client_of(balance(cluster)).list_tables()
    assert len(pauses) == 2
    assert all(pause > 0 for pause in pauses)


def test_node_of_a_retry_that_is_not_made_is_reported_too(
    cluster: Cluster, balance: Balance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pick begins an attempt in the core; one that nothing ends would count as under way."""

    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=interrupted))
    lb = balance(cluster, refresh="manual")
    client = client_of(lb)
    for index in range(3):
        cluster.fault(index, "error", status=500)
    with pytest.raises(KeyboardInterrupt):
        client.list_tables()
    gc.collect()
    outcomes = [node["outcomes"] for node in lb.statistics()["nodes"]]
    assert sorted(outcome["server_error"] for outcome in outcomes) == [0, 0, 1]
    assert sorted(outcome["cancelled"] for outcome in outcomes) == [0, 0, 1]


def test_every_attempt_makes_at_most_three_native_calls(
    cluster: Cluster, balance: Balance, monkeypatch: pytest.MonkeyPatch
) -> None:
    lb = balance(cluster, refresh="manual")
    client = client_of(lb)
    for _ in range(10):
        client.list_tables()
    called = count_native_calls(lb.open_core(), monkeypatch)
    client.list_tables()
    assert called == ["alb_next_node", "alb_report"]
    called.clear()
    for index in range(3):
        cluster.fault(index, "error", status=500, count=1)
    client.list_tables()
    assert called == ["alb_next_node", "alb_report", "alb_plan_after", *["alb_plan_next", "alb_report"] * 3]
