"""What a balancer tells: events, the logger, statistics."""

from __future__ import annotations

import gc
import json
import logging
from collections.abc import Callable

import pytest
from cluster import Cluster, eventually

from alternator_lb import AlternatorLB

Balance = Callable[..., AlternatorLB]


def test_events_are_told_once_and_in_order(cluster: Cluster, balance: Balance) -> None:
    lb = balance(cluster, nodes=cluster.addresses[:1], refresh="manual")
    lb.refresh()
    first = lb.events()
    assert first
    assert any(address in json.dumps(first) for address in cluster.addresses[1:])
    assert lb.events() == []
    cluster.call("DELETE", "/nodes/2")
    lb.refresh()
    second = lb.events()
    assert cluster.addresses[2] in json.dumps(second)


def test_events_reach_the_logger_while_requests_flow(
    cluster: Cluster, balance: Balance, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "alternator")
    lb = balance(cluster, nodes=cluster.addresses[:1], options={"refresh.active_ms": "100"})
    lb.refresh()
    client = lb.new_dynamodb_client()
    added = cluster.add("dc1", "r1")

    def told() -> bool:
        client.list_tables()
        return f"node joined {added['url']}" in caplog.text

    eventually(told)
    logged = [record.getMessage() for record in caplog.records if record.name == "alternator"]
    lines = [line for line in logged if "goes to" not in line]
    assert len(lines) == len(set(lines)), "an event was logged twice"
    assert f"node joined {added['url']}: the cluster lists it (scope cluster)" in lines
    assert added["address"] in json.dumps(lb.events()), "the logger must not eat what events() returns"


def test_failure_is_logged_when_it_happens(cluster: Cluster, balance: Balance, caplog: pytest.LogCaptureFixture) -> None:
    lb = balance(cluster, policy="round_robin", refresh="manual")
    client = lb.new_dynamodb_client()
    client.list_tables()
    cluster.kill(1)
    caplog.set_level(logging.DEBUG, "alternator")
    for _ in range(3):
        client.list_tables()
    said = [record.getMessage() for record in caplog.records if record.name == "alternator"]
    failed = next(index for index, text in enumerate(said) if f"goes to {cluster.urls[1]}/" in text)
    assert said[failed + 1].startswith(f"node set aside {cluster.urls[1]}")


def test_each_routing_decision_is_logged_for_debugging(
    cluster: Cluster, balance: Balance, caplog: pytest.LogCaptureFixture
) -> None:
    lb = balance(cluster, policy="round_robin")
    client = lb.new_dynamodb_client()
    with caplog.at_level(logging.INFO, "alternator"):
        client.list_tables()
    assert not [record for record in caplog.records if "goes to" in record.getMessage()]
    with caplog.at_level(logging.DEBUG, "alternator"):
        for _ in range(6):
            client.list_tables()
    said = {record.getMessage() for record in caplog.records if record.levelno == logging.DEBUG}
    assert {f"ListTables goes to {url}/" for url in cluster.urls} <= said


def test_long_events_are_told_whole(balance: Balance, cluster: Cluster) -> None:
    name = '"' * 250  # each is two bytes of JSON
    lb = balance(cluster, port=1, scope=f"rack:{name}/{name}", refresh="manual")
    with pytest.raises(RuntimeError):
        lb.refresh()
    assert {event["scope"] for event in lb.events()} == {f"rack:{name}/{name}"}


def test_statistics_count_attempts(cluster: Cluster, balance: Balance) -> None:
    lb = balance(cluster, refresh="manual", policy="round_robin")
    client = lb.new_dynamodb_client()
    for _ in range(9):
        client.list_tables()
    assert outcomes(lb, "success") == 9
    cluster.fault(0, "error", status=500)
    cluster.fault(1, "reset")
    for _ in range(6):
        client.list_tables()
    assert (outcomes(lb, "success"), outcomes(lb, "server_error")) == (15, 2)
    assert outcomes(lb, "reset") >= 2
    latencies = [node["mean_latency_us"] for node in lb.statistics()["nodes"]]
    assert all(10 < latency < 100_000 for latency in latencies), latencies


def test_interrupted_attempt_is_reported_as_cancelled(cluster: Cluster, balance: Balance) -> None:
    lb = balance(cluster, refresh="manual")
    client = lb.new_dynamodb_client()

    def interrupt(**_: object) -> None:
        raise KeyboardInterrupt

    client.meta.events.register("before-send.dynamodb.*", interrupt)
    with pytest.raises(KeyboardInterrupt):
        client.list_tables()
    gc.collect()
    assert outcomes(lb, "cancelled") == 1
    assert outcomes(lb, "success") == 0


def outcomes(lb: AlternatorLB, kind: str) -> int:
    return sum(node["outcomes"][kind] for node in lb.statistics()["nodes"])
